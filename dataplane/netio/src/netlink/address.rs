//! Addresses of this host, as `RTM_NEWADDR` tells them.

use core::net::IpAddr;

use super::message::{Attributes, bytes_at};

/// `struct ifaddrmsg`: family, prefix length, flags, scope, link index.
const HEADER_BYTES: usize = 8;

/// Reads the address that is this host's.
pub(super) fn parse(body: &[u8]) -> Option<IpAddr> {
    let family = *body.first()?;
    let mut found = None;
    for (kind, value) in Attributes(body.get(HEADER_BYTES..)?) {
        match kind {
            // On a point-to-point link IFA_ADDRESS is the peer, and IFA_LOCAL this host.
            libc::IFA_LOCAL => return ip(family, value),
            libc::IFA_ADDRESS => found = ip(family, value),
            _ => {}
        }
    }
    found
}

/// Reads an address of a family.
pub(super) fn ip(family: u8, value: &[u8]) -> Option<IpAddr> {
    match i32::from(family) {
        libc::AF_INET => bytes_at::<4>(value, 0).map(IpAddr::from),
        libc::AF_INET6 => bytes_at::<16>(value, 0).map(IpAddr::from),
        _ => None,
    }
}
