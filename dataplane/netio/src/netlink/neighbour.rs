//! Neighbours: which Ethernet address an IP address on a link has, as `RTM_NEWNEIGH` tells it.

use core::net::IpAddr;

use super::address::ip;
use super::message::{Attributes, u16_at, u32_at};

/// `struct ndmsg`: family, padding, link index, state, flags, type.
const HEADER_BYTES: usize = 12;
/// The address is known well enough to send to it; the kernel finds out by itself whether it still holds.
const USABLE: u16 =
    libc::NUD_REACHABLE | libc::NUD_STALE | libc::NUD_DELAY | libc::NUD_PROBE | libc::NUD_PERMANENT;

/// Which neighbour: the link and the address on it.
pub(crate) type Key = (u32, IpAddr);

/// What is known of a neighbour that packets can be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Neighbour {
    pub(crate) mac: [u8; 6],
    /// Nobody has confirmed it for a while; the kernel asks again when it sends something itself.
    pub(crate) stale: bool,
}

/// Reads which neighbour a message is about, and what is known of it if that is enough to send.
pub(super) fn parse(body: &[u8]) -> Option<(Key, Option<Neighbour>)> {
    let family = *body.first()?;
    let link = u32_at(body, 4)?;
    let state = u16_at(body, 8)?;
    let mut address = None;
    let mut mac = None;
    for (kind, value) in Attributes(body.get(HEADER_BYTES..)?) {
        match kind {
            libc::NDA_DST => address = ip(family, value),
            libc::NDA_LLADDR => mac = <[u8; 6]>::try_from(value).ok(),
            _ => {}
        }
    }
    let known = mac.filter(|_| state & USABLE != 0);
    Some(((link, address?), known.map(|mac| Neighbour { mac, stale: state & libc::NUD_STALE != 0 })))
}
