//! What was dropped, or refused without a call, by word.

use sip::validate::Fault;
use trunk::Reason;

sip::words! {
    /// Why a message led to no call, or changed none. What transactions drop is counted by them.
    pub enum Count {
        /// Bytes that are no message.
        Unreadable "unreadable",
        /// A request that breaks a rule, and that cannot be answered: an ACK, or one without a Via.
        RequestBroken "request_broken",
        /// A request that breaks a rule, and was told so.
        RequestAnswered "request_answered",
        /// A request of somebody unknown that breaks a rule: no answer.
        StrangerBroken "stranger_broken",
        /// A response that breaks a rule.
        ResponseBroken "response_broken",
        /// A response from a host that its request did not go to, and that has nothing to do with that one.
        ResponseStranger "response_stranger",
        /// A response to a request that nobody waits for any more.
        ResponseUnwanted "response_unwanted",
        /// A response of ours that got out by no way, as far as anybody says.
        ResponseLost "response_lost",
        /// A request of somebody unknown: no answer.
        Stranger "stranger",
        /// An INVITE of somebody unknown to a host of ours, beyond those that are answered in a second.
        StrangerThrottled "stranger_throttled",
        /// A request for a dialog that is not there, or from where its peer is not: 481.
        DialogUnknown "dialog_unknown",
        /// A method that is not served: 405.
        MethodRefused "method_refused",
        /// An ACK of no INVITE that waits for one.
        AckUnmatched "ack_unmatched",
        /// The same INVITE by another way: 482.
        Merged "merged",
        /// An INVITE of ours that has come back: 482.
        Loop "loop",
        /// New calls are not taken at present: 503.
        Closed "closed",
        /// There are as many calls as there may be: 503.
        CallsFull "calls_full",
        /// A session interval that is too small: 422.
        IntervalSmall "interval_small",
        /// A description by which media would come back to the session that sends it: 488.
        MediaRing "media_ring",
        /// A description of media that cannot be read: 400.
        DescriptionBroken "description_broken",
        /// An attempt that was refused and leaves no record: there are too many, or the journal has no room.
        Unrecorded "unrecorded",
        /// A login for another URI than that of its request: 400.
        LoginMisplaced "login_misplaced",
        /// A login that was not looked at, because too many before were wrong: 403.
        LockedOut "locked_out",
        /// A login was asked for: 401 or 407.
        Challenged "challenged",
        /// An INVITE that the trunk refuses, for one of its reasons.
        Refused "refused",
    }
}

/// Counts since the start. None of them ever falls.
#[derive(Clone, Debug)]
pub struct Counters {
    counts: [u64; Count::ALL.len()],
    reasons: [u64; Reason::ALL.len()],
    /// There are as many as words of faults.
    faults: Vec<(&'static str, u64)>,
}

impl Counters {
    pub(crate) const fn new() -> Self {
        Self { counts: [0; Count::ALL.len()], reasons: [0; Reason::ALL.len()], faults: Vec::new() }
    }

    /// Returns one count.
    pub fn of(&self, count: Count) -> u64 {
        self.counts.get(count as usize).copied().unwrap_or(0)
    }

    /// Returns every count with its word, always in the same order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Count::ALL.iter().zip(&self.counts).map(|(count, number)| (count.word(), *number))
    }

    /// Returns how often the trunk has refused, by the word of its reason.
    pub fn reasons(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Reason::ALL.iter().zip(&self.reasons).map(|(reason, number)| (reason.word(), *number))
    }

    /// Returns which rules messages have broken so far, and how often.
    pub fn faults(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.faults.iter().copied()
    }

    pub(crate) fn add(&mut self, count: Count) {
        if let Some(sum) = self.counts.get_mut(count as usize) {
            *sum = sum.saturating_add(1);
        }
    }

    /// Counts a refusal of the trunk under its reason, too.
    pub(crate) fn refuse(&mut self, reason: Reason) {
        self.add(Count::Refused);
        let place = Reason::ALL.iter().position(|other| *other == reason);
        if let Some(sum) = place.and_then(|at| self.reasons.get_mut(at)) {
            *sum = sum.saturating_add(1);
        }
    }

    /// Counts a message that breaks a rule under that rule, too.
    pub(crate) fn blame(&mut self, count: Count, fault: &Fault) {
        self.add(count);
        let word = fault.word();
        match self.faults.iter_mut().find(|(other, _)| *other == word) {
            Some((_, sum)) => *sum = sum.saturating_add(1),
            None => self.faults.push((word, 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_count_has_a_word_and_a_place_of_its_own() {
        let mut counters = Counters::new();
        for (at, &count) in Count::ALL.iter().enumerate() {
            for _ in 0..at {
                counters.add(count);
            }
        }
        for (at, (&count, (word, number))) in Count::ALL.iter().zip(counters.iter()).enumerate() {
            assert_eq!((count.word(), counters.of(count), number), (word, at as u64, at as u64));
            assert_eq!(Count::ALL.iter().filter(|other| other.word() == word).count(), 1, "{word}");
        }
    }

    #[test]
    fn a_refusal_and_a_fault_are_counted_by_their_words_as_well() {
        let mut counters = Counters::new();
        counters.refuse(Reason::CpsLimit);
        counters.blame(Count::RequestAnswered, &Fault::Hops);
        counters.blame(Count::RequestAnswered, &Fault::Hops);
        assert_eq!((counters.of(Count::Refused), counters.of(Count::RequestAnswered)), (1, 2));
        let refused: Vec<_> = counters.reasons().filter(|(_, number)| *number > 0).collect();
        assert_eq!(refused, [("cps_limit", 1)]);
        assert_eq!(counters.faults().collect::<Vec<_>>(), [("hops", 2)]);
    }
}
