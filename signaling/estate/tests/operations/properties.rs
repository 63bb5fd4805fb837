//! What holds whatever is done in whatever order.

use std::ops::Bound;

use estate::operation::origination::NewOrigination;
use estate::operation::voice_connector_groups::NewVoiceConnectorGroup;
use estate::operation::voice_connectors::NewVoiceConnector;
use estate::{AccountId, Draft, Estate, Installation, Refusal, Tag};
use proptest::prelude::*;
use proptest::sample::Index;
use trunk::records::{Records, RouteProtocol, RouteRecord, TerminationRecord};
use trunk::snapshot::Snapshot;
use trunk::{CarrierId, Quotas, VoiceConnectorGroupId, VoiceConnectorId};

use crate::office::{Office, told};
use crate::sample::{carrier, credential, emergency, item, link, records, route, termination};

/// A number from which everything of an operation follows: to what, by whom, and with what.
#[derive(Clone, Debug)]
struct Act {
    what: u8,
    by: Index,
    on: Index,
    with: u8,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = (0..KINDS, any::<Index>(), any::<Index>(), any::<u8>());
    proptest::collection::vec(act.prop_map(|(what, by, on, with)| Act { what, by, on, with }), 1..60)
}

/// Does one of the operations of the two accounts on one of their trunks, whether or not it is allowed.
fn act(draft: &mut Draft<'_>, act: &Act) -> Result<(), Refusal> {
    let Act { what, with, .. } = *act;
    let Some(account) = some(act.by, draft.estate.accounts.iter().map(|(id, _)| *id)) else { return Ok(()) };
    match what {
        0..=15 => on_a_trunk(draft, account, act),
        16..=20 => on_a_group(draft, account, act),
        21 => draft.put_quotas(account, Quotas { cidrs: usize::from(with % 3), ..Quotas::default() }),
        22 => {
            let strict_aws_limits = with % 2 == 0;
            draft.put_installation(Installation { strict_aws_limits, ..Installation::default() })
        }
        23 => {
            draft.put_carrier(carrier(&format!("carrier{}", with % 3), &format!("198.51.100.{}", with % 4)))
        }
        24 => draft.put_carrier_link(carrier_id(with), link(&format!("link{}", with % 2), "203.0.113.1")),
        25 => draft.delete_carrier(carrier_id(with)),
        26 => draft.update_global_settings(account, (with % 2 == 0).then(|| "bucket".to_owned())),
        27 => draft.create_access_key(account, String::new()).map(drop),
        28 => draft.create_account(format!("account {with}")).map(drop),
        29 => draft.close_account(account),
        30 => draft.provision(&file(with), account).map(drop),
        _ => draft.bootstrap("first".to_owned()).map(drop),
    }
}

fn on_a_trunk(draft: &mut Draft<'_>, account: AccountId, act: &Act) -> Result<(), Refusal> {
    let Act { what, with, .. } = *act;
    // Mostly one's own, and now and then somebody else's.
    let trunks = draft.estate.voice_connectors.iter();
    let ids = trunks.filter(|(owner, ..)| *owner == account || with % 8 == 0).map(|(_, id, _)| *id);
    let Some(id) = some(act.on, ids).filter(|_| what > 1) else {
        let name = format!("Trunk {with}");
        let new =
            NewVoiceConnector { name, require_encryption: with % 2 == 0, ..NewVoiceConnector::default() };
        return draft.create_voice_connector(account, new).map(drop);
    };
    let protocol = if with % 2 == 0 { RouteProtocol::Tcp } else { RouteProtocol::Udp };
    let hosts = (0..with % 4).map(|at| RouteRecord { protocol, ..route(&format!("10.0.0.{at}")) });
    let disabled = with % 5 == 0;
    match what {
        2 | 3 => draft.put_voice_connector_termination(
            account,
            id,
            TerminationRecord {
                cidr_allowed_list: (0..with % 4).map(|at| format!("192.0.2.{at}")).collect(),
                cps_limit: with.into(),
                disabled,
                ..termination("192.0.2.0/27")
            },
        ),
        4 => draft.delete_voice_connector_termination(account, id),
        5 | 6 => {
            let new = NewOrigination { disabled: Some(disabled), routes: Some(hosts.collect()) };
            draft.put_voice_connector_origination(account, id, new)
        }
        7 => draft.delete_voice_connector_origination(account, id),
        8 | 9 => draft.put_voice_connector_emergency_calling_configuration(account, id, emergency()),
        10 => draft.delete_voice_connector_emergency_calling_configuration(account, id),
        11 => {
            let list = vec![credential(&format!("user{}", with % 16), 'a')];
            draft.put_voice_connector_termination_credentials(account, id, list)
        }
        12 => {
            let name = format!("user{}", with % 16);
            draft.delete_voice_connector_termination_credentials(account, id, &[name])
        }
        13 => draft.update_voice_connector(account, id, "Renamed".to_owned(), with % 2 == 0),
        14 => draft.delete_voice_connector(account, id),
        _ => {
            let tags = vec![Tag { key: format!("key{with}"), value: String::new() }];
            draft.tag_resource(account, &format!("arn:aws:chime:us-east-1:{account}:vc/{id}"), tags)
        }
    }
}

fn on_a_group(draft: &mut Draft<'_>, account: AccountId, act: &Act) -> Result<(), Refusal> {
    let Act { what, with, .. } = *act;
    let trunks = draft.estate.voice_connectors.iter().map(|(_, id, _)| *id).skip(usize::from(with % 4));
    let items = trunks.take(usize::from(with % 3)).map(|id: VoiceConnectorId| item(id.as_str(), 1)).collect();
    let new = NewVoiceConnectorGroup {
        name: format!("Group {with}"),
        voice_connector_items: items,
        ..NewVoiceConnectorGroup::default()
    };
    let groups = draft.estate.voice_connector_groups.of(account, Bound::Unbounded);
    let found: Option<VoiceConnectorGroupId> = some(act.on, groups.map(|(id, _)| *id));
    match (what, found) {
        (18 | 19, Some(id)) => draft.update_voice_connector_group(account, id, new),
        (20, Some(id)) => draft.delete_voice_connector_group(account, id),
        _ => draft.create_voice_connector_group(account, new).map(drop),
    }
}

/// A file of which some of the parts are missing, whether or not others need them.
fn file(with: u8) -> Records {
    let mut file = records();
    let missing = |bit: u8| with & bit != 0;
    file.voice_connectors.truncate(if missing(1) { 1 } else { 2 });
    file.voice_connector_groups.truncate(usize::from(!missing(2)));
    file.phone_numbers.truncate(if missing(4) { 1 } else { 3 });
    file.carriers.truncate(if missing(8) { 1 } else { 2 });
    file.strict_aws_limits = missing(16);
    file
}

fn carrier_id(with: u8) -> CarrierId {
    CarrierId::parse(&format!("carrier{}", with % 3)).unwrap()
}

fn some<T>(at: Index, of: impl Iterator<Item = T>) -> Option<T> {
    let mut list: Vec<T> = of.collect();
    (!list.is_empty()).then(|| list.swap_remove(at.index(list.len())))
}

/// What calls would obey can be obeyed, and numbers are in the pool as those of whoever has them.
fn is_sound(estate: &Estate) {
    let records = Records { zone: "vc.example".to_owned(), ..estate.records() };
    let built = Snapshot::build(&records);
    assert!(built.is_ok(), "{built:?}");
    for (account, number, _) in estate.phone_numbers.iter() {
        assert_eq!(estate.pool.find(number).and_then(|pooled| pooled.account), Some(account));
    }
    for (account, id, _) in estate.credentials.iter() {
        assert!(estate.voice_connector(account, *id).is_ok(), "credentials of nothing");
    }
    for (_, key) in estate.access_keys.iter() {
        assert!(estate.account(key.account).is_ok(), "a key of nobody");
    }
}

const KINDS: u8 = 32;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_calls_can_obey_what_comes_out(acts in acts()) {
        let mut office = Office::new();
        office.account("ours");
        office.account("theirs");
        for one in &acts {
            let before = told(&office.estate);
            // The office compares with its mirror whenever something was done.
            if office.does(|draft| act(draft, one)).is_err() {
                prop_assert_eq!(told(&office.estate), before);
            }
            is_sound(&office.estate);
        }
    }

    #[test]
    fn a_file_that_is_applied_twice_changes_nothing_the_second_time(acts in acts(), with: u8) {
        let mut office = Office::new();
        let account = office.account("ours");
        for one in &acts {
            let _ = office.does(|draft| act(draft, one));
        }
        if office.does(|draft| draft.provision(&file(with), account)).is_ok() {
            let before = told(&office.estate);
            let again = office.does(|draft| draft.provision(&file(with), account)).unwrap();
            prop_assert!(again.is_empty(), "{:?}", again);
            prop_assert_eq!(told(&office.estate), before);
        }
    }
}
