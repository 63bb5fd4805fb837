//! Groups: made, found, changed and removed.

use estate::operation::voice_connector_groups::NewVoiceConnectorGroup;
use estate::{AccountId, PageRequest, Refusal, Why};
use trunk::records::{CallDistributionType, Records};
use trunk::{VoiceConnectorGroupId, VoiceConnectorId};

use crate::office::Office;
use crate::sample::{BRANCH, GROUP, HEADQUARTERS, connector, item, records};

/// More trunks than a group may have, and no groups.
fn office() -> (Office, AccountId) {
    let mut office = Office::new();
    let account = office.account("ours");
    let trunks = [HEADQUARTERS, BRANCH, "third00000000000000001", "fourth0000000000000001"];
    let file = Records { voice_connectors: trunks.map(connector).to_vec(), ..Records::default() };
    office.does(|draft| draft.provision(&file, account)).unwrap();
    (office, account)
}

fn group(name: &str, items: &[(&str, u32)]) -> NewVoiceConnectorGroup {
    NewVoiceConnectorGroup {
        call_distribution_type: None,
        name: name.to_owned(),
        voice_connector_items: items.iter().map(|(id, priority)| item(id, *priority)).collect(),
    }
}

fn why<T: std::fmt::Debug>(done: Result<T, Refusal>) -> Why {
    done.unwrap_err().why
}

#[test]
fn a_group_is_made_changed_and_removed() {
    let (mut office, account) = office();
    let new = group("Both", &[(HEADQUARTERS, 1), (BRANCH, 99)]);
    let id = office.does(|draft| draft.create_voice_connector_group(account, new)).unwrap();
    let made = office.now;
    office.now = made.after(1);
    let spread = NewVoiceConnectorGroup {
        call_distribution_type: Some(CallDistributionType::LoadBalancedDistribution),
        ..group("Renamed", &[(BRANCH, 1)])
    };
    office.does(|draft| draft.update_voice_connector_group(account, id, spread)).unwrap();
    office
        .does(|draft| draft.update_voice_connector_group(account, id, group("Again", &[(BRANCH, 1)])))
        .unwrap();
    let found = office.estate.voice_connector_group(account, id).unwrap();
    assert_eq!((found.created, found.updated), (made, office.now));
    assert_eq!(found.record.name, "Again");
    assert_eq!(found.record.call_distribution_type, CallDistributionType::LoadBalancedDistribution);
    assert_eq!(found.record.voice_connector_items.len(), 1);
    assert_eq!(why(office.does(|draft| draft.delete_voice_connector_group(account, id))), Why::Conflict);
    office.does(|draft| draft.update_voice_connector_group(account, id, group("Again", &[]))).unwrap();
    office.does(|draft| draft.delete_voice_connector_group(account, id)).unwrap();
    assert_eq!(why(office.estate.voice_connector_group(account, id)), Why::NotFound);
    assert_eq!(why(office.does(|draft| draft.delete_voice_connector_group(account, id))), Why::NotFound);
}

#[test]
fn what_a_group_is_made_of_is_checked() {
    let (mut office, account) = office();
    let all = [(HEADQUARTERS, 1), (BRANCH, 2), ("third00000000000000001", 3), ("fourth0000000000000001", 4)];
    let cases = [
        (group("", &[]), Why::BadRequest),
        (group("a/b", &[]), Why::BadRequest),
        (group("Many", &all), Why::BadRequest),
        (group("Twice", &[(BRANCH, 1), (BRANCH, 2)]), Why::BadRequest),
        (group("First", &[(BRANCH, 0)]), Why::BadRequest),
        (group("Last", &[(BRANCH, 100)]), Why::BadRequest),
        (group("Nonsense", &[("nonsense", 1)]), Why::BadRequest),
        (group("Unknown", &[("unknown000000000000001", 1)]), Why::NotFound),
    ];
    let id =
        office.does(|draft| draft.create_voice_connector_group(account, group("Good", &all[..3]))).unwrap();
    for (bad, wanted) in cases {
        let created = office.does(|draft| draft.create_voice_connector_group(account, bad.clone()));
        assert_eq!(why(created), wanted, "{bad:?}");
        let updated = office.does(|draft| draft.update_voice_connector_group(account, id, bad.clone()));
        assert_eq!(why(updated), wanted, "{bad:?}");
    }
    for _ in 0..2 {
        office.does(|draft| draft.create_voice_connector_group(account, group("More", &[]))).unwrap();
    }
    let fourth = office.does(|draft| draft.create_voice_connector_group(account, group("Fourth", &[])));
    assert_eq!(why(fourth), Why::ResourceLimitExceeded);
}

#[test]
fn numbers_hold_what_they_are_assigned_to_and_groups_their_trunks() {
    let mut office = Office::new();
    let account = office.account("ours");
    let mut file = records();
    office.does(|draft| draft.provision(&file, account)).unwrap();
    let group_id = VoiceConnectorGroupId::parse(GROUP).unwrap();
    let (branch, headquarters) =
        (VoiceConnectorId::parse(BRANCH).unwrap(), VoiceConnectorId::parse(HEADQUARTERS).unwrap());
    let deleted = |office: &mut Office, id| office.does(|draft| draft.delete_voice_connector(account, id));
    assert_eq!(why(deleted(&mut office, branch)), Why::Conflict, "a group has it");
    office.does(|draft| draft.update_voice_connector_group(account, group_id, group("Empty", &[]))).unwrap();
    let refused = office.does(|draft| draft.delete_voice_connector_group(account, group_id));
    assert_eq!(why(refused), Why::Conflict, "a number leads to it");
    assert_eq!(why(deleted(&mut office, headquarters)), Why::Conflict, "a number leads to it");
    deleted(&mut office, branch).unwrap();
    file.phone_numbers.clear();
    office.does(|draft| draft.provision(&file, account)).unwrap();
    let empty = group("Empty", &[]);
    office.does(|draft| draft.update_voice_connector_group(account, group_id, empty)).unwrap();
    office.does(|draft| draft.delete_voice_connector_group(account, group_id)).unwrap();
    deleted(&mut office, headquarters).unwrap();
}

#[test]
fn groups_are_listed_in_pages() {
    let (mut office, account) = office();
    for name in ["a", "b", "c"] {
        office.does(|draft| draft.create_voice_connector_group(account, group(name, &[]))).unwrap();
    }
    let page = |after: Option<&str>| {
        office.estate.list_voice_connector_groups(account, PageRequest { len: Some(2), after }).unwrap()
    };
    let first = page(None);
    let last = page(first.next.as_deref());
    assert_eq!((first.items.len(), last.items.len(), last.next), (2, 1, None));
    let request = PageRequest { len: Some(100), after: None };
    assert_eq!(why(office.estate.list_voice_connector_groups(account, request)), Why::BadRequest);
}
