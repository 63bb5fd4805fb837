//! Calls between customers, which need no carrier.

use trunk::{Home, Reason, route::Attempt};

use crate::sample::{
    BRANCH, BRANCH_AT, HEADQUARTERS, HEADQUARTERS_AT, OF_BRANCH, OF_DESK, OF_HEADQUARTERS, UNASSIGNED,
    attempt, id, on_net, origination_of, reason, records, termination_of,
};

fn to(number: &str) -> Attempt<'_> {
    Attempt { number, ..attempt() }
}

#[test]
fn a_number_of_another_connector_is_reached_without_a_carrier() {
    let mut records = records();
    for carrier in &mut records.carriers {
        carrier.links.iter_mut().for_each(|link| link.disabled = true);
    }
    let call = on_net(&records, &to(OF_BRANCH));
    assert_eq!((call.connector, call.home), (id(HEADQUARTERS), Home::VoiceConnector(id(BRANCH))));
    assert_eq!(call.targets[0].peer.to_string(), "pbx3.example:5060 over udp");
    assert_eq!(call.caller.shown().unwrap().to_string(), OF_HEADQUARTERS);
}

#[test]
fn a_connector_may_call_itself() {
    assert_eq!(on_net(&records(), &to(OF_HEADQUARTERS)).home, Home::VoiceConnector(id(HEADQUARTERS)));
}

#[test]
fn numbers_of_ours_that_take_no_calls_never_go_to_a_carrier() {
    let mut records = records();
    assert_eq!(reason(&records, &to(UNASSIGNED)), Some(Reason::NumberUnassigned));
    assert_eq!(reason(&records, &to(OF_DESK)), Some(Reason::OriginationMissing));
    origination_of(&mut records, BRANCH_AT).disabled = true;
    assert_eq!(reason(&records, &to(OF_BRANCH)), Some(Reason::OriginationDisabled));
}

#[test]
fn the_rules_of_the_calling_connector_hold_on_net_too() {
    let mut records = records();
    let french = Attempt { from: "+33123456789", ..to(OF_BRANCH) };
    assert_eq!(reason(&records, &french), Some(Reason::CallerNotAllowed));
    termination_of(&mut records, HEADQUARTERS_AT).calling_regions = vec!["GB".to_owned()];
    assert_eq!(reason(&records, &to(OF_BRANCH)), Some(Reason::CallingRegionNotAllowed));
}
