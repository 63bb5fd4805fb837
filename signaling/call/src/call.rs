//! A call: two legs, the media between them, and what becomes of it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use control::SideName;
use sdp::SessionDescription;
use sip::transaction::ClientId;
use trunk::failover::Failover;
use trunk::limits::{LinkPermit, Permit};
use trunk::route::{Caller, LinkTarget};
use trunk::snapshot::Side;
use trunk::{E164, Peer, VoiceConnectorId};

use crate::clock::{CallTimer, CallTimers};
use crate::desk::{Desk, Errand};
use crate::flow::naming::Naming;
use crate::forwarding::Forwarding;
use crate::leg::Leg;
use crate::media_plan::MediaPlan;
use crate::summary::{Attempt, CallId};

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The name at which the caller wants media is looked up.
    Naming,
    /// Media is asked for ports.
    Opening,
    /// Targets are tried, one after the other.
    Seeking,
    /// Both legs are there.
    Answered,
    /// It has ended, and waits for messages that are still owed.
    Over,
}

/// A call.
pub(crate) struct Call {
    pub(crate) id: CallId,
    /// Where it came from.
    pub(crate) side: Side,
    pub(crate) phase: Phase,
    pub(crate) a: Leg,
    pub(crate) b: Leg,
    pub(crate) media: MediaPlan,
    /// What the caller offered, until somebody has answered; none if it wants our offer.
    pub(crate) offer: Option<SessionDescription>,
    pub(crate) route: Route,
    pub(crate) permit: Option<Permit>,
    pub(crate) records: Vec<Record>,
    /// The leg that has our offer in an acceptance, and owes the answer in its ACK.
    pub(crate) owes_answer: Option<SideName>,
    /// A description whose host is looked up.
    pub(crate) awaits: Option<Naming>,
    /// What a leg wants changed.
    pub(crate) change: Option<Change>,
    /// How often in a row media was too busy.
    pub(crate) busy: u8,
    /// The provisional response that the caller heard last, to be repeated.
    pub(crate) rings: Option<u16>,
    pub(crate) timers: CallTimers,
}

/// Where a call goes.
pub(crate) struct Route {
    /// The number that is called.
    pub(crate) called: E164,
    pub(crate) caller: Caller,
    /// Who has forwarded the call.
    pub(crate) forwarding: Forwarding,
    pub(crate) places: Vec<Place>,
    pub(crate) failover: Failover,
    /// The place that is being tried.
    pub(crate) at: usize,
    /// Where else its name leads.
    pub(crate) others: Vec<SocketAddr>,
    /// Where the names of all places so far have led.
    pub(crate) named: Vec<IpAddr>,
    pub(crate) link: Option<LinkPermit>,
    /// What is being offered to a host.
    pub(crate) errand: Option<Errand>,
    /// The hops that are left for the other leg.
    pub(crate) hops: u8,
    /// The Call-ID of the other leg.
    pub(crate) sip_call_id: String,
}

/// A host to try.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) peer: Peer,
    pub(crate) of: PlaceOf,
}

/// Whose host it is.
#[derive(Clone, Debug)]
pub(crate) enum PlaceOf {
    /// A customer's.
    Connector { id: VoiceConnectorId, is_encrypted: bool },
    /// A carrier's.
    Link(LinkTarget),
}

/// A re-INVITE under way from one leg to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Who asked for it.
    pub(crate) asking: SideName,
    /// Whether the other leg is to offer, because the asking one has not.
    pub(crate) is_late: bool,
    /// The acceptance of the other leg, whose ACK waits for the answer: the INVITE, and its number.
    pub(crate) held: Option<(ClientId, u32)>,
}

/// A call detail record in the making.
pub(crate) struct Record {
    pub(crate) attempt: Attempt,
    pub(crate) answered: Option<Duration>,
}

impl Call {
    pub(crate) const fn leg(&self, name: SideName) -> &Leg {
        match name {
            SideName::A => &self.a,
            SideName::B => &self.b,
        }
    }

    pub(crate) const fn leg_mut(&mut self, name: SideName) -> &mut Leg {
        match name {
            SideName::A => &mut self.a,
            SideName::B => &mut self.b,
        }
    }

    /// Has something happen after a while, unless it is called off.
    pub(crate) fn wait(&mut self, desk: &mut Desk, wait: Duration, timer: CallTimer) {
        let at = desk.now.elapsed.saturating_add(wait);
        desk.clock.set_of(self.id, &mut self.timers, at, timer);
    }

    /// Calls off what was to happen.
    pub(crate) fn call_off(&mut self, desk: &mut Desk, timer: CallTimer) {
        desk.clock.unset_of(self.id, &mut self.timers, timer);
    }

    /// Tells whether nothing is owed any more.
    pub(crate) const fn is_gone(&self) -> bool {
        matches!(self.phase, Phase::Over)
            && self.a.unacknowledged.is_none()
            && self.b.unacknowledged.is_none()
    }
}

/// All calls, each in its slot.
#[derive(Default)]
pub(crate) struct Calls {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

#[derive(Default)]
struct Slot {
    generation: u32,
    call: Option<Box<Call>>,
}

impl Calls {
    /// Counts the calls.
    pub(crate) const fn len(&self) -> usize {
        self.slots.len().saturating_sub(self.free.len())
    }

    /// Names the next call.
    pub(crate) fn reserve(&mut self) -> CallId {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            u32::try_from(self.slots.len().saturating_sub(1)).expect("calls are limited to fewer")
        });
        let generation = self.slot(index).map_or(0, |slot| slot.generation);
        CallId { generation, index }
    }

    /// Puts a call into its slot, or back, unless that was the last of it.
    pub(crate) fn keep(&mut self, desk: &mut Desk, call: Box<Call>) {
        if !call.is_gone() {
            return self.put(call);
        }
        debug_assert!(call.records.is_empty() && call.permit.is_none(), "a call that is over has nothing");
        for dialog in [&call.a, &call.b].into_iter().filter_map(|leg| leg.dialog.as_ref()) {
            desk.dialogs.remove(dialog.id());
        }
        self.forget(call.id);
    }

    fn put(&mut self, call: Box<Call>) {
        let id = call.id;
        if let Some(slot) = self.slot(id.index) {
            slot.call = Some(call);
        }
    }

    /// Takes a call out to work on it; it is put back, or forgotten.
    pub(crate) fn take(&mut self, id: CallId) -> Option<Box<Call>> {
        let slot = self.slot(id.index)?;
        if slot.generation == id.generation { slot.call.take() } else { None }
    }

    /// Returns a call to look at.
    pub(crate) fn get(&self, id: CallId) -> Option<&Call> {
        let slot = self.slots.get(usize::try_from(id.index).ok()?)?;
        slot.call.as_deref().filter(|_| slot.generation == id.generation)
    }

    /// Frees a slot whose call is out.
    fn forget(&mut self, id: CallId) {
        if let Some(slot) = self.slot(id.index) {
            slot.generation = slot.generation.wrapping_add(1);
            slot.call = None;
            self.free.push(id.index);
        }
    }

    fn slot(&mut self, index: u32) -> Option<&mut Slot> {
        self.slots.get_mut(usize::try_from(index).ok()?)
    }
}
