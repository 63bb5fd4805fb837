//! Records are read with the words of the AWS API.

use trunk::{
    AwsRegion, CdrSchema, NetworkType, Quotas, Transport,
    records::{
        AssociationName, CallDistributionType, PhoneNumberStatus, PhoneNumberType, Records, RouteProtocol,
    },
};

use crate::sample::{attempt, outbound, records};

const TEXT: &str = r#"{
    "zone": "vc.example",
    "strict_aws_limits": true,
    "quotas": { "voice_connectors": 1000 },
    "global_settings": { "cdr_bucket": "records", "cdr_schema": "2.0" },
    "voice_connectors": [{
        "voice_connector_id": "headquarters0000000001",
        "name": "Headquarters",
        "aws_region": "eu-central-1",
        "network_type": "DUAL_STACK",
        "integration_type": "CONNECT_CALL_TRANSFER_CONNECTOR",
        "require_encryption": false,
        "termination": {
            "calling_regions": ["US"], "cidr_allowed_list": ["192.0.2.0/27"], "cps_limit": 5,
            "default_phone_number": "+12065550101"
        },
        "credentials": [{ "username": "5600", "secrets": [
            { "algorithm": "MD5", "ha1": "939e7578ed9e3c518a452acee763bce9" }
        ]}],
        "origination": { "routes": [
            { "host": "pbx1.example", "port": 5060, "protocol": "UDP", "priority": 1, "weight": 1 }
        ]},
        "logging": { "enable_sip_logs": true },
        "streaming": {
            "data_retention_in_hours": 24, "disabled": false, "streaming_notification_targets": ["EventBridge", "SQS"]
        }
    }],
    "voice_connector_groups": [{
        "voice_connector_group_id": "group00000000000000001",
        "name": "All",
        "call_distribution_type": "LoadBalancedDistribution",
        "voice_connector_items": [{ "voice_connector_id": "headquarters0000000001", "priority": 1 }]
    }],
    "carriers": [{ "carrier_id": "north", "links": [
        { "carrier_link_id": "north-1", "host": "198.51.100.1", "transport": "TLS", "priority": 1 }
    ]}],
    "phone_numbers": [{
        "e164_phone_number": "+18005550104", "type": "TollFree", "status": "Assigned", "carriers": ["north"],
        "associations": [{ "name": "VoiceConnectorGroupId", "value": "group00000000000000001" }]
    }]
}"#;

#[test]
fn records_are_read_from_json() {
    let records: Records = serde_json::from_str(TEXT).unwrap();
    let connector = &records.voice_connectors[0];
    assert_eq!(
        (connector.aws_region, connector.network_type),
        (AwsRegion::EuCentral1, NetworkType::DualStack)
    );
    assert_eq!(connector.origination.as_ref().unwrap().routes[0].protocol, RouteProtocol::Udp);
    assert_eq!(records.global_settings.cdr_schema, CdrSchema::Two);
    assert_eq!(records.quotas, Quotas { voice_connectors: 1_000, ..Quotas::default() });
    assert_eq!(records.carriers[0].links[0].transport, Transport::Tls);
    let group = &records.voice_connector_groups[0];
    assert_eq!(group.call_distribution_type, CallDistributionType::LoadBalancedDistribution);
    let number = &records.phone_numbers[0];
    assert_eq!(
        (number.phone_number_type, number.status),
        (PhoneNumberType::TollFree, PhoneNumberStatus::Assigned)
    );
    assert_eq!(number.associations[0].name, AssociationName::VoiceConnectorGroupId);
    assert!(trunk::snapshot::Snapshot::build(&records).is_ok());
}

#[test]
fn defaults_are_those_of_the_api() {
    let records: Records =
        serde_json::from_str(r#"{ "voice_connectors": [{ "termination": {} }], "phone_numbers": [{}] }"#)
            .unwrap();
    let termination = records.voice_connectors[0].termination.as_ref().unwrap();
    assert_eq!((termination.cps_limit, termination.disabled, termination.premium_calls), (1, false, true));
    assert_eq!(records.voice_connectors[0].aws_region, AwsRegion::UsEast1);
    assert_eq!(records.caller_identity.countries, ["US"]);
    assert_eq!(records.phone_numbers[0].status, PhoneNumberStatus::Unassigned);
    assert_eq!(
        (records.quotas.phone_numbers, records.quotas.voice_connectors, records.quotas.routes),
        (25, 3, 10)
    );
}

#[test]
fn an_unknown_word_is_refused() {
    let texts = [
        r#"{ "voice_conectors": [] }"#,
        r#"{ "voice_connectors": [{ "aws_region": "mars-1" }] }"#,
        r#"{ "voice_connectors": [{ "termination": { "cps": 1 } }] }"#,
        r#"{ "phone_numbers": [{ "product_type": "BusinessCalling" }] }"#,
        r#"{ "voice_connectors": [{ "origination": { "routes": [
            { "host": "a", "protocol": "TLS", "priority": 1, "weight": 1 } ] } }] }"#,
    ];
    for text in texts {
        assert!(serde_json::from_str::<Records>(text).is_err(), "{text}");
    }
}

#[test]
fn records_survive_being_written_and_read() {
    let text = serde_json::to_string(&records()).unwrap();
    let read: Records = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
    assert_eq!(outbound(&read, &attempt()), outbound(&records(), &attempt()));
}

#[test]
fn secrets_of_records_are_in_no_debug_output() {
    let records: Records = serde_json::from_str(TEXT).unwrap();
    let shown = format!("{records:?} {:?}", trunk::snapshot::Snapshot::build(&records).unwrap());
    assert!(shown.contains("5600") && !shown.contains("939e7578"), "{shown}");
}
