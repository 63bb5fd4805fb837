//! What a snapshot finds.

use trunk::{
    CarrierLinkId, E164, Home, PhoneNumber, Tenure, VoiceConnectorGroupId,
    records::{Presentable, Records},
};

use crate::sample::{
    BRANCH, GROUP, HEADQUARTERS, OF_GROUP, OF_HEADQUARTERS, PORTING, TOLL_FREE, UNASSIGNED, id, records,
    snapshot,
};

fn found(records: &Records, number: &str) -> PhoneNumber {
    snapshot(records).number(E164::parse(number).unwrap()).unwrap()
}

#[test]
fn numbers_know_their_home_carriers_and_capacity() {
    let mut records = records();
    records.phone_numbers[0].calls_max = Some(7);
    let group = Home::VoiceConnectorGroup(VoiceConnectorGroupId::parse(GROUP).unwrap());
    let headquarters = Home::VoiceConnector(id(HEADQUARTERS));
    let cases = [
        (OF_HEADQUARTERS, Some(headquarters), Tenure::Assigned, &["north"][..], 7),
        (OF_GROUP, Some(group), Tenure::Assigned, &["north"], 100),
        (TOLL_FREE, Some(headquarters), Tenure::Assigned, &["north", "south"], 100),
        (UNASSIGNED, None, Tenure::Idle, &["north"], 100),
        (PORTING, Some(headquarters), Tenure::Coming, &["north"], 100),
    ];
    for (number, home, tenure, carriers, calls_max) in cases {
        let number = found(&records, number);
        assert_eq!((number.home, number.tenure, number.calls_max.get()), (home, tenure, calls_max));
        let names: Vec<&str> = number.carriers.iter().map(|carrier| carrier.as_str()).collect();
        assert_eq!(names, carriers);
    }
    assert_eq!(snapshot(&records).number(E164::parse("+12065550199").unwrap()), None);
}

#[test]
fn every_number_is_found_whatever_the_order_of_the_records() {
    let mut records = records();
    records.phone_numbers.reverse();
    let snapshot = snapshot(&records);
    for record in &records.phone_numbers {
        let number = E164::parse(&record.e164_phone_number).unwrap();
        assert_eq!(snapshot.number(number).map(|found| found.e164), Some(number));
    }
    assert_eq!(snapshot.numbers_len(), records.phone_numbers.len());
}

#[test]
fn groups_name_their_connectors() {
    let snapshot = snapshot(&records());
    let group = snapshot.group(&VoiceConnectorGroupId::parse(GROUP).unwrap()).unwrap();
    let members: Vec<(String, u8)> = snapshot
        .connectors_of(group)
        .map(|(connector, priority)| (connector.id.to_string(), priority))
        .collect();
    assert_eq!(members, [(HEADQUARTERS.to_owned(), 1), (BRANCH.to_owned(), 2)]);
    assert_eq!(snapshot.groups().len(), 1);
}

#[test]
fn links_are_found_by_address_and_by_id() {
    let mut records = records();
    records.carriers[1].links[0].host = "sbc.example".to_owned();
    records.carriers[1].links[0].sources = vec!["203.0.113.0/28".to_owned()];
    let snapshot = snapshot(&records);
    let by_source = |source: [u8; 4]| snapshot.link_by_source(source.into()).map(|link| link.id.to_string());
    assert_eq!(by_source([198, 51, 100, 2]).as_deref(), Some("north-2"));
    assert_eq!(by_source([203, 0, 113, 9]).as_deref(), Some("south-1"));
    assert_eq!(by_source([203, 0, 113, 16]), None);
    let south = snapshot.link(&CarrierLinkId::parse("south-1").unwrap()).unwrap();
    assert_eq!((south.carrier.as_str(), south.peer.port), ("south", 5060));
    assert_eq!((snapshot.carriers().len(), snapshot.links().len()), (2, 3));
}

#[test]
fn connectors_have_host_names_in_the_zone() {
    let mut records = records();
    records.zone = "VC.Example".to_owned();
    let snapshot = snapshot(&records);
    let host = snapshot.outbound_host_name(&id(BRANCH));
    assert_eq!(host, "branch0000000000000001.vc.example");
    assert_eq!(snapshot.connector_by_host(&host).map(|connector| connector.id), Some(id(BRANCH)));
    assert_eq!(snapshot.zone(), "vc.example");
    let strangers =
        ["", "vc.example", ".vc.example", "a.b.vc.example", "branch0000000000000001.vc.example.org", "["];
    for host in strangers {
        assert!(snapshot.connector_by_host(host).is_none(), "{host}");
    }
    assert_eq!(snapshot.connectors().len(), 3);
}

#[test]
fn settings_are_kept_as_they_are() {
    let mut records = records();
    records.caller_identity.presentable = Presentable::Inventory;
    records.calls_max = Some(30_000);
    records.global_settings.cdr_bucket = Some("records-of-calls".to_owned());
    records.voice_connectors[0].logging.enable_sip_logs = true;
    let snapshot = snapshot(&records);
    assert_eq!(snapshot.presentable(), Presentable::Inventory);
    assert_eq!(snapshot.calls_max().map(std::num::NonZeroU32::get), Some(30_000));
    assert_eq!(snapshot.global_settings(), &records.global_settings);
    assert!(snapshot.connector(&id(HEADQUARTERS)).unwrap().logging.enable_sip_logs);
}

#[test]
fn an_empty_installation_is_one() {
    let records = Records { zone: "vc.example".to_owned(), ..Records::default() };
    let snapshot = snapshot(&records);
    assert_eq!((snapshot.numbers_len(), snapshot.connectors().len()), (0, 0));
}
