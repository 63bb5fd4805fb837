//! Who knows names on this machine.

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, SocketAddr};

use crate::resolve::ResolverSetup;

pub(super) fn read() -> ResolverSetup {
    let text = |path| fs::read_to_string(path).unwrap_or_default();
    ResolverSetup { servers: servers(&text("/etc/resolv.conf")), hosts: hosts(&text("/etc/hosts")) }
}

/// Reads the servers of a `resolv.conf`. Names are asked for as they are: search lists are for people at keyboards.
fn servers(text: &str) -> Vec<SocketAddr> {
    let mut servers = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        if words.next() == Some("nameserver")
            && let Some(Ok(address)) = words.next().map(str::parse::<IpAddr>)
        {
            servers.push(SocketAddr::new(address, 53));
        }
    }
    servers
}

fn hosts(text: &str) -> HashMap<String, Vec<IpAddr>> {
    let mut hosts: HashMap<String, Vec<IpAddr>> = HashMap::new();
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let Some(Ok(address)) = words.next().map(str::parse::<IpAddr>) else { continue };
        for name in words {
            hosts.entry(name.to_ascii_lowercase()).or_default().push(address);
        }
    }
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_and_hosts_are_read_as_the_system_reads_them() {
        let conf =
            "# x\nnameserver 192.0.2.1\nsearch a.example\nnameserver  2001:db8::1 \nnameserver x\noptions a";
        let expected: [SocketAddr; 2] =
            ["192.0.2.1:53".parse().unwrap(), "[2001:db8::1]:53".parse().unwrap()];
        assert_eq!(servers(conf), expected);
        let found = hosts("127.0.0.1 localhost Box.Example box # x\n::1 localhost\n#192.0.2.1 a\nx y\n");
        let v4: IpAddr = [127, 0, 0, 1].into();
        assert_eq!(found["localhost"], [v4, "::1".parse().unwrap()]);
        assert_eq!(
            (found["box.example"].as_slice(), found["box"].as_slice()),
            ([v4].as_slice(), [v4].as_slice())
        );
        assert_eq!(found.len(), 3);
    }
}
