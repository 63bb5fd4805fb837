//! Ports that the kernel gives to nobody who asks for any port.

use std::fs;

use dataplane::registry::Realm;

use super::ports::PortRange;

/// The ports that programs get only if they name them, as the kernel tells and takes them: `FIRST-LAST,FIRST-LAST`.
const RESERVED: &str = "/proc/sys/net/ipv4/ip_local_reserved_ports";

/// The ports that programs get if they name none: two numbers.
const GIVEN: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// Adds the ports of the realms to those that are reserved in this network namespace.
pub(crate) fn reserve(realms: &[Realm]) -> Result<(), String> {
    let failed = |error: std::io::Error| {
        format!(
            "--reserve-ports: wanted to add the ports of the realms to net.ipv4.ip_local_reserved_ports, found {error}; \
             start with CAP_NET_ADMIN, or set it with sysctl before"
        )
    };
    let reserved = fs::read_to_string(RESERVED).map_err(failed)?;
    let given = fs::read_to_string(GIVEN).map_err(failed)?;
    let all = joined(reserved.trim(), realms);
    check_given(given.trim(), &all)?;
    fs::write(RESERVED, all).map_err(failed)
}

fn joined(reserved: &str, realms: &[Realm]) -> String {
    let mut all = reserved.to_owned();
    for realm in realms {
        if !all.is_empty() {
            all.push(',');
        }
        all += &format!("{}-{}", realm.first_port, realm.last_port);
    }
    all
}

/// Every program of the host needs ports: for its questions to DNS, for its connections.
fn check_given(given: &str, reserved: &str) -> Result<(), String> {
    let mut bounds = given.split_whitespace().map_while(|bound| bound.parse::<u16>().ok());
    let (Some(first), Some(last)) = (bounds.next(), bounds.next()) else { return Ok(()) };
    let ranges: Vec<PortRange> = reserved
        .split(',')
        .filter_map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            Some(PortRange { first: first.parse().ok()?, last: last.parse().ok()? })
        })
        .collect();
    let is_reserved = |port: u16| ranges.iter().any(|range| (range.first..=range.last).contains(&port));
    let left = (first..=last).filter(|port| !is_reserved(*port)).count();
    if left >= LEFT_MIN {
        return Ok(());
    }
    Err(format!(
        "--reserve-ports: wanted at least {LEFT_MIN} ports of net.ipv4.ip_local_port_range ({first}-{last}) left for \
         other programs, found {left}; name fewer with --ports, or start without --reserve-ports"
    ))
}

/// So many ports stay for the rest of the host.
const LEFT_MIN: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_added_to_those_that_are_reserved() {
        let realm = "core=192.0.2.1:10000-19999".parse::<super::super::ports::RealmArgument>().unwrap().0;
        assert_eq!(joined("", std::slice::from_ref(&realm)), "10000-19999");
        assert_eq!(joined("80,5000-5010", &[realm]), "80,5000-5010,10000-19999");
    }

    #[test]
    fn other_programs_keep_ports_of_their_own() {
        assert_eq!(check_given("32768\t60999", "1024-50000"), Ok(()));
        assert!(check_given("32768\t60999", "1024-65535").unwrap_err().contains("found 0;"));
        assert!(check_given("32768\t60999", "1024-40000,40100-65535").unwrap_err().contains("found 99;"));
    }
}
