//! Calls from carriers.

use trunk::{Home, Reason, records::Records, route::Attempt};

use crate::sample::{
    BRANCH_AT, HEADQUARTERS, HEADQUARTERS_AT, OF_BRANCH, OF_DESK, OF_HEADQUARTERS, PORTING, TOLL_FREE,
    UNASSIGNED, carrier_attempt, id, inbound, link, origination_of, reason, records,
};

const NORTH_2: [u8; 4] = [198, 51, 100, 2];
const SOUTH: [u8; 4] = [203, 0, 113, 1];

fn to(number: &str) -> Attempt<'_> {
    Attempt { number, ..carrier_attempt() }
}

#[test]
fn a_call_is_delivered_to_whom_the_number_is_assigned() {
    let call = inbound(&records(), &carrier_attempt());
    assert_eq!((call.home, call.link.as_str()), (Home::VoiceConnector(id(HEADQUARTERS)), "north-1"));
    assert_eq!(call.called.to_string(), OF_HEADQUARTERS);
    let hosts: Vec<String> = call.targets.iter().map(|target| target.peer.host.to_string()).collect();
    assert_eq!(hosts, ["pbx1.example", "pbx2.example"]);
}

#[test]
fn the_called_number_is_read_as_carriers_write_it() {
    for number in ["+12065550101", "12065550101", "2065550101"] {
        assert_eq!(inbound(&records(), &to(number)).called.to_string(), OF_HEADQUARTERS, "{number}");
    }
    for number in ["", "+2065550101", "065550101", "0012065550101", "alice", "+12065550199"] {
        assert_eq!(reason(&records(), &to(number)), Some(Reason::NumberUnknown), "{number}");
    }
    assert_eq!(Reason::NumberUnknown.status(), 404);
}

#[test]
fn where_ten_digits_can_be_two_numbers_the_inventory_tells() {
    let mut records = records();
    records.phone_numbers[0].e164_phone_number = "+2065550101".to_owned();
    assert_eq!(inbound(&records, &to("2065550101")).called.to_string(), "+2065550101");
}

#[test]
fn a_source_that_is_no_carriers_hears_nothing() {
    let stranger = Attempt { source: [8, 8, 8, 8].into(), ..carrier_attempt() };
    assert!(reason(&records(), &stranger).is_some_and(Reason::is_silent));
}

#[test]
fn a_local_number_is_delivered_by_any_link_of_its_carrier_and_by_no_other_carrier() {
    assert_eq!(reason(&records(), &Attempt { source: NORTH_2.into(), ..carrier_attempt() }), None);
    let other = Attempt { source: SOUTH.into(), ..carrier_attempt() };
    assert_eq!(reason(&records(), &other), Some(Reason::CarrierNotOfNumber));
    assert_eq!(Reason::CarrierNotOfNumber.status(), 403);
}

#[test]
fn a_toll_free_number_is_delivered_by_each_of_its_carriers() {
    for source in [[198, 51, 100, 1], SOUTH] {
        assert_eq!(reason(&records(), &Attempt { source: source.into(), ..to(TOLL_FREE) }), None);
    }
}

#[test]
fn a_disabled_link_brings_no_calls_unless_another_one_shares_its_address() {
    let mut records = records();
    records.carriers[0].links[0].disabled = true;
    assert_eq!(reason(&records, &carrier_attempt()), Some(Reason::LinkDisabled));
    let mut other = link("north-3", "198.51.100.9", 1);
    other.sources.push("198.51.100.1".to_owned());
    records.carriers[0].links.push(other);
    assert_eq!(inbound(&records, &carrier_attempt()).link.as_str(), "north-3");
}

#[test]
fn numbers_that_are_not_assigned_or_not_ours_yet_take_no_calls() {
    assert_eq!(reason(&records(), &to(UNASSIGNED)), Some(Reason::NumberUnassigned));
    assert_eq!(reason(&records(), &to(PORTING)), Some(Reason::NumberUnknown));
    assert_eq!(Reason::NumberUnassigned.status(), 404);
}

#[test]
fn a_connector_without_origination_takes_no_calls() {
    let mut records = records();
    assert_eq!(reason(&records, &to(OF_DESK)), Some(Reason::OriginationMissing));
    origination_of(&mut records, BRANCH_AT).routes.clear();
    assert_eq!(reason(&records, &to(OF_BRANCH)), Some(Reason::OriginationMissing));
    origination_of(&mut records, HEADQUARTERS_AT).disabled = true;
    assert_eq!(reason(&records, &carrier_attempt()), Some(Reason::OriginationDisabled));
    assert_eq!((Reason::OriginationMissing.status(), Reason::OriginationDisabled.status()), (480, 480));
}

#[test]
fn a_disabled_termination_does_not_keep_calls_away() {
    let mut records: Records = records();
    records.voice_connectors[HEADQUARTERS_AT].termination = None;
    assert_eq!(reason(&records, &carrier_attempt()), None);
}

#[test]
fn an_encrypted_connector_is_called_with_tls_and_srtp_whatever_its_routes_say() {
    let mut records = records();
    records.voice_connectors[HEADQUARTERS_AT].require_encryption = true;
    origination_of(&mut records, HEADQUARTERS_AT).routes[1].port = Some(5070);
    let targets = inbound(&records, &carrier_attempt()).targets;
    let peers: Vec<String> = targets.iter().map(|target| target.peer.to_string()).collect();
    assert_eq!(peers, ["pbx1.example:5061 over tls", "pbx2.example:5070 over tls"]);
    assert!(targets.iter().all(|target| target.is_encrypted));
}
