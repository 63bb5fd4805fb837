//! Calls for help.

use trunk::{
    Reason,
    records::{DnisRecord, EmergencyCallingRecord, Records},
    route::{Attempt, CallerOrigin},
};

use crate::sample::{HEADQUARTERS_AT, OF_BRANCH, attempt, outbound, reason, records, termination_of};

fn with_emergency(test: Option<&str>) -> Records {
    let mut records = records();
    records.voice_connectors[HEADQUARTERS_AT].emergency_calling = Some(EmergencyCallingRecord {
        dnis: vec![DnisRecord {
            calling_country: "US".to_owned(),
            emergency_phone_number: "+13035550190".to_owned(),
            test_phone_number: test.map(str::to_owned),
        }],
    });
    records
}

fn to(number: &str) -> Attempt<'_> {
    Attempt { number, ..attempt() }
}

#[test]
fn help_is_called_at_the_number_that_is_set_up_for_it() {
    let call = outbound(&with_emergency(None), &to("911"));
    assert_eq!((call.called.to_string().as_str(), call.is_emergency), ("+13035550190", true));
}

#[test]
fn the_test_number_answers_933() {
    let call = outbound(&with_emergency(Some("+13035550191")), &to("933"));
    assert_eq!((call.called.to_string().as_str(), call.is_emergency), ("+13035550191", true));
    assert_eq!(reason(&with_emergency(None), &to("933")), Some(Reason::EmergencyNotConfigured));
}

#[test]
fn without_a_number_for_it_help_is_refused_at_once() {
    assert_eq!(reason(&records(), &to("911")), Some(Reason::EmergencyNotConfigured));
    assert_eq!(Reason::EmergencyNotConfigured.status(), 403);
}

#[test]
fn regions_and_callers_do_not_keep_help_away() {
    let mut records = with_emergency(None);
    termination_of(&mut records, HEADQUARTERS_AT).calling_regions.clear();
    let foreign = outbound(&records, &Attempt { from: "+33123456789", ..to("911") });
    assert_eq!(foreign.caller.number.unwrap().to_string(), "+33123456789");
    let unknown = outbound(&records, &Attempt { from: "4000", ..to("911") });
    assert_eq!((unknown.caller.number, unknown.caller.origin), (None, CallerOrigin::Unknown));
    termination_of(&mut records, HEADQUARTERS_AT).default_phone_number = Some(OF_BRANCH.to_owned());
    let default = outbound(&records, &Attempt { from: "4000", ..to("911") });
    assert_eq!(default.caller.origin, CallerOrigin::DefaultPhoneNumber);
    termination_of(&mut records, HEADQUARTERS_AT).default_phone_number = Some("+33123456789".to_owned());
    let foreign = outbound(&records, &Attempt { from: "4000", ..to("911") });
    assert_eq!(foreign.caller.origin, CallerOrigin::DefaultPhoneNumber);
}

#[test]
fn help_is_given_to_customers_and_not_to_strangers() {
    let stranger = Attempt { source: [8, 8, 8, 8].into(), ..to("911") };
    assert_eq!(reason(&with_emergency(None), &stranger), Some(Reason::SourceNotAllowed));
}
