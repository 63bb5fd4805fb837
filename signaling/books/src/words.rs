//! From the words of calls to those of records.

use std::time::Duration;

use call::{Attempt, Ended};
use cdr::{Begin, Disposition, OpenCall, Outcome, Status, TransactionId};

/// What the record of a call says whose process ended before the call did.
const RECOVERED: &str = "Recovered";

pub(crate) fn begin(attempt: &Attempt, account: &str) -> Begin {
    let start_time_ms = milliseconds(attempt.begun);
    Begin {
        aws_account_id: account.into(),
        transaction_id: TransactionId::new(start_time_ms, attempt.id.0),
        call_id: attempt.sip_call_id.as_str().into(),
        invite_call_id: attempt.invite_call_id.as_str().into(),
        voice_connector_id: attempt.connector.to_string().as_str().into(),
        from_number: attempt.from_number.as_str().into(),
        to_number: attempt.to_number.as_str().into(),
        disposition: match attempt.disposition {
            call::Disposition::Origination => Disposition::Origination,
            call::Disposition::Termination => Disposition::Termination,
        },
        sip_auth_user: attempt.sip_user.as_deref().map(Into::into),
        start_time_ms,
    }
}

pub(crate) fn outcome(ended: &Ended) -> Outcome {
    Outcome {
        status: match ended.status {
            call::Status::Completed => Status::Completed,
            call::Status::Rejected => Status::Rejected,
            call::Status::RateLimited => Status::RateLimited,
        },
        status_message: ended.message.as_str().into(),
        end_time_ms: milliseconds(ended.ended),
    }
}

/// Ends a call whose process ended before it did: when that was last alive, and no earlier than what is known.
pub(crate) fn recovered(call: &OpenCall, alive_ms: Option<u64>) -> Outcome {
    let known_ms = call.answer_time_ms.unwrap_or(call.begin.start_time_ms);
    let status = if call.answer_time_ms.is_some() { Status::Completed } else { Status::Rejected };
    Outcome {
        status,
        status_message: RECOVERED.into(),
        end_time_ms: alive_ms.unwrap_or(known_ms).max(known_ms),
    }
}

pub(crate) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
