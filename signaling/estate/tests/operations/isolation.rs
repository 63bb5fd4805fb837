//! What is somebody else's is not found, by no operation, and nothing changes.

use estate::operation::origination::NewOrigination;
use estate::operation::voice_connector_groups::NewVoiceConnectorGroup;
use estate::{AccessKeyId, AccountId, Draft, ExternalSystems, PageRequest, Refusal, Tag, Why};
use trunk::{LoggingConfiguration, StreamingConfiguration, VoiceConnectorGroupId, VoiceConnectorId};

use crate::office::{Office, told};
use crate::sample::{
    BRANCH, GROUP, HEADQUARTERS, connector, credential, emergency, item, records, route, termination,
};

/// An operation on things of one account by another, or by itself.
type Operation = Box<dyn Fn(&mut Draft<'_>, AccountId) -> Result<(), Refusal>>;

const ALONE: &str = "alone00000000000000001";

/// Makes a list of operations with their names; `by` is who does it, `id` a trunk, and so on.
macro_rules! operations {
    ($(($draft:ident, $by:ident) $name:ident($($argument:expr),*);)*) => {
        vec![$((stringify!($name), Box::new(move |$draft: &mut Draft<'_>, $by: AccountId| {
            operations!(@ $draft $by $name($($argument),*)).map(drop)
        }) as Operation)),*]
    };
    (@ $draft:ident $by:ident $name:ident($($argument:expr),*)) => { $draft.$name($by, $($argument),*) };
}

/// All that can be done to a trunk that is fully set up.
fn on_a_trunk() -> Vec<(&'static str, Operation)> {
    let id = VoiceConnectorId::parse(HEADQUARTERS).unwrap();
    let alone = VoiceConnectorId::parse(ALONE).unwrap();
    operations![
        (draft, by) update_voice_connector(id, "Renamed".to_owned(), true);
        (draft, by) delete_voice_connector(alone);
        (draft, by) put_voice_connector_termination(id, termination("192.0.2.0/27"));
        (draft, by) delete_voice_connector_emergency_calling_configuration(id);
        (draft, by) put_voice_connector_termination_credentials(id, vec![credential("sbc", 'b')]);
        (draft, by) delete_voice_connector_termination_credentials(id, &["pbx".to_owned()]);
        (draft, by) put_voice_connector_origination(id, NewOrigination {
            disabled: None,
            routes: Some(vec![route("192.0.2.9")]),
        });
        (draft, by) put_voice_connector_logging_configuration(id, LoggingConfiguration::default());
        (draft, by) put_voice_connector_streaming_configuration(id, streaming());
        (draft, by) delete_voice_connector_streaming_configuration(id);
        (draft, by) put_voice_connector_emergency_calling_configuration(id, emergency());
        (draft, by) put_voice_connector_external_systems_configuration(id, ExternalSystems::default());
        (draft, by) delete_voice_connector_external_systems_configuration(id);
    ]
}

/// What turns a direction off has to come when emergency calls need it no more.
fn on_directions() -> Vec<(&'static str, Operation)> {
    let alone = VoiceConnectorId::parse(ALONE).unwrap();
    operations![
        (draft, by) delete_voice_connector_termination(alone);
        (draft, by) delete_voice_connector_origination(alone);
    ]
}

fn on_groups_tags_and_keys(owner: AccountId, key: AccessKeyId) -> Vec<(&'static str, Operation)> {
    let id = VoiceConnectorGroupId::parse(GROUP).unwrap();
    let group = |items: &[&str]| NewVoiceConnectorGroup {
        name: "Group".to_owned(),
        voice_connector_items: items.iter().map(|id| item(id, 1)).collect(),
        ..NewVoiceConnectorGroup::default()
    };
    let trunk = move || format!("arn:aws:chime:us-east-1:{owner}:vc/{HEADQUARTERS}");
    let group_arn = move || format!("arn:aws:chime:us-east-1:{owner}:vcg/{GROUP}");
    let tag = || vec![Tag { key: "key".to_owned(), value: "value".to_owned() }];
    operations![
        (draft, by) create_voice_connector_group(group(&[BRANCH]));
        (draft, by) update_voice_connector_group(id, group(&[]));
        (draft, by) tag_resource(&trunk(), tag());
        (draft, by) untag_resource(&trunk(), &["key".to_owned()]);
        (draft, by) tag_resource(&group_arn(), tag());
        (draft, by) untag_resource(&group_arn(), &["key".to_owned()]);
        (draft, by) disable_access_key(key, true);
        (draft, by) delete_access_key(key);
    ]
}

/// Makes a list of what can be read.
macro_rules! readings {
    ($($name:ident($($argument:expr),*);)*) => {
        vec![$((stringify!($name), Box::new(move |draft: &mut Draft<'_>, by: AccountId| {
            draft.estate.$name(by, $($argument),*).map(drop)
        }) as Operation)),*]
    };
}

fn read(owner: AccountId) -> Vec<(&'static str, Operation)> {
    let id = VoiceConnectorId::parse(HEADQUARTERS).unwrap();
    let group = VoiceConnectorGroupId::parse(GROUP).unwrap();
    readings![
        voice_connector(id);
        voice_connector_termination(id);
        list_voice_connector_termination_credentials(id);
        voice_connector_origination(id);
        voice_connector_logging_configuration(id);
        voice_connector_streaming_configuration(id);
        voice_connector_emergency_calling_configuration(id);
        voice_connector_external_systems_configuration(id);
        voice_connector_group(group);
        list_tags_for_resource(&format!("arn:aws:chime:us-east-1:{owner}:vc/{HEADQUARTERS}"));
        list_tags_for_resource(&format!("arn:aws:chime:us-east-1:{owner}:vcg/{GROUP}"));
    ]
}

fn streaming() -> StreamingConfiguration {
    StreamingConfiguration {
        data_retention_in_hours: 24,
        disabled: false,
        media_insights_configuration: None,
        streaming_notification_targets: Vec::new(),
    }
}

/// An account where everything is set up.
fn furnished() -> (Office, AccountId, AccessKeyId) {
    let mut office = Office::new();
    let account = office.account("ours");
    let mut file = records();
    file.voice_connectors[0].emergency_calling = Some(emergency());
    file.voice_connectors[0].streaming = Some(streaming());
    let directions = file.voice_connectors[0].clone();
    file.voice_connectors.push(trunk::records::VoiceConnectorRecord {
        origination: directions.origination,
        termination: directions.termination,
        ..connector(ALONE)
    });
    let key = office
        .does(|draft| {
            draft.provision(&file, account)?;
            let id = VoiceConnectorId::parse(HEADQUARTERS).unwrap();
            let systems = ExternalSystems::default();
            draft.put_voice_connector_external_systems_configuration(account, id, systems)?;
            draft.create_access_key(account, String::new())
        })
        .unwrap();
    (office, account, key.id)
}

#[test]
fn what_is_somebody_elses_is_not_found_by_any_operation() {
    let (mut office, ours, key) = furnished();
    // Whoever asks has things of the same kinds.
    let theirs = office.account("theirs");
    office.does(|draft| draft.create_access_key(theirs, String::new())).unwrap();
    let before = told(&office.estate);
    let all = || {
        [on_directions(), on_a_trunk(), on_groups_tags_and_keys(ours, key), read(ours)].into_iter().flatten()
    };
    for (name, operation) in all() {
        let refusal = office.does(|draft| operation(draft, theirs)).unwrap_err();
        assert_eq!(refusal.why, Why::NotFound, "{name}: {refusal}");
        assert_eq!(told(&office.estate), before, "{name}");
    }
    assert_eq!(all().count(), 34);
    // Each of them can be done by the owner.
    for (name, operation) in all() {
        let (mut office, ours, _) = furnished();
        let done = office.does(|draft| operation(draft, ours));
        assert!(done.is_ok(), "{name}: {done:?}");
    }
}

#[test]
fn nobody_lists_what_is_somebody_elses() {
    let (mut office, _, _) = furnished();
    let theirs = office.account("theirs");
    let estate = &office.estate;
    assert_eq!(estate.list_voice_connectors(theirs, PageRequest::default()).unwrap().items.len(), 0);
    assert_eq!(estate.list_voice_connector_groups(theirs, PageRequest::default()).unwrap().items.len(), 0);
    assert_eq!(estate.list_access_keys(theirs).unwrap(), []);
}
