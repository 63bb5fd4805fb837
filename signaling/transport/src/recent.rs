//! Whom we have sent something to, and when.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Hosts that something was sent to, the most recent ones.
pub(crate) struct Recent {
    sent: HashMap<IpAddr, Instant>,
    /// In the order of time; an entry that differs from the map is of no account any more.
    order: VecDeque<(Instant, IpAddr)>,
    hosts_max: usize,
}

/// As many hosts as are kept: a carrier's trunks have far fewer, and 65,536 take 5 MB.
pub(crate) const HOSTS_MAX: usize = 65_536;

/// What is sent to a host again within this time is not noted again.
const GRAIN: Duration = Duration::from_secs(1);

impl Recent {
    pub(crate) fn new(hosts_max: usize) -> Self {
        Self { sent: HashMap::new(), order: VecDeque::new(), hosts_max }
    }

    /// Notes that something is sent to a host.
    pub(crate) fn note(&mut self, host: IpAddr, now: Instant) {
        let is_noted = |at: &Instant| now.saturating_duration_since(*at) < GRAIN;
        if self.sent.get(&host).is_some_and(is_noted) {
            return;
        }
        self.sent.insert(host, now);
        self.order.push_back((now, host));
        if self.order.len() > self.hosts_max.saturating_mul(2) {
            let sent = &self.sent;
            self.order.retain(|(at, host)| sent.get(host) == Some(at));
        }
        while self.sent.len() > self.hosts_max
            && let Some((at, host)) = self.order.pop_front()
        {
            if self.sent.get(&host) == Some(&at) {
                self.sent.remove(&host);
            }
        }
    }

    /// Tells whether something was sent to a host within a time until now.
    pub(crate) fn is_within(&self, host: IpAddr, window: Duration, now: Instant) -> bool {
        self.sent.get(&host).is_some_and(|at| now.saturating_duration_since(*at) <= window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(number: u32) -> IpAddr {
        IpAddr::from(number.to_be_bytes())
    }

    #[test]
    fn a_host_is_recent_for_a_while_and_each_message_begins_it_anew() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut recent = Recent::new(4);
        recent.note(host(1), start);
        recent.note(host(1), start + 10 * second);
        assert!(recent.is_within(host(1), 5 * second, start + 15 * second));
        assert!(!recent.is_within(host(1), 5 * second, start + 16 * second));
        assert!(!recent.is_within(host(2), 5 * second, start));
    }

    #[test]
    fn the_host_that_nothing_was_sent_to_for_longest_goes_first() {
        let start = Instant::now();
        let mut recent = Recent::new(3);
        // Host 1 is the oldest, and always the most recent as well.
        for number in 1..1000 {
            let now = start + Duration::from_secs(number.into());
            recent.note(host(1), now);
            recent.note(host(number), now);
            assert!(recent.sent.len() <= 3 && recent.order.len() <= 7);
        }
        let now = start + Duration::from_secs(1000);
        let long = Duration::from_secs(10_000);
        let kept: Vec<u32> = (1..1000).filter(|&number| recent.is_within(host(number), long, now)).collect();
        assert_eq!(kept, [1, 998, 999]);
    }
}
