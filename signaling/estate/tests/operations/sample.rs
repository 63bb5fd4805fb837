//! A small installation as a file would have it, and the parts that tests change.

use trunk::records::{
    AssociationName, AssociationRecord, CarrierLinkRecord, CarrierRecord, CredentialRecord, DnisRecord,
    EmergencyCallingRecord, OriginationRecord, PhoneNumberRecord, PhoneNumberStatus, Records, RouteProtocol,
    RouteRecord, SecretRecord, TerminationRecord, VoiceConnectorGroupRecord, VoiceConnectorItemRecord,
    VoiceConnectorRecord,
};
use trunk::{DigestAlgorithm, Secret};

pub(crate) const HEADQUARTERS: &str = "headquarters0000000001";
pub(crate) const BRANCH: &str = "branch0000000000000001";
pub(crate) const GROUP: &str = "group00000000000000001";
pub(crate) const OF_HEADQUARTERS: &str = "+12065550101";
pub(crate) const OF_GROUP: &str = "+12065550102";
pub(crate) const OF_NOBODY: &str = "+12065550103";

/// Two trunks in a group, three numbers of two carriers.
pub(crate) fn records() -> Records {
    Records {
        carriers: vec![carrier("north", "198.51.100.1"), carrier("south", "198.51.100.2")],
        phone_numbers: vec![
            number(OF_HEADQUARTERS, Some((AssociationName::VoiceConnectorId, HEADQUARTERS))),
            number(OF_GROUP, Some((AssociationName::VoiceConnectorGroupId, GROUP))),
            number(OF_NOBODY, None),
        ],
        voice_connector_groups: vec![VoiceConnectorGroupRecord {
            name: "Both".to_owned(),
            voice_connector_group_id: GROUP.to_owned(),
            voice_connector_items: vec![item(HEADQUARTERS, 1), item(BRANCH, 2)],
            ..VoiceConnectorGroupRecord::default()
        }],
        voice_connectors: vec![
            VoiceConnectorRecord {
                credentials: vec![credential("pbx", 'a')],
                origination: Some(OriginationRecord { disabled: false, routes: vec![route("192.0.2.1")] }),
                termination: Some(termination("192.0.2.0/27")),
                ..connector(HEADQUARTERS)
            },
            connector(BRANCH),
        ],
        zone: "vc.example".to_owned(),
        ..Records::default()
    }
}

pub(crate) fn connector(id: &str) -> VoiceConnectorRecord {
    VoiceConnectorRecord {
        name: "Trunk".to_owned(),
        voice_connector_id: id.to_owned(),
        ..VoiceConnectorRecord::default()
    }
}

pub(crate) fn carrier(id: &str, host: &str) -> CarrierRecord {
    CarrierRecord {
        carrier_id: id.to_owned(),
        links: vec![link(&format!("{id}-1"), host)],
        name: id.to_owned(),
    }
}

pub(crate) fn link(id: &str, host: &str) -> CarrierLinkRecord {
    CarrierLinkRecord {
        carrier_link_id: id.to_owned(),
        host: host.to_owned(),
        ..CarrierLinkRecord::default()
    }
}

pub(crate) fn number(number: &str, home: Option<(AssociationName, &str)>) -> PhoneNumberRecord {
    let association = |(name, id): (_, &str)| AssociationRecord { name, value: id.to_owned() };
    let status = home.map_or(PhoneNumberStatus::Unassigned, |_| PhoneNumberStatus::Assigned);
    PhoneNumberRecord {
        associations: home.map(association).into_iter().collect(),
        carriers: vec!["north".to_owned()],
        e164_phone_number: number.to_owned(),
        status,
        ..PhoneNumberRecord::default()
    }
}

pub(crate) fn item(id: &str, priority: u32) -> VoiceConnectorItemRecord {
    VoiceConnectorItemRecord { priority, voice_connector_id: id.to_owned() }
}

/// A user whose hashes are made of one digit.
pub(crate) fn credential(username: &str, digit: char) -> CredentialRecord {
    let secret = |algorithm, len| {
        let ha1 = Secret::new(std::iter::repeat_n(digit, len).collect());
        SecretRecord { algorithm, ha1 }
    };
    let secrets = vec![secret(DigestAlgorithm::Md5, 32), secret(DigestAlgorithm::Sha256, 64)];
    CredentialRecord { secrets, username: username.to_owned() }
}

pub(crate) fn termination(network: &str) -> TerminationRecord {
    TerminationRecord {
        calling_regions: vec!["US".to_owned()],
        cidr_allowed_list: vec![network.to_owned()],
        ..TerminationRecord::default()
    }
}

pub(crate) fn route(host: &str) -> RouteRecord {
    RouteRecord { host: host.to_owned(), port: None, priority: 1, protocol: RouteProtocol::Tcp, weight: 1 }
}

pub(crate) fn emergency() -> EmergencyCallingRecord {
    let dnis = DnisRecord {
        calling_country: "US".to_owned(),
        emergency_phone_number: "+12065550911".to_owned(),
        test_phone_number: Some("+12065550912".to_owned()),
    };
    EmergencyCallingRecord { dnis: vec![dnis] }
}
