//! How many calls there may be: counted here, and refused when there are too many.
//!
//! State is explicit and time is passed in, so that the same calls at the same times give the same answers. Calls for help
//! are counted and never refused.

mod bucket;

use std::{collections::HashMap, hash::Hash, num::NonZeroU32, time::Duration};

use crate::{
    e164::E164,
    id::{CarrierLinkId, VoiceConnectorId},
    reason::Reason,
    route::{LinkTarget, Outcome},
    snapshot::Snapshot,
};

pub use bucket::Bucket;

/// Counts the calls that are up. Bounded: a counter that falls to zero is dropped, and so are the buckets of connectors
/// that are no more.
#[derive(Debug, Default)]
pub struct Limits {
    buckets: HashMap<VoiceConnectorId, Bucket>,
    calls: u32,
    links: HashMap<CarrierLinkId, u32>,
    numbers: HashMap<E164, u32>,
}

/// The place that a call takes. Whoever has it gives it back to [`Limits::release`] when the call is over; it cannot be
/// copied, so that no place is given back twice.
#[derive(Debug)]
#[must_use = "a permit that is not released counts for ever"]
pub struct Permit {
    number: Option<E164>,
}

/// The place that a call takes on a link, to be given back to [`Limits::release_link`].
#[derive(Debug)]
#[must_use = "a permit that is not released counts for ever"]
pub struct LinkPermit {
    link: CarrierLinkId,
}

/// Says that there are too many calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Of which kind.
    pub reason: Reason,
    /// After how many seconds another try makes sense, if that is known.
    pub retry_after_s: Option<u64>,
}

impl Limits {
    /// Takes a place for a call that was decided on, or refuses it. What is refused changes nothing.
    ///
    /// # Errors
    /// Says what there is too much of: calls at all, calls to the number, or new calls of the connector.
    pub fn admit(
        &mut self,
        snapshot: &Snapshot,
        outcome: &Outcome,
        now: Duration,
    ) -> Result<Permit, Refusal> {
        let (caller, number) = match outcome {
            Outcome::Inbound(inbound) => (None, Some(inbound.called)),
            Outcome::OnNet(on_net) => (Some(on_net.connector), Some(on_net.called)),
            Outcome::Outbound(outbound) if outbound.is_emergency => return Ok(self.count(None)),
            Outcome::Outbound(outbound) => (Some(outbound.connector), None),
            Outcome::Reject(reject) => return Err(Refusal { reason: reject.reason, retry_after_s: None }),
        };
        if snapshot.calls_max().is_some_and(|max| self.calls >= max.get()) {
            return Err(Refusal { reason: Reason::CallsMax, retry_after_s: None });
        }
        let number_max = number.and_then(|number| snapshot.number(number)).map(|number| number.calls_max);
        if is_full(&self.numbers, number.as_ref(), number_max) {
            return Err(Refusal { reason: Reason::NumberBusy, retry_after_s: None });
        }
        let termination = caller.and_then(|id| snapshot.connector(&id)?.termination.as_ref().zip(Some(id)));
        if let Some((termination, id)) = termination {
            let bucket = self.buckets.entry(id).or_default();
            bucket.take(termination.cps_limit, termination.cps_limit, now).map_err(|wait| Refusal {
                reason: Reason::CpsLimit,
                // Rounded up: who comes back a moment too early is refused again.
                retry_after_s: Some(wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0))),
            })?;
        }
        Ok(self.count(number))
    }

    /// Gives a place back.
    pub fn release(&mut self, permit: Permit) {
        self.calls = self.calls.saturating_sub(1);
        if let Some(number) = permit.number {
            decrease(&mut self.numbers, number);
        }
    }

    /// Takes a place on a link, or `None` if it is full: then the next one is tried.
    pub fn take_link(&mut self, target: &LinkTarget) -> Option<LinkPermit> {
        if is_full(&self.links, Some(&target.link), target.calls_max) {
            return None;
        }
        increase(&mut self.links, target.link);
        Some(LinkPermit { link: target.link })
    }

    /// Gives a place on a link back.
    pub fn release_link(&mut self, permit: LinkPermit) {
        decrease(&mut self.links, permit.link);
    }

    /// Forgets connectors that are no more. Calls that are up stay counted.
    pub fn follow(&mut self, snapshot: &Snapshot) {
        self.buckets.retain(|id, _bucket| snapshot.connector(id).is_some());
    }

    /// Counts the calls that are up.
    pub fn calls(&self) -> u32 {
        self.calls
    }

    /// Counts the calls to a number.
    pub fn calls_to(&self, number: E164) -> u32 {
        self.numbers.get(&number).copied().unwrap_or_default()
    }

    /// Counts the calls on a link.
    pub fn calls_on(&self, link: &CarrierLinkId) -> u32 {
        self.links.get(link).copied().unwrap_or_default()
    }

    fn count(&mut self, number: Option<E164>) -> Permit {
        self.calls = self.calls.saturating_add(1);
        if let Some(number) = number {
            increase(&mut self.numbers, number);
        }
        Permit { number }
    }
}

fn is_full<K: Hash + Eq>(counts: &HashMap<K, u32>, key: Option<&K>, max: Option<NonZeroU32>) -> bool {
    let count = key.and_then(|key| counts.get(key)).copied().unwrap_or_default();
    max.is_some_and(|max| count >= max.get())
}

fn increase<K: Hash + Eq>(counts: &mut HashMap<K, u32>, key: K) {
    let count = counts.entry(key).or_default();
    *count = count.saturating_add(1);
}

fn decrease<K: Hash + Eq>(counts: &mut HashMap<K, u32>, key: K) {
    let Some(count) = counts.get_mut(&key) else { return };
    *count = count.saturating_sub(1);
    if *count == 0 {
        counts.remove(&key);
    }
}
