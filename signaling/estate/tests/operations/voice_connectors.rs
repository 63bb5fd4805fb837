//! Trunks: made, found, changed and removed, by whom they belong to.

use crate::office::Office;
use estate::operation::voice_connectors::NewVoiceConnector;
use estate::{PageRequest, Tag, Why};

fn named(name: &str) -> NewVoiceConnector {
    NewVoiceConnector { name: name.to_owned(), require_encryption: true, ..NewVoiceConnector::default() }
}

#[test]
fn a_new_trunk_allows_nothing_and_is_found_by_its_owner_only() {
    let mut office = Office::new();
    let (ours, theirs) = (office.account("ours"), office.account("theirs"));
    let id = office.does(|draft| draft.create_voice_connector(ours, named("Headquarters"))).unwrap();
    let connector = office.estate.voice_connector(ours, id).unwrap();
    assert!(connector.record.termination.is_none() && connector.record.origination.is_none());
    assert_eq!((connector.created, connector.updated), (office.now, office.now));
    assert_eq!(office.estate.voice_connector(theirs, id).unwrap_err().why, Why::NotFound);
    let change = |account| {
        move |draft: &mut estate::Draft<'_>| {
            draft.update_voice_connector(account, id, "Branch".to_owned(), false)
        }
    };
    assert_eq!(office.does(change(theirs)).unwrap_err().why, Why::NotFound);
    office.does(change(ours)).unwrap();
    assert_eq!(office.does(|draft| draft.delete_voice_connector(theirs, id)).unwrap_err().why, Why::NotFound);
    office.does(|draft| draft.delete_voice_connector(ours, id)).unwrap();
    assert_eq!(office.estate.voice_connector(ours, id).unwrap_err().why, Why::NotFound);
}

#[test]
fn names_tags_and_quotas_are_kept_to() {
    let mut office = Office::new();
    let account = office.account("ours");
    for bad in ["", "a\tb", "ü", &"a".repeat(257)] {
        let refusal = office.does(|draft| draft.create_voice_connector(account, named(bad))).unwrap_err();
        assert_eq!(refusal.why, Why::BadRequest, "{bad}");
    }
    let tag = |key: &str| Tag { key: key.to_owned(), value: "x".to_owned() };
    for tags in [vec![tag("a"), tag("a")], vec![tag("")], vec![tag(&"k".repeat(129))]] {
        let new = NewVoiceConnector { tags, ..named("tagged") };
        let refusal = office.does(|draft| draft.create_voice_connector(account, new)).unwrap_err();
        assert_eq!(refusal.why, Why::BadRequest);
    }
    for name in ["one", "two", "three"] {
        office.does(|draft| draft.create_voice_connector(account, named(name))).unwrap();
    }
    let refusal = office.does(|draft| draft.create_voice_connector(account, named("four"))).unwrap_err();
    assert_eq!(refusal.why, Why::ResourceLimitExceeded);
}

#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    let mut office = Office::new();
    let (ours, theirs) = (office.account("ours"), office.account("theirs"));
    for account in [ours, theirs, ours, ours] {
        office.does(|draft| draft.create_voice_connector(account, named("one"))).unwrap();
    }
    let page = |after: Option<&str>| {
        office.estate.list_voice_connectors(ours, PageRequest { len: Some(2), after }).unwrap()
    };
    let first = page(None);
    let last = page(first.next.as_deref());
    assert_eq!((first.items.len(), last.items.len(), last.next), (2, 1, None));
    assert!(first.items.iter().chain(&last.items).is_sorted_by(|one, next| one.0 < next.0));
    for len in [0, 100] {
        let request = PageRequest { len: Some(len), after: None };
        assert_eq!(office.estate.list_voice_connectors(ours, request).unwrap_err().why, Why::BadRequest);
    }
    let request = PageRequest { len: None, after: Some("nonsense") };
    assert_eq!(office.estate.list_voice_connectors(ours, request).unwrap_err().why, Why::BadRequest);
}
