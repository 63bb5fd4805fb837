//! A customer with a PBX, and two carriers.

use trunk::records::{
    AssociationName, AssociationRecord, CarrierLinkRecord, CarrierRecord, OriginationRecord,
    PhoneNumberRecord, PhoneNumberStatus, Records, RouteProtocol, RouteRecord, TerminationRecord,
    VoiceConnectorRecord,
};

pub(crate) const CONNECTOR: &str = "headquarters0000000001";
pub(crate) const BRANCH: &str = "branch0000000000000001";
pub(crate) const HOST: &str = "headquarters0000000001.vc.example";
pub(crate) const OWN_NUMBER: &str = "+12065550101";
pub(crate) const BRANCH_NUMBER: &str = "+12065550102";
pub(crate) const OUTSIDE: &str = "+14255550100";

pub(crate) const PBX: [u8; 4] = [192, 0, 2, 1];
pub(crate) const PBX1: [u8; 4] = [192, 0, 2, 11];
pub(crate) const PBX2: [u8; 4] = [192, 0, 2, 12];
pub(crate) const BRANCH_PBX: [u8; 4] = [203, 0, 113, 9];
pub(crate) const NORTH: [u8; 4] = [198, 51, 100, 1];
pub(crate) const SOUTH: [u8; 4] = [198, 51, 100, 2];

pub(crate) fn records() -> Records {
    Records {
        carriers: vec![CarrierRecord {
            carrier_id: "north".to_owned(),
            links: vec![link("north-1", "198.51.100.1", 1), link("north-2", "198.51.100.2", 2)],
            name: "North".to_owned(),
        }],
        phone_numbers: vec![number(OWN_NUMBER, CONNECTOR), number(BRANCH_NUMBER, BRANCH)],
        voice_connectors: vec![
            VoiceConnectorRecord {
                origination: Some(origination(&[("pbx1.example", 1), ("pbx2.example", 2)])),
                termination: Some(termination("192.0.2.0/27")),
                ..connector(CONNECTOR)
            },
            VoiceConnectorRecord {
                origination: Some(origination(&[("203.0.113.9", 1)])),
                ..connector(BRANCH)
            },
        ],
        zone: "vc.example".to_owned(),
        ..Records::default()
    }
}

pub(crate) fn connector(id: &str) -> VoiceConnectorRecord {
    VoiceConnectorRecord {
        name: "A connector".to_owned(),
        voice_connector_id: id.to_owned(),
        ..VoiceConnectorRecord::default()
    }
}

pub(crate) fn termination(network: &str) -> TerminationRecord {
    TerminationRecord {
        calling_regions: vec!["US".to_owned()],
        cidr_allowed_list: vec![network.to_owned()],
        cps_limit: 100,
        ..TerminationRecord::default()
    }
}

pub(crate) fn origination(routes: &[(&str, u32)]) -> OriginationRecord {
    let route = |(host, priority): &(&str, u32)| RouteRecord {
        host: (*host).to_owned(),
        port: None,
        priority: *priority,
        protocol: RouteProtocol::Udp,
        weight: 1,
    };
    OriginationRecord { disabled: false, routes: routes.iter().map(route).collect() }
}

pub(crate) fn link(id: &str, host: &str, priority: u32) -> CarrierLinkRecord {
    CarrierLinkRecord {
        carrier_link_id: id.to_owned(),
        host: host.to_owned(),
        priority,
        ..CarrierLinkRecord::default()
    }
}

pub(crate) fn number(text: &str, connector: &str) -> PhoneNumberRecord {
    let value = connector.to_owned();
    PhoneNumberRecord {
        associations: vec![AssociationRecord { name: AssociationName::VoiceConnectorId, value }],
        carriers: vec!["north".to_owned()],
        e164_phone_number: text.to_owned(),
        status: PhoneNumberStatus::Assigned,
        ..PhoneNumberRecord::default()
    }
}
