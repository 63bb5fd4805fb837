//! Ports that something else on this host may have.

use std::fs;

/// The ports for which a lease asks the kernel first, by binding a socket for a moment.
///
/// That costs three system calls, some microseconds, for every port that is not known to be ours alone. An operator
/// says so with `net.ipv4.ip_local_reserved_ports`, which also keeps the kernel from giving these ports to sockets that
/// ask for any: leases in that range make no system call, save for ports that had a socket when the driver was opened.
///
/// Neither way notices a program that binds a leased port later: the media range has to be ours.
pub(super) struct Suspects {
    /// A bit per port.
    words: Box<[u64]>,
}

impl Suspects {
    /// Reads what the kernel tells about the network namespace of the calling thread.
    pub(super) fn read() -> Self {
        // What cannot be read names no port: all are suspects then.
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let mut suspects = Self::all();
        suspects.clear_reserved(&read("/proc/sys/net/ipv4/ip_local_reserved_ports"));
        suspects.mark_bound(&read("/proc/thread-self/net/udp"));
        suspects.mark_bound(&read("/proc/thread-self/net/udp6"));
        suspects
    }

    fn all() -> Self {
        Self { words: vec![u64::MAX; PORTS / 64].into() }
    }

    /// Tells whether something else may have the port.
    pub(super) fn contains(&self, port: u16) -> bool {
        self.words[usize::from(port) / 64] & bit(port) != 0
    }

    /// Reads a list of ports and ranges, such as `8080,9148-9150`.
    fn clear_reserved(&mut self, text: &str) {
        for part in text.trim().split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (Ok(first), Ok(last)) = (first.parse(), last.parse()) else { continue };
            for port in first..=last {
                self.words[usize::from(port) / 64] &= !bit(port);
            }
        }
    }

    /// Reads a table of sockets, whose second column is `address:port` in hexadecimal.
    fn mark_bound(&mut self, table: &str) {
        let locals = table.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1));
        for port in locals.filter_map(|local| u16::from_str_radix(local.rsplit(':').next()?, 16).ok()) {
            self.words[usize::from(port) / 64] |= bit(port);
        }
    }
}

fn bit(port: u16) -> u64 {
    1 << (port % 64)
}

const PORTS: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_is_suspect_until_it_is_reserved() {
        let mut suspects = Suspects::all();
        suspects.clear_reserved("\n");
        assert!((0..=u16::MAX).all(|port| suspects.contains(port)));
        suspects.clear_reserved("40000-40009,50000,65535\n");
        let free: Vec<u16> = (0..=u16::MAX).filter(|port| !suspects.contains(*port)).collect();
        assert_eq!(free, [&(40_000..=40_009).collect::<Vec<_>>()[..], &[50_000, 65_535]].concat());
    }

    #[test]
    fn a_reserved_port_is_suspect_if_it_is_bound() {
        let mut suspects = Suspects::all();
        suspects.clear_reserved("0-65535");
        suspects.mark_bound(
            "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n\
             10137: 0100007F:E0E8 00000000:0000 07 00000000:00000000 00:00000000 00000000\n",
        );
        suspects.mark_bound(
            "  sl  local_address                         remote_address\n\
             1234: 00000000000000000000000001000000:13C4 00000000000000000000000000000000:0000 07\n",
        );
        let suspected: Vec<u16> = (0..=u16::MAX).filter(|port| suspects.contains(*port)).collect();
        assert_eq!(suspected, [5060, 0xe0e8]);
    }
}
