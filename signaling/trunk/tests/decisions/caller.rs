//! Who is presented as the caller.

use trunk::{
    Reason,
    records::{Presentable, Records},
    route::{Attempt, CallerOrigin},
};

use crate::sample::{
    HEADQUARTERS_AT, OF_BRANCH, OF_GROUP, OF_HEADQUARTERS, attempt, carrier_attempt, inbound, on_net,
    outbound, reason, records, termination_of,
};

fn with_default(number: &str) -> Records {
    let mut records = records();
    termination_of(&mut records, HEADQUARTERS_AT).default_phone_number = Some(number.to_owned());
    records
}

fn presented(records: &Records, attempt: &Attempt<'_>) -> (String, CallerOrigin) {
    let caller = outbound(records, attempt).caller;
    (caller.number.unwrap().to_string(), caller.origin)
}

#[test]
fn p_asserted_identity_is_presented_else_from() {
    let cases: [(&[&str], &str, &str, CallerOrigin); 4] = [
        (&[], "+12065550150", "+12065550150", CallerOrigin::From),
        (&["+12065550151"], "+12065550150", "+12065550151", CallerOrigin::PAssertedIdentity),
        (&["4000", "+12065550151"], "+12065550150", "+12065550151", CallerOrigin::PAssertedIdentity),
        (&["+12065550151"], "anonymous", "+12065550151", CallerOrigin::PAssertedIdentity),
    ];
    for (asserted, from, number, origin) in cases {
        let attempt = Attempt { asserted, from, ..attempt() };
        assert_eq!(presented(&records(), &attempt), (number.to_owned(), origin), "{asserted:?} {from}");
    }
}

#[test]
fn a_caller_that_may_not_be_presented_is_refused() {
    let cases: [(&[&str], &str, Reason); 7] = [
        (&["+33123456789"], "+12065550150", Reason::CallerNotAllowed),
        (&["4000"], "+12065550150", Reason::CallerNotAllowed),
        (&[], "2065550150", Reason::CallerNotAllowed),
        (&[], "+14165550100", Reason::CallerNotAllowed),
        (&[], "+870123456789", Reason::CallerNotAllowed),
        (&[], "anonymous", Reason::CallerUnknown),
        (&[], "", Reason::CallerUnknown),
    ];
    for (asserted, from, wanted) in cases {
        let attempt = Attempt { asserted, from, ..attempt() };
        assert_eq!(reason(&records(), &attempt), Some(wanted), "{asserted:?} {from}");
        assert_eq!(wanted.status(), 403);
    }
}

#[test]
fn the_default_number_stands_in_for_whoever_may_not_be_presented() {
    for from in ["anonymous", "", "4000", "+33123456789"] {
        let attempt = Attempt { from, ..attempt() };
        let wanted = ("+12065550101".to_owned(), CallerOrigin::DefaultPhoneNumber);
        assert_eq!(presented(&with_default("12065550101"), &attempt), wanted, "{from}");
    }
    let (number, origin) = presented(&with_default("+12065550101"), &attempt());
    assert_eq!((number.as_str(), origin), (OF_HEADQUARTERS, CallerOrigin::From));
}

#[test]
fn a_default_number_that_may_not_be_presented_either_helps_nobody() {
    let attempt = Attempt { from: "anonymous", ..attempt() };
    assert_eq!(reason(&with_default("+33123456789"), &attempt), Some(Reason::CallerNotAllowed));
}

#[test]
fn countries_of_callers_are_configured() {
    let mut records = records();
    records.caller_identity.countries = vec!["FR".to_owned(), "US".to_owned()];
    let french = Attempt { from: "+33123456789", ..attempt() };
    assert_eq!(presented(&records, &french).0, "+33123456789");
}

#[test]
fn presentable_numbers_are_anybodys_the_inventorys_or_the_connectors_own() {
    let stranger = "+12065550199";
    let cases = [
        (Presentable::Any, [true, true, true, true]),
        (Presentable::Inventory, [true, true, true, false]),
        (Presentable::VoiceConnector, [true, true, false, false]),
    ];
    for (presentable, wanted) in cases {
        let mut records = records();
        records.caller_identity.presentable = presentable;
        let is_taken = |from| reason(&records, &Attempt { from, ..attempt() }).is_none();
        let found = [OF_HEADQUARTERS, OF_GROUP, OF_BRANCH, stranger].map(is_taken);
        assert_eq!(found, wanted, "{presentable:?}");
    }
}

#[test]
fn a_restricted_caller_is_told_to_carriers_and_not_shown_to_customers() {
    let hidden = Attempt { privacy: true, ..attempt() };
    let caller = outbound(&records(), &hidden).caller;
    assert!(caller.is_restricted && caller.number.is_some());
    assert_eq!(caller.shown(), None);

    let anonymous = Attempt { asserted: &[OF_HEADQUARTERS], from: "Anonymous", ..attempt() };
    assert!(outbound(&records(), &anonymous).caller.is_restricted);

    let hidden = Attempt { privacy: true, ..carrier_attempt() };
    assert_eq!(inbound(&records(), &hidden).caller.shown(), None);
}

#[test]
fn callers_from_the_telephone_network_are_read_with_or_without_plus() {
    let cases: [(&[&str], &str, Option<&str>); 5] = [
        (&[], "+14255550100", Some("+14255550100")),
        (&[], "14255550100", Some("+14255550100")),
        (&["14255550101"], "14255550100", Some("+14255550101")),
        (&[], "anonymous", None),
        (&[], "4255550100x", None),
    ];
    for (asserted, from, wanted) in cases {
        let caller = inbound(&records(), &Attempt { asserted, from, ..carrier_attempt() }).caller;
        assert_eq!(caller.number.map(|number| number.to_string()).as_deref(), wanted, "{asserted:?} {from}");
        assert_eq!(caller.origin == CallerOrigin::Unknown, wanted.is_none());
    }
}

#[test]
fn calling_names_go_to_the_telephone_network_and_to_nobody_else() {
    let mut records = records();
    records.default_calling_name = "Example Inc".to_owned();
    records.phone_numbers[0].calling_name = Some("Head Office".to_owned());
    let name = |attempt: &Attempt<'_>| outbound(&records, attempt).caller.name;
    assert_eq!(name(&attempt()).as_deref(), Some("Head Office"));
    assert_eq!(name(&Attempt { from: OF_BRANCH, ..attempt() }).as_deref(), Some("Example Inc"));
    assert_eq!(name(&Attempt { from: "+12065550199", ..attempt() }), None);
    assert_eq!(name(&Attempt { privacy: true, ..attempt() }), None);
    assert_eq!(on_net(&records, &Attempt { number: OF_BRANCH, ..attempt() }).caller.name, None);
    assert_eq!(inbound(&records, &carrier_attempt()).caller.name, None);
}

#[test]
fn a_calling_name_counts_only_when_its_change_has_succeeded() {
    let mut records = records();
    records.phone_numbers[0].calling_name = Some("Head Office".to_owned());
    records.phone_numbers[0].calling_name_status = trunk::records::CallingNameStatus::UpdateInProgress;
    assert_eq!(outbound(&records, &attempt()).caller.name, None);
}
