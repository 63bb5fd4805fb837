//! Networks by their first bits, and a map that finds the smallest network of an address.

use std::{fmt, net::IpAddr};

/// A network such as `192.0.2.0/27`. IPv4 is held as the part of IPv6 that is kept for it (RFC 4291 section 2.5.5.2), so
/// that a socket for both families needs no second table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    first: u128,
    len: u8,
}

impl Cidr {
    /// What a text has to be.
    pub const WANTED: &str =
        "an IPv4 or IPv6 network without host bits, such as 192.0.2.0/27, or one address";

    /// Reads `192.0.2.0/27`, or an address, which is a network of one; `None` if it is not [`WANTED`](Self::WANTED).
    pub fn parse(text: &str) -> Option<Self> {
        let (address, len) = match text.split_once('/') {
            Some((address, len)) if len.bytes().all(|byte| byte.is_ascii_digit()) => {
                (address.parse().ok()?, Some(len.parse::<u8>().ok()?))
            }
            Some(_) => return None,
            None => (text.parse::<IpAddr>().ok()?, None),
        };
        let len = match (address, len) {
            (_, None) => 128,
            (IpAddr::V4(_), Some(len)) if len <= 32 => len.checked_add(96)?,
            (IpAddr::V6(_), Some(len)) if len <= 128 => len,
            (IpAddr::V4(_) | IpAddr::V6(_), Some(_)) => return None,
        };
        let network = Self::around(address, len);
        (network.first == bits(address)).then_some(network)
    }

    /// Tells whether the address belongs to the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        Self::around(address, self.len) == *self
    }

    /// Gives the length of the prefix as it is written: up to 32 for IPv4, up to 128 for IPv6.
    pub fn prefix_len(&self) -> u8 {
        match self.is_ipv4() {
            true => self.len.saturating_sub(96),
            false => self.len,
        }
    }

    /// Tells the family.
    pub fn is_ipv4(&self) -> bool {
        self.len >= 96 && self.first >> 32 == IPV4
    }

    /// Tells whether anybody on the internet can have its addresses.
    pub fn is_public(&self) -> bool {
        is_public(self.first_address())
    }

    fn first_address(&self) -> IpAddr {
        IpAddr::from(self.first.to_be_bytes()).to_canonical()
    }

    fn around(address: IpAddr, len: u8) -> Self {
        Self { first: bits(address) & mask(len), len }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first_address(), self.prefix_len())
    }
}

impl fmt::Debug for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Tells whether an address can be somebody's on the internet: not private, not this host, not for documents of an
/// own kind.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            // RFC 6598: 100.64.0.0/10 is shared by customers of one provider.
            let is_shared = first == 100 && (64..128).contains(&second);
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_multicast()
                || address.is_broadcast()
                || first == 0
                || is_shared)
        }
        IpAddr::V6(address) => {
            !(address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local())
        }
    }
}

/// Finds the value of the smallest network that an address belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Networks<T> {
    /// By descending length: the first hit is the longest.
    levels: Vec<Level<T>>,
}

#[derive(Clone, Debug)]
struct Level<T> {
    len: u8,
    /// Ascending, so that it can be searched.
    firsts: Vec<u128>,
    values: Vec<T>,
}

impl<T> Networks<T> {
    /// Takes pairs of networks and values; a network that comes again is given to `merge`, to put the later value to the
    /// earlier one.
    pub(crate) fn new(mut pairs: Vec<(Cidr, T)>, mut merge: impl FnMut(&mut T, T)) -> Self {
        pairs.sort_by_key(|(network, _value)| (u8::MAX.wrapping_sub(network.len), network.first));
        let mut levels: Vec<Level<T>> = Vec::new();
        for (network, value) in pairs {
            match levels.last_mut() {
                Some(level) if level.len == network.len => match level.values.last_mut() {
                    Some(last) if level.firsts.last() == Some(&network.first) => merge(last, value),
                    Some(_) | None => level.push(network.first, value),
                },
                Some(_) | None => {
                    levels.push(Level { len: network.len, firsts: vec![network.first], values: vec![value] });
                }
            }
        }
        Self { levels }
    }

    pub(crate) fn longest(&self, address: IpAddr) -> Option<(Cidr, &T)> {
        let address = bits(address);
        self.levels.iter().find_map(|level| {
            let first = address & mask(level.len);
            let at = level.firsts.binary_search(&first).ok()?;
            Some((Cidr { first, len: level.len }, level.values.get(at)?))
        })
    }
}

impl<T> Level<T> {
    fn push(&mut self, first: u128, value: T) {
        self.firsts.push(first);
        self.values.push(value);
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn mask(len: u8) -> u128 {
    // A shift by all 128 bits gives none, which is the mask of length 0.
    u128::MAX.checked_shl(128_u32.saturating_sub(len.into())).unwrap_or_default()
}

/// What stands before the 32 bits of an IPv4 address.
const IPV4: u128 = 0xffff;

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        Cidr::parse(text).unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_reads_as_it_is_written() {
        for text in ["192.0.2.0/27", "0.0.0.0/0", "192.0.2.7/32", "2001:db8::/32", "::/0", "2001:db8::1/128"]
        {
            assert_eq!(cidr(text).to_string(), text);
        }
        assert_eq!(cidr("192.0.2.7").to_string(), "192.0.2.7/32");
        assert_eq!(cidr("::ffff:192.0.2.7"), cidr("192.0.2.7/32"));
    }

    #[test]
    fn what_is_no_network_is_none() {
        let texts = [
            "",
            "/",
            "192.0.2.0/33",
            "192.0.2.1/27",
            "192.0.2/24",
            "2001:db8::/129",
            "192.0.2.0/+9",
            "pbx/24",
        ];
        for text in texts.into_iter().chain(["2001:db8::1/64", "192.0.2.0/"]) {
            assert_eq!(Cidr::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_network_contains_its_addresses_in_either_form() {
        assert!(cidr("192.0.2.0/27").contains(address("192.0.2.31")));
        assert!(cidr("192.0.2.0/27").contains(address("::ffff:192.0.2.31")));
        assert!(!cidr("192.0.2.0/27").contains(address("192.0.2.32")));
        assert!(!cidr("0.0.0.0/0").contains(address("2001:db8::1")));
        assert!(cidr("2001:db8::/32").contains(address("2001:db8:ffff::1")));
        assert!(cidr("::/0").contains(address("2001:db8::1")));
    }

    #[test]
    fn private_and_special_networks_are_not_public() {
        for text in
            ["10.0.0.0/8", "127.0.0.1", "169.254.0.0/16", "100.64.0.0/10", "fd00::/8", "::1", "0.0.0.0/0"]
        {
            assert!(!cidr(text).is_public(), "{text}");
        }
        assert!(cidr("192.0.2.0/27").is_public() && cidr("2001:db8::/32").is_public());
    }

    #[test]
    fn the_smallest_network_wins_and_equal_ones_are_merged() {
        let pairs =
            [("10.0.0.0/8", 1), ("10.1.0.0/16", 2), ("10.1.2.0/24", 4), ("10.1.0.0/16", 8), ("::/0", 16)];
        let pairs = pairs.into_iter().map(|(text, value)| (cidr(text), value)).collect();
        let networks = Networks::new(pairs, |value, other| *value |= other);
        let found =
            |text| networks.longest(address(text)).map(|(network, value)| (network.to_string(), *value));
        assert_eq!(found("10.1.2.3"), Some(("10.1.2.0/24".to_owned(), 4)));
        assert_eq!(found("10.1.3.3"), Some(("10.1.0.0/16".to_owned(), 10)));
        assert_eq!(found("10.2.0.1"), Some(("10.0.0.0/8".to_owned(), 1)));
        assert_eq!(found("2001:db8::1"), Some(("::/0".to_owned(), 16)));
    }
}
