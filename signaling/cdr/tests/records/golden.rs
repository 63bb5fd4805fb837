//! The bytes and names of objects, byte for byte.

use cdr::{Begin, Disposition, Outcome, Record, Status, TransactionId};

use crate::sample::START_MS;

fn sample() -> Record {
    let begin = Begin {
        aws_account_id: "111122223333".into(),
        transaction_id: TransactionId::parse("879eee6e-37ad-4b3c-a1a1-6f2a5c1d9f10").unwrap(),
        call_id: "777a06c7-aa41-4e8f-9e2f-5a6f9c8a1b2c".into(),
        invite_call_id: "not in the record".into(),
        voice_connector_id: "11111222223333334444".into(),
        from_number: "+15105551212".into(),
        to_number: "+15105551213".into(),
        disposition: Disposition::Termination,
        sip_auth_user: Some("5600".into()),
        start_time_ms: START_MS,
    };
    let outcome = Outcome {
        status: Status::Completed,
        status_message: "Normal Call Clearing".into(),
        end_time_ms: 1_552_026_488_036,
    };
    Record { begin, answer_time_ms: Some(START_MS), outcome }
}

fn assert_golden(record: &Record, json: &[u8], key: &str) {
    let found = record.json();
    assert_eq!(found, json, "{}", String::from_utf8_lossy(&found));
    assert_eq!(record.key(), key);
}

#[test]
fn a_completed_call_is_written_as_documented() {
    assert_golden(
        &sample(),
        include_bytes!("golden/completed.json"),
        "Amazon-Chime-Voice-Connector-CDRs/json/11111222223333334444/2019/03/08/\
         06.27.38.563_879eee6e-37ad-4b3c-a1a1-6f2a5c1d9f10",
    );
}

#[test]
fn a_rate_limited_call_without_a_login_has_no_member_for_one() {
    let mut record = sample();
    record.begin.disposition = Disposition::Origination;
    record.begin.sip_auth_user = None;
    record.begin.start_time_ms = 951_782_400_000;
    record.answer_time_ms = None;
    record.outcome = Outcome {
        status: Status::RateLimited,
        status_message: "Too many calls a second".into(),
        end_time_ms: 951_782_400_001,
    };
    assert_golden(
        &record,
        include_bytes!("golden/rate_limited.json"),
        "Amazon-Chime-Voice-Connector-CDRs/json/11111222223333334444/2000/02/29/\
         00.00.00.000_879eee6e-37ad-4b3c-a1a1-6f2a5c1d9f10",
    );
}

#[test]
fn text_of_peers_is_escaped_cut_and_kept_from_leading_elsewhere() {
    let mut record = sample();
    record.begin.call_id = format!("\"\\\n\r\t\u{1}\u{7f}é{}", "é".repeat(200)).as_str().into();
    record.begin.voice_connector_id = "../../etc/a b".into();
    record.outcome.status = Status::Rejected;
    // The clock was set back while the call lasted.
    record.outcome.end_time_ms = 5;
    assert_golden(
        &record,
        include_bytes!("golden/hostile.json"),
        "Amazon-Chime-Voice-Connector-CDRs/json/______etc_a_b/2019/03/08/\
         06.27.38.563_879eee6e-37ad-4b3c-a1a1-6f2a5c1d9f10",
    );
}
