//! Where the generator may send: load that is offered to somebody else's network is an attack.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr};

/// An address is not known to be private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotPrivate(pub IpAddr);

/// Allows loopback and private addresses, and those that stand for nobody.
///
/// # Errors
///
/// If the address may be anybody's, unless the caller says that the network is theirs.
pub fn allow(address: IpAddr, owns_network: bool) -> Result<(), NotPrivate> {
    if owns_network || is_private(address) { Ok(()) } else { Err(NotPrivate(address)) }
}

fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            // RFC 2544 appendix C.2.2 keeps 198.18.0.0/15 for such measurements; RFC 6598 is the space behind carriers,
            // who are our customers, and so is refused.
            let is_benchmark = address & Ipv4Addr::new(255, 254, 0, 0) == Ipv4Addr::new(198, 18, 0, 0);
            let is_test = address.is_documentation() || is_benchmark;
            address.is_loopback() || address.is_private() || address.is_link_local() || is_test
        }
        IpAddr::V6(address) => {
            // RFC 3849.
            let is_documentation = address.segments()[..2] == [0x2001, 0x0db8];
            let is_local = address.is_unique_local() || address.is_unicast_link_local();
            address.is_loopback() || is_local || is_documentation
        }
    }
}

impl fmt::Display for NotPrivate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "media address {}: wanted a loopback, private (RFC 1918, fc00::/7), link-local or test address, found one \
             that may be anybody's; if the network is yours, add --i-own-this-network",
            self.0
        )
    }
}

impl core::error::Error for NotPrivate {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_and_test_addresses_are_allowed() {
        for address in [
            "127.0.0.1",
            "127.9.9.9",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.254",
            "192.168.1.1",
            "169.254.1.1",
            "192.0.2.1",
            "198.51.100.1",
            "203.0.113.1",
            "198.18.0.1",
            "198.19.255.254",
            "::1",
            "fd00::1",
            "fe80::1",
            "2001:db8::1",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(allow(address.parse().unwrap(), false), Ok(()), "{address}");
        }
    }

    #[test]
    fn all_others_are_refused_unless_somebody_answers_for_them() {
        for address in [
            "8.8.8.8",
            "172.15.0.1",
            "172.32.0.1",
            "192.169.0.1",
            "198.20.0.1",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "2001:db9::1",
            "2606:4700::1",
            "::ffff:8.8.8.8",
            "ff02::1",
            "::",
        ] {
            let address: IpAddr = address.parse().unwrap();
            let refused = allow(address, false).unwrap_err();
            assert!(refused.to_string().contains("--i-own-this-network"), "{address}");
            assert_eq!(allow(address, true), Ok(()));
        }
    }
}
