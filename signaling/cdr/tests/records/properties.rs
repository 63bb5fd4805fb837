//! What holds of every record.

use cdr::{Begin, Disposition, Outcome, Record, Status, TransactionId};
use proptest::prelude::*;
use serde_json::{Value, json};

fn records() -> impl Strategy<Value = Record> {
    let texts = prop::collection::vec(any::<String>(), 6);
    let times = (0..253_402_300_800_000_u64, prop::option::of(0..1_u64 << 40), 0..1_u64 << 40);
    let kinds = (any::<bool>(), 0..3_usize, any::<u128>(), any::<Option<String>>());
    (texts, times, kinds).prop_map(|(texts, (start, answer, end), (is_inbound, status, random, user))| {
        Record {
            begin: Begin {
                aws_account_id: texts[0].as_str().into(),
                transaction_id: TransactionId::new(start, random),
                call_id: texts[1].as_str().into(),
                invite_call_id: texts[5].as_str().into(),
                voice_connector_id: texts[2].as_str().into(),
                from_number: texts[3].as_str().into(),
                to_number: texts[4].as_str().into(),
                disposition: if is_inbound { Disposition::Origination } else { Disposition::Termination },
                sip_auth_user: user.as_deref().map(Into::into),
                start_time_ms: start,
            },
            answer_time_ms: answer.map(|after| start + after),
            outcome: Outcome {
                status: [Status::Completed, Status::Rejected, Status::RateLimited][status],
                status_message: texts[5].as_str().into(),
                end_time_ms: start + end,
            },
        }
    })
}

fn expected(record: &Record) -> Value {
    let Record { begin, outcome, .. } = record;
    let mut value = json!({
        "AwsAccountId": begin.aws_account_id.as_str(),
        "TransactionId": begin.transaction_id.to_string(),
        "CallId": begin.call_id.as_str(),
        "VoiceConnectorId": begin.voice_connector_id.as_str(),
        "FromNumber": begin.from_number.as_str(),
        "ToNumber": begin.to_number.as_str(),
        "StatusMessage": outcome.status_message.as_str(),
        "Disposition": begin.disposition.word(),
        "Status": outcome.status.word(),
        "BillableDuration": record.billable_duration(),
        "StartTime": begin.start_time_ms,
        "EndTime": outcome.end_time_ms,
    });
    if let Some(user) = &begin.sip_auth_user {
        value["SipAuthUser"] = user.as_str().into();
    }
    value
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_record_parses_back_to_the_same(record in records()) {
        let found: Value = serde_json::from_slice(&record.json()).unwrap();
        prop_assert_eq!(found, expected(&record));
    }

    #[test]
    fn outside_of_its_texts_a_record_has_no_white_space_and_never_a_control_character(record in records()) {
        let json = record.json();
        prop_assert!(json.iter().all(|byte| *byte >= 0x20));
        let compact = serde_json::to_vec(&serde_json::from_slice::<Value>(&json).unwrap()).unwrap();
        // The order of the members is another one there; how much is written is not.
        let escapes = |bytes: &[u8]| bytes.windows(2).filter(|pair| pair[0] == b'\\').count();
        if escapes(&json) == 0 {
            prop_assert_eq!(json.len(), compact.len());
        }
    }

    #[test]
    fn a_key_has_its_shape(record in records()) {
        let key = record.key();
        let parts: Vec<_> = key.split('/').collect();
        prop_assert_eq!(&parts[..2], ["Amazon-Chime-Voice-Connector-CDRs", "json"]);
        prop_assert_eq!(parts.len(), 7, "{}", &key);
        prop_assert!(parts[2].bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        let lens: Vec<_> = parts[3..6].iter().map(|part| part.len()).collect();
        prop_assert_eq!(lens, [4, 2, 2]);
        let shape: String = parts[6].chars().take(13).map(|one| if one.is_ascii_digit() { '9' } else { one }).collect();
        prop_assert_eq!(shape, "99.99.99.999_");
        prop_assert_eq!(&parts[6][13..], record.begin.transaction_id.to_string());
    }

    #[test]
    fn billed_time_is_a_multiple_of_six_that_covers_the_call_by_less_than_six_more(record in records()) {
        let billed_ms = record.billable_duration() * 1_000;
        let spoken = record.answer_time_ms.map_or(0, |answer| record.outcome.end_time_ms.saturating_sub(answer));
        prop_assert_eq!(billed_ms % 6_000, 0);
        prop_assert!((spoken..spoken + 6_000).contains(&billed_ms));
    }
}
