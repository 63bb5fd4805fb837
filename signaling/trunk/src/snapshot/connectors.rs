//! Checks connectors and groups.

use std::{
    collections::{HashMap, HashSet},
    fmt::Display,
};

use crate::{
    connector::{EmergencyCalling, GroupItem, VoiceConnector, VoiceConnectorGroup},
    country::Country,
    credential::{Credential, Ha1},
    e164::E164,
    fault::Faults,
    id::{VoiceConnectorGroupId, VoiceConnectorId},
    records::{
        CredentialRecord, EmergencyCallingRecord, Records, VoiceConnectorGroupRecord, VoiceConnectorRecord,
    },
};

use super::{account, origination, termination};

#[derive(Default)]
pub(super) struct Connectors {
    pub(super) by_id: HashMap<VoiceConnectorId, u32>,
    pub(super) group_by_id: HashMap<VoiceConnectorGroupId, u32>,
    pub(super) groups: Vec<VoiceConnectorGroup>,
    pub(super) list: Vec<VoiceConnector>,
}

pub(super) fn check(records: &Records, faults: &mut Faults) -> Connectors {
    let mut connectors = Connectors::default();
    for record in &records.voice_connectors {
        let text = &record.voice_connector_id;
        let at = format_args!("voice connector {text}");
        let id = VoiceConnectorId::parse(text);
        let id = faults.expect(id, &format_args!("{at}: voice_connector_id"), VoiceConnectorId::WANTED, text);
        let Some(id) = id else { continue };
        let index = u32::try_from(connectors.list.len()).unwrap_or(u32::MAX);
        if connectors.by_id.insert(id, index).is_some() {
            faults.add(&at, "an id of its own", "the id of another one");
        }
        connectors.list.push(connector(record, id, records, &at, faults));
    }
    for record in &records.voice_connector_groups {
        let text = &record.voice_connector_group_id;
        let at = format_args!("voice connector group {text}");
        let id = VoiceConnectorGroupId::parse(text);
        let place = format_args!("{at}: voice_connector_group_id");
        let Some(id) = faults.expect(id, &place, VoiceConnectorGroupId::WANTED, text) else { continue };
        let index = u32::try_from(connectors.groups.len()).unwrap_or(u32::MAX);
        if connectors.group_by_id.insert(id, index).is_some() {
            faults.add(&at, "an id of its own", "the id of another one");
        }
        let group = group(record, id, &connectors.by_id, records.quotas.group_items, faults);
        connectors.groups.push(group);
    }
    connectors
}

fn connector(
    record: &VoiceConnectorRecord,
    id: VoiceConnectorId,
    records: &Records,
    at: &dyn Display,
    faults: &mut Faults,
) -> VoiceConnector {
    let termination = record
        .termination
        .as_ref()
        .map(|record| termination::check(record, records, &format_args!("{at}: termination"), faults));
    let origination = record.origination.as_ref().map(|_| {
        let at = format_args!("{at}: origination");
        origination::check(record, records, &at, faults)
    });
    let emergency = record.emergency_calling.as_ref().and_then(|record| {
        let both = termination.as_ref().is_some_and(|termination| !termination.disabled)
            && origination.as_ref().is_some_and(|origination| !origination.disabled);
        if !both {
            let wanted = "termination and origination in use, so that who is called can call back";
            faults.add(&format_args!("{at}: emergency_calling"), wanted, "one of them missing or disabled");
        }
        emergency(record, at, faults)
    });
    if let Some(streaming) = &record.streaming {
        let len = streaming.streaming_notification_targets.len();
        faults.at_most(len, 3, &format_args!("{at}: streaming, streaming_notification_targets"));
    }
    VoiceConnector {
        aws_region: record.aws_region,
        credentials: credentials(&record.credentials, records.quotas.credentials, at, faults),
        emergency,
        id,
        integration_type: record.integration_type,
        logging: record.logging,
        name: account::name(&record.name, &format_args!("{at}: name"), faults),
        network_type: record.network_type,
        origination,
        require_encryption: record.require_encryption,
        srtp_without_tls: record.srtp_without_tls,
        streaming: record.streaming.clone(),
        termination,
    }
}

fn credentials(
    records: &[CredentialRecord],
    max: usize,
    at: &dyn Display,
    faults: &mut Faults,
) -> Box<[Credential]> {
    faults.at_most(records.len(), max, &format_args!("{at}: credentials"));
    let mut names = HashSet::new();
    let mut credentials = Vec::with_capacity(records.len());
    for (number, record) in (1..).zip(records) {
        let at = format_args!("{at}: credential {number}");
        // A quote would end the quoted string that a user name stands in (RFC 7616 section 3.4).
        let is_name = (1..=128).contains(&record.username.len())
            && record
                .username
                .bytes()
                .all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\');
        let wanted = "1 to 128 characters of ASCII without quotes and backslashes";
        faults.expect(is_name.then_some(()), &format_args!("{at}: username"), wanted, &record.username);
        if !names.insert(&record.username) {
            faults.add(&format_args!("{at}: username"), "a name of its own", "the name of another one");
        }
        let mut secrets = Vec::new();
        for secret in &record.secrets {
            match Ha1::parse(secret.algorithm, secret.ha1.expose()) {
                Some(ha1) => secrets.push(ha1),
                None => {
                    let wanted = format_args!("the hexadecimal digits of {}", secret.algorithm);
                    faults.add(&format_args!("{at}: secret"), wanted, "something else, which is not shown");
                }
            }
        }
        secrets.sort_by_key(|secret| secret.algorithm);
        if secrets.is_empty() || !secrets.is_sorted_by(|one, next| one.algorithm < next.algorithm) {
            faults.add(&format_args!("{at}: secrets"), "one per algorithm, and at least one", secrets.len());
        }
        credentials.push(Credential { username: record.username.as_str().into(), secrets: secrets.into() });
    }
    credentials.into()
}

fn emergency(
    record: &EmergencyCallingRecord,
    at: &dyn Display,
    faults: &mut Faults,
) -> Option<EmergencyCalling> {
    let at = format_args!("{at}: emergency_calling");
    let [dnis] = record.dnis.as_slice() else {
        faults.add(&format_args!("{at}: dnis"), "one entry", record.dnis.len());
        return None;
    };
    if Country::parse(&dnis.calling_country) != Some(Country::UNITED_STATES) {
        faults.add(&format_args!("{at}: calling_country"), "US", format_args!("{:?}", dnis.calling_country));
    }
    let mut number = |text: &str, what: &str| {
        let number = E164::parse(text).ok().filter(|number| number.nanp().is_some());
        let wanted = "a number of the North American plan in E.164";
        faults.expect(number, &format_args!("{at}: {what}"), wanted, text)
    };
    let test = dnis.test_phone_number.as_ref();
    let test_phone_number = test.and_then(|text| number(text, "test_phone_number"));
    let emergency_phone_number = number(&dnis.emergency_phone_number, "emergency_phone_number")?;
    Some(EmergencyCalling { emergency_phone_number, test_phone_number })
}

fn group(
    record: &VoiceConnectorGroupRecord,
    id: VoiceConnectorGroupId,
    by_id: &HashMap<VoiceConnectorId, u32>,
    items_max: usize,
    faults: &mut Faults,
) -> VoiceConnectorGroup {
    let at = format_args!("voice connector group {id}");
    faults.at_most(
        record.voice_connector_items.len(),
        items_max,
        &format_args!("{at}: voice_connector_items"),
    );
    let mut items: Vec<GroupItem> = Vec::new();
    for (number, item) in (1..).zip(&record.voice_connector_items) {
        let at = format_args!("{at}: item {number}");
        faults.within(item.priority, 1, 99, &format_args!("{at}: priority"));
        let text = &item.voice_connector_id;
        let known = VoiceConnectorId::parse(text).and_then(|id| by_id.get(&id)).copied();
        let place = format_args!("{at}: voice_connector_id");
        let Some(connector) = faults.expect(known, &place, "a connector that there is", text) else {
            continue;
        };
        if items.iter().any(|item| item.connector == connector) {
            faults.add(&at, "each connector once", format_args!("{text} again"));
        }
        items.push(GroupItem { connector, priority: u8::try_from(item.priority).unwrap_or(u8::MAX) });
    }
    VoiceConnectorGroup {
        call_distribution_type: record.call_distribution_type,
        id,
        items: items.into(),
        name: account::name(&record.name, &format_args!("{at}: name"), faults),
    }
}
