//! A small installation: two carriers, three connectors, a group, and some numbers.

use trunk::{
    AwsRegion, DigestAlgorithm, Reason, Secret, Seed, Transport, VoiceConnectorId,
    records::{
        AssociationName, AssociationRecord, CarrierLinkRecord, CarrierRecord, CredentialRecord,
        OriginationRecord, PhoneNumberRecord, PhoneNumberStatus, PhoneNumberType, Records, RouteProtocol,
        RouteRecord, SecretRecord, TerminationRecord, VoiceConnectorGroupRecord, VoiceConnectorItemRecord,
        VoiceConnectorRecord,
    },
    route::{Attempt, Credentials, Decision, Inbound, Offer, OnNet, Outbound, Outcome, decide},
    snapshot::{Side, Snapshot},
};

/// Calls and is called.
pub(crate) const HEADQUARTERS: &str = "headquarters0000000001";
/// Calls and is called.
pub(crate) const BRANCH: &str = "branch0000000000000001";
/// Was never set up.
pub(crate) const DESK: &str = "desk000000000000000001";
/// Headquarters first, then the branch.
pub(crate) const GROUP: &str = "group00000000000000001";

/// A place in the records, counted from 0.
pub(crate) const HEADQUARTERS_AT: usize = 0;
pub(crate) const BRANCH_AT: usize = 1;

pub(crate) const HEADQUARTERS_HOST: &str = "headquarters0000000001.vc.example";
pub(crate) const DESK_HOST: &str = "desk000000000000000001.vc.example";

pub(crate) const OF_HEADQUARTERS: &str = "+12065550101";
pub(crate) const OF_BRANCH: &str = "+12065550102";
pub(crate) const OF_GROUP: &str = "+12065550103";
pub(crate) const TOLL_FREE: &str = "+18005550104";
pub(crate) const UNASSIGNED: &str = "+12065550105";
pub(crate) const PORTING: &str = "+12065550106";
pub(crate) const OF_DESK: &str = "+12065550107";

pub(crate) fn records() -> Records {
    let mut porting = number(PORTING, AssociationName::VoiceConnectorId, HEADQUARTERS);
    porting.status = PhoneNumberStatus::PortinInProgress;
    let mut toll_free = number(TOLL_FREE, AssociationName::VoiceConnectorId, HEADQUARTERS);
    toll_free.phone_number_type = PhoneNumberType::TollFree;
    toll_free.carriers.push("south".to_owned());
    let mut unassigned = number(UNASSIGNED, AssociationName::VoiceConnectorId, HEADQUARTERS);
    unassigned.status = PhoneNumberStatus::Unassigned;
    unassigned.associations.clear();
    Records {
        carriers: vec![
            CarrierRecord {
                carrier_id: "north".to_owned(),
                links: vec![link("north-1", "198.51.100.1", 1), link("north-2", "198.51.100.2", 2)],
                name: "North".to_owned(),
            },
            CarrierRecord {
                carrier_id: "south".to_owned(),
                links: vec![link("south-1", "203.0.113.1", 3)],
                name: "South".to_owned(),
            },
        ],
        phone_numbers: vec![
            number(OF_HEADQUARTERS, AssociationName::VoiceConnectorId, HEADQUARTERS),
            number(OF_BRANCH, AssociationName::VoiceConnectorId, BRANCH),
            number(OF_GROUP, AssociationName::VoiceConnectorGroupId, GROUP),
            toll_free,
            unassigned,
            porting,
            number(OF_DESK, AssociationName::VoiceConnectorId, DESK),
        ],
        voice_connector_groups: vec![VoiceConnectorGroupRecord {
            name: "Both".to_owned(),
            voice_connector_group_id: GROUP.to_owned(),
            voice_connector_items: vec![item(HEADQUARTERS, 1), item(BRANCH, 2)],
            ..Default::default()
        }],
        voice_connectors: vec![
            VoiceConnectorRecord {
                origination: Some(origination(&[("pbx1.example", 1, 1), ("pbx2.example", 2, 1)])),
                termination: Some(termination("192.0.2.0/27")),
                ..connector(HEADQUARTERS)
            },
            VoiceConnectorRecord {
                aws_region: AwsRegion::UsWest2,
                origination: Some(origination(&[("pbx3.example", 1, 1)])),
                termination: Some(termination("192.0.2.64/27")),
                ..connector(BRANCH)
            },
            connector(DESK),
        ],
        zone: "vc.example".to_owned(),
        ..Records::default()
    }
}

/// A call of headquarters to a stranger, which goes to the carriers.
pub(crate) fn attempt() -> Attempt<'static> {
    Attempt {
        asserted: &[],
        credentials: Credentials::Absent,
        from: OF_HEADQUARTERS,
        here: None,
        host: HEADQUARTERS_HOST,
        number: "+14255550100",
        offer: Offer::Clear,
        privacy: false,
        side: Side::Customer,
        source: [192, 0, 2, 1].into(),
        transport: Transport::Udp,
    }
}

/// A call of a stranger to headquarters, which the first carrier brings.
pub(crate) fn carrier_attempt() -> Attempt<'static> {
    Attempt {
        from: "+14255550100",
        host: "198.51.100.200",
        number: OF_HEADQUARTERS,
        side: Side::Carrier,
        source: [198, 51, 100, 1].into(),
        ..attempt()
    }
}

pub(crate) fn connector(id: &str) -> VoiceConnectorRecord {
    VoiceConnectorRecord {
        name: "A connector".to_owned(),
        voice_connector_id: id.to_owned(),
        ..VoiceConnectorRecord::default()
    }
}

pub(crate) fn credential(username: &str) -> CredentialRecord {
    let ha1 = Secret::new("939e7578ed9e3c518a452acee763bce9".to_owned());
    let secrets = vec![SecretRecord { algorithm: DigestAlgorithm::Md5, ha1 }];
    CredentialRecord { secrets, username: username.to_owned() }
}

pub(crate) fn termination(network: &str) -> TerminationRecord {
    TerminationRecord {
        calling_regions: vec!["US".to_owned(), "GB".to_owned()],
        cidr_allowed_list: vec![network.to_owned()],
        ..TerminationRecord::default()
    }
}

pub(crate) fn origination(routes: &[(&str, u32, u32)]) -> OriginationRecord {
    let route = |(host, priority, weight): &(&str, u32, u32)| RouteRecord {
        host: (*host).to_owned(),
        port: None,
        priority: *priority,
        protocol: RouteProtocol::Udp,
        weight: *weight,
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

pub(crate) fn item(id: &str, priority: u32) -> VoiceConnectorItemRecord {
    VoiceConnectorItemRecord { priority, voice_connector_id: id.to_owned() }
}

pub(crate) fn number(text: &str, name: AssociationName, value: &str) -> PhoneNumberRecord {
    PhoneNumberRecord {
        associations: vec![AssociationRecord { name, value: value.to_owned() }],
        carriers: vec!["north".to_owned()],
        e164_phone_number: text.to_owned(),
        status: PhoneNumberStatus::Assigned,
        ..PhoneNumberRecord::default()
    }
}

pub(crate) fn termination_of(records: &mut Records, at: usize) -> &mut TerminationRecord {
    records.voice_connectors[at].termination.as_mut().unwrap()
}

pub(crate) fn origination_of(records: &mut Records, at: usize) -> &mut OriginationRecord {
    records.voice_connectors[at].origination.as_mut().unwrap()
}

pub(crate) fn id(text: &str) -> VoiceConnectorId {
    VoiceConnectorId::parse(text).unwrap()
}

pub(crate) fn snapshot(records: &Records) -> Snapshot {
    Snapshot::build(records).unwrap_or_else(|faults| panic!("{faults}"))
}

pub(crate) fn decision(records: &Records, attempt: &Attempt<'_>) -> Decision {
    let mut seed = Seed(1);
    decide(&snapshot(records), attempt, |bound| seed.below(bound))
}

pub(crate) fn reason(records: &Records, attempt: &Attempt<'_>) -> Option<Reason> {
    match decision(records, attempt).outcome {
        Outcome::Reject(reject) => Some(reject.reason),
        Outcome::Inbound(_) | Outcome::OnNet(_) | Outcome::Outbound(_) => None,
    }
}

pub(crate) fn outbound(records: &Records, attempt: &Attempt<'_>) -> Outbound {
    let decision = decision(records, attempt);
    let explained = decision.explain();
    let Outcome::Outbound(outbound) = decision.outcome else { panic!("{explained}") };
    outbound
}

pub(crate) fn on_net(records: &Records, attempt: &Attempt<'_>) -> OnNet {
    let decision = decision(records, attempt);
    let explained = decision.explain();
    let Outcome::OnNet(on_net) = decision.outcome else { panic!("{explained}") };
    on_net
}

pub(crate) fn inbound(records: &Records, attempt: &Attempt<'_>) -> Inbound {
    let decision = decision(records, attempt);
    let explained = decision.explain();
    let Outcome::Inbound(inbound) = decision.outcome else { panic!("{explained}") };
    inbound
}
