//! What a process costs, as the kernel counts it.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;

/// What a process has used since it started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Nanoseconds of a processor, by the name of the thread.
    pub threads_ns: BTreeMap<String, u64>,
    /// Memory that is in use now.
    pub resident_bytes: u64,
}

impl Usage {
    /// Asks the kernel; none if there is no such process, or nobody tells.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        let mut threads_ns = BTreeMap::new();
        for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
            let path = thread.ok()?.path();
            // A thread may end at any moment.
            let Ok(name) = fs::read_to_string(path.join("comm")) else { continue };
            let Ok(counts) = fs::read_to_string(path.join("schedstat")) else { continue };
            let ns: u64 = counts.split(' ').next()?.parse().ok()?;
            *threads_ns.entry(name.trim().to_owned()).or_default() += ns;
        }
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
        Some(Self { threads_ns, resident_bytes: kib * 1024 })
    }

    /// Returns what all threads together have used.
    #[must_use]
    pub fn processor_ns(&self) -> u64 {
        self.threads_ns.values().sum()
    }

    /// Returns what was used since another time; memory is that of now.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let used = |(name, ns): (&String, &u64)| {
            let before = before.threads_ns.get(name).copied().unwrap_or_default();
            (name.clone(), ns.saturating_sub(before))
        };
        Self { threads_ns: self.threads_ns.iter().map(used).collect(), resident_bytes: self.resident_bytes }
    }
}

/// Returns how many datagrams were dropped at the full socket that is bound to this address on this host.
#[must_use]
pub fn datagrams_dropped(address: SocketAddr) -> u64 {
    let table = if address.is_ipv4() { "/proc/net/udp" } else { "/proc/net/udp6" };
    let text = fs::read_to_string(table).unwrap_or_default();
    let name = kernel_name(address);
    let rows = text.lines().filter(|line| line.split_whitespace().nth(1) == Some(&name));
    rows.filter_map(|line| line.split_whitespace().last()?.parse::<u64>().ok()).sum()
}

/// Writes an address as the kernel does: words of 32 bits, each in the order of bytes of this host.
fn kernel_name(address: SocketAddr) -> String {
    let octets = match address {
        SocketAddr::V4(v4) => v4.ip().octets().to_vec(),
        SocketAddr::V6(v6) => v6.ip().octets().to_vec(),
    };
    let words = octets.chunks_exact(4).map(|word| {
        let word = <[u8; 4]>::try_from(word).expect("chunks are of four");
        format!("{:08X}", u32::from_ne_bytes(word))
    });
    format!("{}:{:04X}", words.collect::<String>(), address.port())
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    #[test]
    fn this_process_uses_a_processor_and_memory() {
        let before = Usage::of(std::process::id()).expect("Linux tells");
        let sum = (0..20_000_000_u64).fold(0, |sum: u64, number| sum.rotate_left(3) ^ number);
        assert_ne!(sum, 1);
        let used = Usage::of(std::process::id()).expect("Linux tells").since(&before);
        assert!(used.processor_ns() > 0 && used.resident_bytes > 100_000, "{used:?}");
    }

    #[test]
    fn nobody_is_asked_about_a_process_that_is_not_there() {
        assert_eq!(Usage::of(u32::MAX), None);
    }

    #[test]
    fn what_a_full_socket_drops_is_counted() {
        let full = UdpSocket::bind("127.0.0.1:0").expect("loopback is there");
        let address = full.local_addr().expect("it is bound");
        assert_eq!(datagrams_dropped(address), 0);
        let other = UdpSocket::bind("127.0.0.1:0").expect("loopback is there");
        socket2::SockRef::from(&full).set_recv_buffer_size(2048).expect("it can be smaller");
        for _ in 0..100 {
            other.send_to(&[0; 1000], address).expect("it leaves");
        }
        assert!(datagrams_dropped(address) > 0);
    }
}
