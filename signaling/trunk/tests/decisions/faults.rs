//! What a snapshot refuses: each kind of bad record, with what was wanted, found, and where.

mod carriers;
mod numbers;

use trunk::{
    NotificationTarget, Secret, StreamingConfiguration,
    records::{CredentialRecord, DnisRecord, EmergencyCallingRecord, Records, VoiceConnectorRecord},
    snapshot::Snapshot,
};

use crate::sample::{
    self, DESK, HEADQUARTERS, HEADQUARTERS_AT, item, origination, origination_of, records, termination_of,
};

type Spoil = fn(&mut Records);

/// Spoils good records in one way each, and looks for a part of the one fault.
fn check(cases: &[(Spoil, &str)]) {
    for (spoil, wanted) in cases {
        let mut records = records();
        spoil(&mut records);
        let Err(faults) = Snapshot::build(&records) else { panic!("accepted, wanted: {wanted}") };
        let text = faults.to_string();
        assert_eq!(faults.list.len(), 1, "wanted {wanted:?}, found {text}");
        assert!(text.contains(wanted), "wanted {wanted:?}, found {text}");
    }
}

fn headquarters(records: &mut Records) -> &mut VoiceConnectorRecord {
    &mut records.voice_connectors[HEADQUARTERS_AT]
}

fn credential(records: &mut Records) -> &mut CredentialRecord {
    let credentials = &mut headquarters(records).credentials;
    credentials.push(sample::credential(&format!("user{}", credentials.len())));
    credentials.last_mut().unwrap()
}

fn emergency(records: &mut Records) -> &mut DnisRecord {
    let dnis = DnisRecord {
        calling_country: "US".to_owned(),
        emergency_phone_number: "+13035550190".to_owned(),
        test_phone_number: None,
    };
    let emergency = EmergencyCallingRecord { dnis: vec![dnis] };
    &mut headquarters(records).emergency_calling.insert(emergency).dnis[0]
}

#[test]
fn good_records_have_no_fault() {
    let mut records = records();
    credential(&mut records);
    emergency(&mut records).test_phone_number = Some("+13035550191".to_owned());
    assert!(Snapshot::build(&records).is_ok());
}

#[test]
fn what_all_connectors_share_is_checked() {
    check(&[
        (|records| records.zone = "vc..example".to_owned(), "zone: wanted a name of the DNS"),
        (|records| records.zone = "a.".repeat(108) + "a", "zone: wanted a name of the DNS of 216"),
        (|records| records.caller_identity.countries = vec!["usa".to_owned()], "caller identity, country 1"),
        (|records| records.calls_max = Some(0), "calls_max: wanted 1 or more"),
        (|records| records.default_calling_name = "sixteen letters!".to_owned(), "default_calling_name"),
        (|records| records.global_settings.cdr_bucket = Some("a.b".to_owned()), "cdr_bucket"),
        (|records| records.global_settings.cdr_bucket = Some("-ab".to_owned()), "cdr_bucket"),
    ]);
}

#[test]
fn connectors_are_checked() {
    check(&[
        (|records| headquarters(records).name = String::new(), "name: wanted 1 to 256"),
        (|records| headquarters(records).name = "a/b".to_owned(), "found \"a/b\""),
        (
            |records| {
                headquarters(records).streaming = Some(StreamingConfiguration {
                    data_retention_in_hours: 24,
                    disabled: false,
                    media_insights_configuration: None,
                    streaming_notification_targets: vec![NotificationTarget::Sns; 4],
                });
            },
            "streaming_notification_targets: wanted 3 at most, found 4",
        ),
    ]);
    let mut records = records();
    records.phone_numbers.retain(|number| number.associations.iter().all(|home| home.value != DESK));
    records.voice_connectors[2].voice_connector_id = HEADQUARTERS.to_owned();
    let text = Snapshot::build(&records).unwrap_err().to_string();
    assert_eq!(
        text,
        format!("voice connector {HEADQUARTERS}: wanted an id of its own, found the id of another one\n")
    );
    records.voice_connectors[2].voice_connector_id = "Desk".to_owned();
    let text = Snapshot::build(&records).unwrap_err().to_string();
    assert!(text.starts_with("voice connector Desk: voice_connector_id: wanted 21 or 22 of a-z"), "{text}");
}

#[test]
fn terminations_are_checked() {
    check(&[
        (
            |records| termination_of(records, 0).cidr_allowed_list.push("192.0.2.1/27".to_owned()),
            "termination: cidr_allowed_list, network 2: wanted an IPv4 or IPv6 network without host bits",
        ),
        (
            |records| termination_of(records, 0).cidr_allowed_list.push("192.0.2.0/27".to_owned()),
            "each network once, found 192.0.2.0/27 again",
        ),
        (
            |records| termination_of(records, 0).cidr_allowed_list.push("0.0.0.0/0".to_owned()),
            "a network of /8 or smaller",
        ),
        (
            |records| termination_of(records, 0).cidr_allowed_list.push("2001:d00::/24".to_owned()),
            "/32 or smaller with IPv6",
        ),
        (
            |records| {
                let more = (0..10).map(|number| format!("10.0.0.{number}/32"));
                termination_of(records, 0).cidr_allowed_list.extend(more);
            },
            "cidr_allowed_list: wanted 10 at most, found 11",
        ),
        (
            |records| termination_of(records, 0).calling_regions.push("GBR".to_owned()),
            "calling_regions, country 3: wanted a country by two letters",
        ),
        (|records| termination_of(records, 0).cps_limit = 0, "cps_limit: wanted 1 to 256, found 0"),
        (|records| termination_of(records, 0).cps_limit = 257, "cps_limit: wanted 1 to 256, found 257"),
        (
            |records| termination_of(records, 0).default_phone_number = Some("4000x".to_owned()),
            "default_phone_number: wanted + and 2 to 15 digits in E.164, such as +12065550100, found \"4000x\"",
        ),
    ]);
}

#[test]
fn originations_are_checked() {
    check(&[
        (
            |records| origination_of(records, 0).routes[0].host = "pbx_1".to_owned(),
            "origination: route 1: host: wanted a host name",
        ),
        (
            |records| origination_of(records, 0).routes[1].priority = 0,
            "route 2: priority: wanted 1 to 100, found 0",
        ),
        (
            |records| origination_of(records, 0).routes[1].weight = 101,
            "route 2: weight: wanted 1 to 100, found 101",
        ),
        (
            |records| origination_of(records, 0).routes[1].host = "PBX1.example".to_owned(),
            "each host once, found pbx1.example:5060 over udp again",
        ),
        (
            |records| {
                let hosts: Vec<String> = (0..11).map(|number| format!("pbx{number}")).collect();
                let routes: Vec<_> = hosts.iter().map(|host| (host.as_str(), 1, 1)).collect();
                headquarters(records).origination = Some(origination(&routes));
            },
            "routes: wanted 10 at most, found 11",
        ),
        (
            |records| {
                records.quotas.routes = 100;
                let hosts: Vec<String> = (0..21).map(|number| format!("pbx{number}")).collect();
                let routes: Vec<_> = hosts.iter().map(|host| (host.as_str(), 1, 1)).collect();
                headquarters(records).origination = Some(origination(&routes));
            },
            "routes: wanted 20 at most, found 21",
        ),
        (
            |records| origination_of(records, 0).routes[0].host = "2001:db8::1".to_owned(),
            "an IPv4 address, or network_type DUAL_STACK",
        ),
    ]);
}

#[test]
fn credentials_are_checked_and_never_shown() {
    check(&[
        (|records| credential(records).username = String::new(), "credential 1: username: wanted 1 to 128"),
        (|records| credential(records).username = "a\"b".to_owned(), "without quotes"),
        (
            |records| {
                credential(records).username = "twice".to_owned();
                credential(records).username = "twice".to_owned();
            },
            "credential 2: username: wanted a name of its own",
        ),
        (
            |records| credential(records).secrets.clear(),
            "secrets: wanted one per algorithm, and at least one, found 0",
        ),
        (
            |records| {
                let secrets = &mut credential(records).secrets;
                secrets.push(secrets[0].clone());
            },
            "one per algorithm",
        ),
        (
            |records| {
                for _ in 0..11 {
                    credential(records);
                }
            },
            "credentials: wanted 10 at most, found 11",
        ),
    ]);
    let mut records = records();
    credential(&mut records).secrets[0].ha1 = Secret::new("hunter2".to_owned());
    let text = Snapshot::build(&records).unwrap_err().to_string();
    assert!(text.contains("wanted the hexadecimal digits of MD5") && !text.contains("hunter2"), "{text}");
}

#[test]
fn emergency_calling_is_checked() {
    check(&[
        (
            |records| emergency(records).calling_country = "GB".to_owned(),
            "calling_country: wanted US, found \"GB\"",
        ),
        (
            |records| emergency(records).emergency_phone_number = "+442079460000".to_owned(),
            "emergency_phone_number: wanted a number of the North American plan",
        ),
        (|records| emergency(records).test_phone_number = Some("933".to_owned()), "test_phone_number"),
        (
            |records| headquarters(records).emergency_calling = Some(EmergencyCallingRecord::default()),
            "dnis: wanted one entry, found 0",
        ),
        (
            |records| {
                emergency(records);
                origination_of(records, HEADQUARTERS_AT).disabled = true;
            },
            "emergency_calling: wanted termination and origination in use",
        ),
        (
            |records| {
                emergency(records);
                headquarters(records).termination = None;
            },
            "emergency_calling: wanted termination and origination in use",
        ),
    ]);
}

#[test]
fn groups_are_checked() {
    check(&[
        (
            |records| records.voice_connector_groups[0].voice_connector_items[1].priority = 100,
            "item 2: priority: wanted 1 to 99, found 100",
        ),
        (
            |records| records.voice_connector_groups[0].voice_connector_items.push(item(HEADQUARTERS, 3)),
            "each connector once",
        ),
        (
            |records| records.voice_connector_groups[0].voice_connector_items.push(item("gone", 3)),
            "item 3: voice_connector_id: wanted a connector that there is, found \"gone\"",
        ),
        (
            |records| {
                records.quotas.group_items = 2;
                records.voice_connector_groups[0].voice_connector_items.push(item(DESK, 3));
            },
            "voice_connector_items: wanted 2 at most, found 3",
        ),
        (|records| records.voice_connector_groups[0].name = String::new(), "name: wanted 1 to 256"),
        (
            |records| records.voice_connector_groups.push(records.voice_connector_groups[0].clone()),
            "an id of its own",
        ),
    ]);
}

#[test]
fn strict_limits_want_public_hosts_and_small_public_networks() {
    check(&[
        (
            |records| {
                records.strict_aws_limits = true;
                termination_of(records, 0).cidr_allowed_list[0] = "10.0.0.0/27".to_owned();
            },
            "network 1: wanted a public IPv4 network of /27 to /32, found 10.0.0.0/27",
        ),
        (
            |records| {
                records.strict_aws_limits = true;
                termination_of(records, 0).cidr_allowed_list[0] = "192.0.2.0/26".to_owned();
            },
            "wanted a public IPv4 network of /27 to /32, found 192.0.2.0/26",
        ),
        (
            |records| {
                records.strict_aws_limits = true;
                origination_of(records, 0).routes[0].host = "192.168.1.1".to_owned();
            },
            "host: wanted a public address, found 192.168.1.1",
        ),
    ]);
    let mut private = records();
    termination_of(&mut private, 0).cidr_allowed_list[0] = "10.0.0.0/8".to_owned();
    assert!(Snapshot::build(&private).is_ok());
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_records() {
    let mut records = records();
    records.zone.clear();
    termination_of(&mut records, 0).cps_limit = 0;
    origination_of(&mut records, 0).routes[0].weight = 0;
    records.phone_numbers[0].calls_max = Some(0);
    let faults = Snapshot::build(&records).unwrap_err();
    let places: Vec<&str> = faults.list.iter().map(|fault| fault.at.as_str()).collect();
    assert_eq!(
        places,
        [
            "zone",
            "voice connector headquarters0000000001: termination: cps_limit",
            "voice connector headquarters0000000001: origination: route 1: weight",
            "phone number +12065550101: calls_max",
        ]
    );
}
