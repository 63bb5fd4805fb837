//! Acceptances that were acknowledged, and are again whenever they come again.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use sip::Request;
use sip::flow::Target;
use sip::transaction::{ClientId, PATIENCE, T4};

use crate::clock::{Clock, Timer};

/// What was acknowledged, also when its call is over: by INVITE and the tag of who accepted.
#[derive(Default)]
pub(crate) struct Accepted {
    acks: HashMap<ClientId, Vec<(Request, Target)>>,
    /// All are kept equally long, so that the oldest is always the next to go.
    until: VecDeque<(Duration, ClientId)>,
}

/// RFC 6026 section 8.7: acceptances come for 64 times T1, and may be on their way for T4.
const KEPT: Duration = PATIENCE.saturating_add(T4);

/// So many peers accept one INVITE at most.
const FORKS_MAX: usize = 16;

impl Accepted {
    pub(super) fn insert(
        &mut self,
        clock: &mut Clock,
        now: Duration,
        id: ClientId,
        (ack, to): (Request, Target),
    ) {
        let acks = self.acks.entry(id).or_default();
        if acks.is_empty() {
            let until = now.saturating_add(KEPT);
            self.until.push_back((until, id));
            clock.set(until, Timer::Accepted);
        }
        if acks.len() < FORKS_MAX {
            acks.push((ack, to));
        }
    }

    /// Returns the ACK of an acceptance that came before.
    pub(crate) fn ack(&self, id: ClientId, tag: &str) -> Option<&(Request, Target)> {
        self.acks.get(&id)?.iter().find(|(ack, _)| ack.to_tag() == Some(tag))
    }

    /// Tells whether somebody has accepted the INVITE.
    pub(crate) fn contains(&self, id: ClientId) -> bool {
        self.acks.contains_key(&id)
    }

    /// Forgets what is too old, and tells which.
    pub(crate) fn expire(&mut self, now: Duration) -> Option<ClientId> {
        let &(until, id) = self.until.front()?;
        if until > now {
            return None;
        }
        self.until.pop_front();
        self.acks.remove(&id);
        Some(id)
    }
}
