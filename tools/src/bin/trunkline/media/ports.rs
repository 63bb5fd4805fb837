//! Ranges of ports and realms, as they are written on the command line.

use std::net::IpAddr;
use std::str::FromStr;

use control::Name;
use dataplane::registry::Realm;

/// `FIRST-LAST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PortRange {
    pub(crate) first: u16,
    pub(crate) last: u16,
}

/// Below are the ports of the system (RFC 6335 section 6).
const PORT_MIN: u16 = 1024;

impl FromStr for PortRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || format!("wanted FIRST-LAST within {PORT_MIN}-65535, found {text}");
        let (first, last) = text.split_once('-').ok_or_else(wanted)?;
        let range =
            Self { first: first.parse().map_err(|_| wanted())?, last: last.parse().map_err(|_| wanted())? };
        if range.first < PORT_MIN || range.last < range.first { Err(wanted()) } else { Ok(range) }
    }
}

/// `NAME=IP:FIRST-LAST`, an IPv6 address in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RealmArgument(pub(crate) Realm);

impl FromStr for RealmArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted =
            || format!("wanted NAME=IP:FIRST-LAST, such as core=[2001:db8::1]:10000-19999, found {text}");
        let (name, place) = text.split_once('=').ok_or_else(wanted)?;
        let (address, ports) = place.rsplit_once(':').ok_or_else(wanted)?;
        let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']'));
        let address: IpAddr = bare.unwrap_or(address).parse().map_err(|_| wanted())?;
        let PortRange { first, last } = ports.parse()?;
        let name = Name::new(name).map_err(|error| error.to_string())?;
        Ok(Self(Realm { name, address, first_port: first, last_port: last }))
    }
}

/// Checks that no port belongs to two realms, and no name to two.
pub(crate) fn check(realms: &[Realm]) -> Result<(), String> {
    for (place, realm) in realms.iter().enumerate() {
        for other in &realms[..place] {
            let (name, other_name) = (realm.name.as_str(), other.name.as_str());
            if realm.name == other.name {
                return Err(format!("realms: wanted names of their own, found {name} twice"));
            }
            let is_apart = realm.last_port < other.first_port || other.last_port < realm.first_port;
            if realm.address == other.address && !is_apart {
                return Err(format!(
                    "realms: wanted ports of their own on {}, found some in both {other_name} and {name}",
                    realm.address
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn realm(text: &str) -> Realm {
        text.parse::<RealmArgument>().unwrap().0
    }

    #[test]
    fn realms_are_read() {
        let realm = realm("core=[2001:db8::1]:10000-19999");
        assert_eq!((realm.name.as_str(), realm.address.to_string().as_str()), ("core", "2001:db8::1"));
        assert_eq!((realm.first_port, realm.last_port), (10_000, 19_999));
        assert_eq!(self::realm("a=192.0.2.1:1024-1025").address.to_string(), "192.0.2.1");
    }

    #[test]
    fn what_is_no_realm_is_refused_with_what_was_wanted() {
        for text in [
            "",
            "a",
            "a=192.0.2.1",
            "a=192.0.2.1:5",
            "a=192.0.2.1:1000-2000",
            "a=192.0.2.1:3000-2000",
            "a=h:1-2",
        ] {
            let error = text.parse::<RealmArgument>().unwrap_err();
            assert!(error.starts_with("wanted "), "{text}: {error}");
        }
        assert!("a b=192.0.2.1:2000-3000".parse::<RealmArgument>().unwrap_err().starts_with("not a name"));
    }

    #[test]
    fn realms_that_share_ports_or_names_are_refused() {
        let one = realm("one=192.0.2.1:2000-3000");
        assert!(
            check(&[one.clone(), realm("two=192.0.2.1:3001-4000"), realm("three=192.0.2.2:2000-3000")])
                .is_ok()
        );
        assert!(check(&[one.clone(), realm("two=192.0.2.1:3000-4000")]).unwrap_err().contains("one and two"));
        assert!(check(&[one, realm("one=192.0.2.2:2000-3000")]).unwrap_err().contains("one twice"));
    }
}
