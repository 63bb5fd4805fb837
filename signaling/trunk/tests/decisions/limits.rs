//! How many calls there may be, in virtual time.

use std::time::Duration;

use trunk::{
    E164, Reason,
    limits::{Limits, Refusal},
    records::{DnisRecord, EmergencyCallingRecord, Records},
    route::{Attempt, Outcome},
};

use crate::sample::{
    HEADQUARTERS_AT, OF_BRANCH, OF_HEADQUARTERS, attempt, carrier_attempt, decision, outbound, records,
    snapshot, termination_of,
};

fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

fn admit(
    limits: &mut Limits,
    records: &Records,
    attempt: &Attempt<'_>,
    now: Duration,
) -> Result<(), Refusal> {
    let outcome = decision(records, attempt).outcome;
    limits.admit(&snapshot(records), &outcome, now).map(drop)
}

#[test]
fn of_five_calls_in_a_second_at_a_limit_of_one_four_are_refused() {
    let mut limits = Limits::default();
    let times = [0, 200, 400, 600, 800].map(ms);
    let answers = times.map(|now| admit(&mut limits, &records(), &attempt(), now));
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let refusal = answers[1].unwrap_err();
    assert_eq!((refusal.reason, refusal.retry_after_s), (Reason::CpsLimit, Some(1)));
    assert_eq!((Reason::CpsLimit.status(), Reason::CpsLimit.cdr_status().as_str()), (503, "Rate_Limited"));
    assert!(admit(&mut limits, &records(), &attempt(), ms(1_000)).is_ok());
}

#[test]
fn each_connector_has_a_bucket_of_its_own_and_calls_to_it_cost_nothing() {
    let mut limits = Limits::default();
    let other = Attempt { host: "198.51.100.200", source: [192, 0, 2, 65].into(), ..attempt() };
    assert!(admit(&mut limits, &records(), &attempt(), ms(0)).is_ok());
    assert!(admit(&mut limits, &records(), &other, ms(0)).is_ok());
    for _ in 0..50 {
        assert!(admit(&mut limits, &records(), &carrier_attempt(), ms(0)).is_ok());
    }
    let on_net = Attempt { number: OF_BRANCH, ..attempt() };
    assert_eq!(admit(&mut limits, &records(), &on_net, ms(0)).unwrap_err().reason, Reason::CpsLimit);
}

#[test]
fn a_raised_limit_counts_from_the_next_call() {
    let (mut limits, mut records) = (Limits::default(), records());
    assert!(admit(&mut limits, &records, &attempt(), ms(0)).is_ok());
    assert!(admit(&mut limits, &records, &attempt(), ms(100)).is_err());
    termination_of(&mut records, HEADQUARTERS_AT).cps_limit = 100;
    assert!(admit(&mut limits, &records, &attempt(), ms(100)).is_ok());
}

#[test]
fn a_number_takes_as_many_calls_as_it_may_and_one_more_when_one_is_over() {
    let mut limits = Limits::default();
    let snapshot = snapshot(&records());
    let outcome = decision(&records(), &carrier_attempt()).outcome;
    let called = E164::parse(OF_HEADQUARTERS).unwrap();
    let mut permits: Vec<_> = (0..100).map(|_| limits.admit(&snapshot, &outcome, ms(0)).unwrap()).collect();
    assert_eq!((limits.calls_to(called), limits.calls()), (100, 100));
    let refusal = limits.admit(&snapshot, &outcome, ms(0)).unwrap_err();
    assert_eq!((refusal.reason, refusal.reason.status()), (Reason::NumberBusy, 486));
    limits.release(permits.remove(0));
    assert!(limits.admit(&snapshot, &outcome, ms(0)).is_ok());
}

#[test]
fn a_call_that_is_refused_takes_no_token() {
    let (mut limits, mut records) = (Limits::default(), records());
    records.phone_numbers[1].calls_max = Some(1);
    let on_net = Attempt { number: OF_BRANCH, ..attempt() };
    assert!(admit(&mut limits, &records, &on_net, ms(0)).is_ok());
    for _ in 0..10 {
        assert_eq!(admit(&mut limits, &records, &on_net, ms(1_000)).unwrap_err().reason, Reason::NumberBusy);
    }
    assert!(admit(&mut limits, &records, &attempt(), ms(1_000)).is_ok());
}

#[test]
fn there_is_a_bound_to_all_calls_together() {
    let (mut limits, mut records) = (Limits::default(), records());
    records.calls_max = Some(2);
    assert!(admit(&mut limits, &records, &carrier_attempt(), ms(0)).is_ok());
    assert!(admit(&mut limits, &records, &carrier_attempt(), ms(0)).is_ok());
    assert_eq!(admit(&mut limits, &records, &attempt(), ms(0)).unwrap_err().reason, Reason::CallsMax);
}

#[test]
fn help_is_counted_and_never_refused() {
    let (mut limits, mut records) = (Limits::default(), records());
    records.calls_max = Some(1);
    records.voice_connectors[HEADQUARTERS_AT].emergency_calling = Some(EmergencyCallingRecord {
        dnis: vec![DnisRecord {
            calling_country: "US".to_owned(),
            emergency_phone_number: "+13035550190".to_owned(),
            test_phone_number: None,
        }],
    });
    let help = Attempt { number: "911", ..attempt() };
    for _ in 0..20 {
        assert!(admit(&mut limits, &records, &help, ms(0)).is_ok());
    }
    assert_eq!(limits.calls(), 20);
}

#[test]
fn a_full_link_is_passed_over() {
    let (mut limits, mut records) = (Limits::default(), records());
    records.carriers[0].links[0].calls_max = Some(1);
    let links = outbound(&records, &attempt()).links;
    let permit = limits.take_link(&links[0]).unwrap();
    assert!(limits.take_link(&links[0]).is_none());
    assert!(limits.take_link(&links[1]).is_some());
    limits.release_link(permit);
    assert_eq!((limits.calls_on(&links[0].link), limits.calls_on(&links[1].link)), (0, 1));
    assert!(limits.take_link(&links[0]).is_some());
}

#[test]
fn after_the_last_call_all_counters_are_back_at_zero() {
    let mut limits = Limits::default();
    let snapshot = snapshot(&records());
    let outcomes = [attempt(), carrier_attempt()].map(|attempt| decision(&records(), &attempt).outcome);
    let permits: Vec<_> = (0..60)
        .map(|number| limits.admit(&snapshot, &outcomes[number % 2], ms(1_000 * number as u64)).unwrap())
        .collect();
    for permit in permits {
        limits.release(permit);
    }
    assert_eq!((limits.calls(), limits.calls_to(E164::parse(OF_HEADQUARTERS).unwrap())), (0, 0));
}

#[test]
fn the_bucket_of_a_connector_that_is_no_more_is_forgotten() {
    let (mut limits, mut records) = (Limits::default(), records());
    assert!(admit(&mut limits, &records, &attempt(), ms(0)).is_ok());
    limits.follow(&snapshot(&records));
    assert!(admit(&mut limits, &records, &attempt(), ms(0)).is_err());
    let before = records.clone();
    records.phone_numbers.clear();
    records.voice_connector_groups.clear();
    records.voice_connectors.remove(HEADQUARTERS_AT);
    limits.follow(&snapshot(&records));
    assert!(admit(&mut limits, &before, &attempt(), ms(0)).is_ok());
}

#[test]
fn what_was_rejected_is_not_admitted() {
    let rejected = decision(&records(), &Attempt { number: "alice", ..attempt() }).outcome;
    assert!(matches!(rejected, Outcome::Reject(_)));
    let refusal = Limits::default().admit(&snapshot(&records()), &rejected, ms(0)).unwrap_err();
    assert_eq!(refusal, Refusal { reason: Reason::NumberNotE164, retry_after_s: None });
}
