//! What was dropped, refused or not sent, and why.

/// Why a message went no further than the transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A request without a Via, CSeq or tag that it could be matched by.
    RequestUnmatchable,
    /// A request that came again; what was answered last is sent again, if anything was.
    RequestRepeated,
    /// A request that is refused with 503: there are too many transactions.
    RefusedFull,
    /// A request that is refused with 503: too many transactions are of its host.
    RefusedHost,
    /// A request that is refused with 503: too many bytes are kept.
    RefusedBytes,
    /// A request that is refused with 503: the user of the transactions has no room for a call.
    RefusedLoad,
    /// A request that is not even refused: what is reserved for dialogs is used up, too.
    RequestOverflow,
    /// An ACK that came again.
    AckRepeated,
    /// An ACK of a refusal that nobody remembers.
    AckOfRefusal,
    /// An ACK of an INVITE that was not answered yet.
    AckEarly,
    /// A CANCEL without its INVITE, or from another host; it is answered with 481.
    CancelUnmatched,
    /// A response whose branch is not ours.
    ResponseForeign,
    /// A response with the Via of somebody else below ours (RFC 3261 section 8.1.3.3).
    ResponseVias,
    /// A response whose CSeq does not fit its transaction.
    ResponseMethod,
    /// A response of a transaction that is over.
    ResponseLate,
    /// A response that came again, or after another one of which it has nothing to add.
    ResponseRepeated,
    /// The user answers a request that is over.
    AnswerLate,
    /// The user answers a request that has its final response.
    AnswerRepeated,
    /// The user answers provisionally what is no INVITE, or with a second 100 (RFC 4320).
    AnswerProvisional,
    /// The user answers with 408 what is no INVITE (RFC 4320).
    AnswerTimeout,
    /// The user cancels what is over, was cancelled, or is no INVITE.
    CancelLate,
    /// A message of the transactions' own does not fit the bounds of a message.
    Unwritable,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 22] = [
        Self::RequestUnmatchable,
        Self::RequestRepeated,
        Self::RefusedFull,
        Self::RefusedHost,
        Self::RefusedBytes,
        Self::RefusedLoad,
        Self::RequestOverflow,
        Self::AckRepeated,
        Self::AckOfRefusal,
        Self::AckEarly,
        Self::CancelUnmatched,
        Self::ResponseForeign,
        Self::ResponseVias,
        Self::ResponseMethod,
        Self::ResponseLate,
        Self::ResponseRepeated,
        Self::AnswerLate,
        Self::AnswerRepeated,
        Self::AnswerProvisional,
        Self::AnswerTimeout,
        Self::CancelLate,
        Self::Unwritable,
    ];

    /// Returns the reason in one word, for metrics and logs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::RequestUnmatchable => "request_unmatchable",
            Self::RequestRepeated => "request_repeated",
            Self::RefusedFull => "refused_full",
            Self::RefusedHost => "refused_host",
            Self::RefusedBytes => "refused_bytes",
            Self::RefusedLoad => "refused_load",
            Self::RequestOverflow => "request_overflow",
            Self::AckRepeated => "ack_repeated",
            Self::AckOfRefusal => "ack_of_refusal",
            Self::AckEarly => "ack_early",
            Self::CancelUnmatched => "cancel_unmatched",
            Self::ResponseForeign => "response_foreign",
            Self::ResponseVias => "response_vias",
            Self::ResponseMethod => "response_method",
            Self::ResponseLate => "response_late",
            Self::ResponseRepeated => "response_repeated",
            Self::AnswerLate => "answer_late",
            Self::AnswerRepeated => "answer_repeated",
            Self::AnswerProvisional => "answer_provisional",
            Self::AnswerTimeout => "answer_timeout",
            Self::CancelLate => "cancel_late",
            Self::Unwritable => "unwritable",
        }
    }
}

/// How often each reason was met since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters([u64; Reason::ALL.len()]);

impl Counters {
    /// Returns how often a reason was met.
    pub fn of(&self, reason: Reason) -> u64 {
        self.0.get(reason as usize).copied().unwrap_or(0)
    }

    /// Goes through all reasons.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, u64)> {
        Reason::ALL.into_iter().zip(self.0)
    }

    pub(super) fn add(&mut self, reason: Reason) {
        if let Some(count) = self.0.get_mut(reason as usize) {
            *count = count.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_place_and_its_word() {
        for (at, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, at);
            assert!(Reason::ALL.iter().skip(at + 1).all(|other| other.word() != reason.word()));
        }
        let mut counters = Counters::default();
        counters.add(Reason::Unwritable);
        assert_eq!((counters.of(Reason::Unwritable), counters.iter().map(|(_, count)| count).sum()), (1, 1));
    }
}
