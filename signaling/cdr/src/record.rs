//! One call attempt, as the customer's billing reads it.

mod calendar;
mod json;
mod key;

use crate::text::Text;
use crate::transaction_id::TransactionId;

pub(crate) use json::write as write_json;
pub(crate) use key::write as write_key;

/// All that is known of an attempt when its INVITE has been understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begin {
    /// Whose connector it is.
    pub aws_account_id: Text<32>,
    /// The number of the attempt.
    pub transaction_id: TransactionId,
    /// The Call-ID of the leg that the customer sees.
    pub call_id: Text<256>,
    /// The Call-ID of the INVITE that began it, by which copies of that are known. It is not in the record.
    pub invite_call_id: Text<256>,
    /// Which connector.
    pub voice_connector_id: Text<36>,
    /// Who calls.
    pub from_number: Text<64>,
    /// Who is called.
    pub to_number: Text<64>,
    /// Which way.
    pub disposition: Disposition,
    /// Who has logged in, if the connector asks for it.
    pub sip_auth_user: Option<Text<128>>,
    /// When it came, in milliseconds since 1970.
    pub start_time_ms: u64,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its kind.
    pub status: Status,
    /// Its reason, in words: "Normal Call Clearing".
    pub status_message: Text<128>,
    /// When, in milliseconds since 1970. A clock that was set back does not make a call end before it began.
    pub end_time_ms: u64,
}

/// Which way a call went, seen from the customer as AWS sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// To the customer.
    Origination,
    /// From the customer.
    Termination,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It was let through, answered or not.
    Completed,
    /// It was refused.
    Rejected,
    /// It was one too many in its second.
    RateLimited,
}

/// A whole record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What was known at the start.
    pub begin: Begin,
    /// When it was answered, if it was.
    pub answer_time_ms: Option<u64>,
    /// How it ended.
    pub outcome: Outcome,
}

impl Record {
    /// The bytes of the object, which are the same for the same record, always.
    pub fn json(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        json::write(&mut bytes, &self.begin, self.answer_time_ms, &self.outcome);
        bytes
    }

    /// The name of the object, which follows from how the attempt began: whatever ends it, and however often, there is
    /// one place for its record.
    pub fn key(&self) -> String {
        let mut key = String::with_capacity(160);
        key::write(&mut key, &self.begin);
        key
    }

    /// The time to be paid for, in seconds: from the answer to the end, in tenths of a minute begun.
    pub fn billable_duration(&self) -> u64 {
        billable_duration(self.answer_time_ms, self.outcome.end_time_ms)
    }
}

fn billable_duration(answer_time_ms: Option<u64>, end_time_ms: u64) -> u64 {
    let Some(answer_time_ms) = answer_time_ms else { return 0 };
    let Some(spoken_ms) = end_time_ms.checked_sub(answer_time_ms) else { return 0 };
    // What was answered has begun its first tenth, however short it was.
    spoken_ms.max(1).div_ceil(TENTH_MS) * TENTH_S
}

/// A tenth of a minute: 60 s / 10.
const TENTH_S: u64 = 6;
const TENTH_MS: u64 = TENTH_S * 1_000;

impl Disposition {
    /// Its word in a record.
    pub fn word(self) -> &'static str {
        match self {
            Self::Origination => "Origination",
            Self::Termination => "Termination",
        }
    }
}

impl Status {
    /// Its word in a record.
    pub fn word(self) -> &'static str {
        match self {
            Self::Completed => "Completed",
            Self::Rejected => "Rejected",
            Self::RateLimited => "Rate_Limited",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_billed_by_tenths_of_a_minute_begun() {
        let cases = [(0, 6), (1, 6), (4_000, 6), (6_000, 6), (6_001, 12), (29_473, 30), (3_600_000, 3_600)];
        for (spoken_ms, seconds) in cases {
            assert_eq!(billable_duration(Some(1_000), 1_000 + spoken_ms), seconds, "{spoken_ms}");
        }
    }

    #[test]
    fn unanswered_calls_and_clocks_set_back_cost_nothing() {
        assert_eq!(billable_duration(None, 60_000), 0);
        assert_eq!(billable_duration(Some(60_000), 1_000), 0);
    }
}
