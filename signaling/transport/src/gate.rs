//! Who is let in. Whoever is unknown gets not a byte, and costs us next to nothing.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::arrival::Guard;
use crate::counters::Count;
use crate::first_line::{FirstLine, first_line, invited_host, is_response};
use crate::recent::{HOSTS_MAX, Recent};

/// What the gate remembers.
pub(crate) struct Gate {
    recent: Recent,
    allowance: Allowance,
}

/// As whom somebody is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// A host that peers speak from, or that we have spoken to.
    Known,
    /// Somebody who invites a host of ours.
    Stranger,
}

/// How long a host may answer what was sent to it: 64 times T1 for a request, and the three minutes for which a call
/// may ring before a proxy gives it up (RFC 3261 section 16.6, timer C).
const RESPONSE_WINDOW: Duration = Duration::from_secs(32 + 3 * 60);

/// How long a host that something was sent to may ask something within a call, such as a proxy of a route.
const REQUEST_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

impl Gate {
    pub(crate) fn new(strangers_per_second: u32, now: Instant) -> Self {
        Self { recent: Recent::new(HOSTS_MAX), allowance: Allowance::new(strangers_per_second, now) }
    }

    /// Notes that something is sent to a host.
    pub(crate) fn note_sent(&mut self, host: IpAddr, now: Instant) {
        self.recent.note(host, now);
    }

    /// Tells whether a host may open connections.
    pub(crate) fn admits(&self, guard: &dyn Guard, host: IpAddr, now: Instant) -> bool {
        guard.knows(host) || self.recent.is_within(host, REQUEST_WINDOW, now)
    }

    /// Tells whether a datagram is to be delivered.
    ///
    /// # Errors
    /// As what it is to be counted if it is not.
    pub(crate) fn admit_datagram(
        &mut self,
        guard: &dyn Guard,
        source: IpAddr,
        bytes: &[u8],
        now: Instant,
    ) -> Result<Admission, Count> {
        if guard.knows(source) {
            return Ok(Admission::Known);
        }
        let window = if is_response(bytes) { RESPONSE_WINDOW } else { REQUEST_WINDOW };
        if self.recent.is_within(source, window, now) {
            return Ok(Admission::Known);
        }
        match first_line(bytes) {
            FirstLine::Whole(line) if self.invites(guard, line) => {
                self.admit_stranger(now).map(|()| Admission::Stranger)
            }
            FirstLine::Whole(_) | FirstLine::Pending => Err(Count::UdpStranger),
        }
    }

    /// Tells whether a first line invites a host of ours.
    pub(crate) fn invites(&self, guard: &dyn Guard, line: &[u8]) -> bool {
        invited_host(line).is_some_and(|host| guard.is_host(host))
    }

    /// Takes one of the INVITEs that unknown hosts have in a second.
    ///
    /// # Errors
    /// What is to be counted if there is none left.
    pub(crate) fn admit_stranger(&mut self, now: Instant) -> Result<(), Count> {
        if self.allowance.take(now) { Ok(()) } else { Err(Count::StrangerThrottled) }
    }
}

/// So many in a second, and as many at once.
struct Allowance {
    per_second: u32,
    left: f64,
    at: Instant,
}

impl Allowance {
    fn new(per_second: u32, now: Instant) -> Self {
        Self { per_second, left: per_second.into(), at: now }
    }

    fn take(&mut self, now: Instant) -> bool {
        let per_second = f64::from(self.per_second);
        let grown = now.saturating_duration_since(self.at).as_secs_f64() * per_second;
        self.left = (self.left + grown).min(per_second);
        self.at = now;
        let is_left = self.left >= 1.0;
        if is_left {
            self.left -= 1.0;
        }
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct OneHost;

    impl Guard for OneHost {
        fn knows(&self, source: IpAddr) -> bool {
            source == IpAddr::from([10, 0, 0, 1])
        }

        fn is_host(&self, name: &str) -> bool {
            name.eq_ignore_ascii_case("a.example")
        }
    }

    const INVITE: &[u8] = b"INVITE sip:1@A.example SIP/2.0\r\n";
    const RESPONSE: &[u8] = b"SIP/2.0 200 OK\r\n";
    const BYE: &[u8] = b"BYE sip:1@a.example SIP/2.0\r\n";

    #[test]
    fn who_is_unknown_may_only_invite_a_host_of_ours() {
        let now = Instant::now();
        let mut gate = Gate::new(10, now);
        let stranger = IpAddr::from([192, 0, 2, 1]);
        assert_eq!(gate.admit_datagram(&OneHost, stranger, INVITE, now), Ok(Admission::Stranger));
        for bytes in [RESPONSE, BYE, b"INVITE sip:1@b.example SIP/2.0\r\n", b"INVITE sip:1@a.example", b""] {
            assert_eq!(gate.admit_datagram(&OneHost, stranger, bytes, now), Err(Count::UdpStranger));
            assert_eq!(gate.admit_datagram(&OneHost, [10, 0, 0, 1].into(), bytes, now), Ok(Admission::Known));
        }
    }

    #[test]
    fn unknown_hosts_share_so_many_invites_in_a_second() {
        let now = Instant::now();
        let mut gate = Gate::new(10, now);
        let mut heard = |now| {
            let hosts = (0..100).map(|number| IpAddr::from([192, 0, 2, number]));
            hosts.filter(|&host| gate.admit_datagram(&OneHost, host, INVITE, now).is_ok()).count()
        };
        assert_eq!(heard(now), 10);
        assert_eq!(heard(now), 0);
        assert_eq!(heard(now + Duration::from_millis(310)), 3);
        assert_eq!(heard(now + Duration::from_secs(3600)), 10);
    }

    #[test]
    fn whom_we_have_sent_to_may_answer_for_minutes_and_ask_for_a_day() {
        let now = Instant::now();
        let mut gate = Gate::new(10, now);
        let route = IpAddr::from([192, 0, 2, 1]);
        assert!(!gate.admits(&OneHost, route, now));
        gate.note_sent(route, now);
        let mut hears = |bytes, after| {
            let later = now + Duration::from_secs(after);
            gate.admit_datagram(&OneHost, route, bytes, later).is_ok()
        };
        assert!(hears(RESPONSE, 212) && !hears(RESPONSE, 213));
        assert!(hears(BYE, 86_400) && !hears(BYE, 86_401));
        assert!(gate.admits(&OneHost, route, now + Duration::from_secs(86_400)));
        assert!(!gate.admits(&OneHost, route, now + Duration::from_secs(86_401)));
    }
}
