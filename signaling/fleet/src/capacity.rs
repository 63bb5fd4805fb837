//! How much room a node has left, as far as it has told.

use control::{Name, RealmState};

/// The free ports of each realm, and what was opened since they were counted.
#[derive(Debug, Default)]
pub(crate) struct Capacity {
    realms: Vec<(Name, u32)>,
    opened_since: u32,
}

/// Two for each session on each side that does not share one for RTP and RTCP.
const PORTS_PER_SIDE: u32 = 2;

impl Capacity {
    pub(crate) fn new(realms: &[RealmState]) -> Self {
        let free = |realm: &RealmState| {
            let ports = u32::from(realm.last_port.saturating_sub(realm.first_port)) + 1;
            (realm.realm.clone(), ports.saturating_sub(realm.leased).saturating_sub(realm.quarantined))
        };
        Self { realms: realms.iter().map(free).collect(), opened_since: 0 }
    }

    /// Notes that a session was asked for since.
    pub(crate) fn note_open(&mut self) {
        self.opened_since = self.opened_since.saturating_add(1);
    }

    /// Returns the free ports of the realm that has fewer of them; none if it does not have both realms.
    pub(crate) fn free(&self, realms: &[Name; 2]) -> Option<u32> {
        let of = |name: &Name| self.realms.iter().find(|(realm, _)| realm == name).map(|(_, free)| *free);
        let [a, b] = realms;
        let free = of(a)?.min(of(b)?);
        Some(free.saturating_sub(self.opened_since.saturating_mul(PORTS_PER_SIDE)))
    }
}
