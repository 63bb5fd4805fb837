//! Customers of the operator, and their keys.

use estate::{AccountId, Arn, PageRequest, Refusal, Why};
use trunk::records::Records;

use crate::office::Office;
use crate::sample::{GROUP, HEADQUARTERS, records};

fn why<T: std::fmt::Debug>(done: Result<T, Refusal>) -> Why {
    done.unwrap_err().why
}

fn id(text: &str) -> AccountId {
    Arn::parse(&format!("arn:aws:chime:us-east-1:{text}:vcg/{GROUP}")).unwrap().account
}

#[test]
fn an_account_has_an_id_that_was_drawn_or_chosen_and_nobody_elses() {
    let mut office = Office::new();
    let drawn = office.account("drawn");
    let chosen = id("000000000042");
    office.does(|draft| draft.create_account_as(chosen, "chosen".to_owned())).unwrap();
    for taken in [drawn, chosen] {
        let refused = office.does(|draft| draft.create_account_as(taken, "other".to_owned()));
        assert_eq!(why(refused), Why::Conflict);
    }
    let first = office.estate.list_accounts(PageRequest { len: Some(1), after: None }).unwrap();
    let last = office.estate.list_accounts(PageRequest { len: None, after: first.next.as_deref() }).unwrap();
    let ids: Vec<AccountId> = first.items.iter().chain(&last.items).map(|(id, _)| *id).collect();
    assert_eq!(ids, [chosen, drawn]);
}

#[test]
fn a_name_can_be_seen_and_changed() {
    let mut office = Office::new();
    let account = office.account("ours");
    for bad in ["", "a\nb", &"ä".repeat(257)] {
        let created = office.does(|draft| draft.create_account(bad.to_owned()));
        assert_eq!(why(created), Why::BadRequest, "{bad}");
        let renamed = office.does(|draft| draft.rename_account(account, bad.to_owned()));
        assert_eq!(why(renamed), Why::BadRequest, "{bad}");
    }
    let name = "ä".repeat(256);
    office.does(|draft| draft.rename_account(account, name.clone())).unwrap();
    assert_eq!(office.estate.account(account).unwrap().name, name);
    let nobody = id("000000000042");
    let refused = office.does(|draft| draft.rename_account(nobody, name.clone()));
    assert_eq!(why(refused), Why::NotFound);
}

#[test]
fn an_account_is_closed_when_it_is_empty_and_its_keys_go_with_it() {
    let mut office = Office::new();
    let (ours, theirs) = (office.account("ours"), office.account("theirs"));
    let key = office.does(|draft| draft.create_access_key(ours, String::new())).unwrap();
    let other = office.does(|draft| draft.create_access_key(theirs, String::new())).unwrap();
    let trunk = Records { phone_numbers: Vec::new(), voice_connector_groups: Vec::new(), ..records() };
    let group = Records {
        phone_numbers: Vec::new(),
        voice_connectors: Vec::new(),
        voice_connector_groups: vec![trunk::records::VoiceConnectorGroupRecord {
            voice_connector_items: Vec::new(),
            ..records().voice_connector_groups.remove(0)
        }],
        ..records()
    };
    let mut number =
        Records { voice_connector_groups: Vec::new(), voice_connectors: Vec::new(), ..records() };
    number.phone_numbers.drain(..2);
    for holding in [trunk, group, number] {
        office.does(|draft| draft.provision(&holding, ours)).unwrap();
        assert_eq!(why(office.does(|draft| draft.close_account(ours))), Why::Conflict);
    }
    office.does(|draft| draft.provision(&Records::default(), ours)).unwrap();
    office.does(|draft| draft.close_account(ours)).unwrap();
    assert_eq!(why(office.estate.account(ours)), Why::NotFound);
    assert_eq!(why(office.estate.list_access_keys(ours)), Why::NotFound);
    assert!(office.estate.signer(&key.id).is_none() && office.estate.signer(&other.id).is_some());
    assert_eq!(why(office.does(|draft| draft.close_account(ours))), Why::NotFound);
    let voice_connector = trunk::VoiceConnectorId::parse(HEADQUARTERS).unwrap();
    assert_eq!(why(office.estate.voice_connector(ours, voice_connector)), Why::NotFound);
}

#[test]
fn a_secret_is_told_once() {
    let mut office = Office::new();
    let account = office.account("ours");
    let key = office.does(|draft| draft.create_access_key(account, "laptop".to_owned())).unwrap();
    let other = office.does(|draft| draft.create_access_key(account, String::new())).unwrap();
    let secret = key.secret.expose();
    assert!(
        secret.len() == 40
            && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
    );
    assert!(secret != other.secret.expose() && key.id != other.id);
    let (signs_for, kept) = office.estate.signer(&key.id).unwrap();
    assert_eq!((signs_for, kept.expose()), (account, secret));
    let listed = office.estate.list_access_keys(account).unwrap();
    let shown = format!("{listed:?} {key:?} {:?}", office.estate.access_keys.find(&key.id));
    assert!(shown.contains("laptop") && !shown.contains(secret), "{shown}");
    assert_eq!(listed.len(), 2);
}

#[test]
fn a_key_is_put_out_of_use_into_use_and_removed() {
    let mut office = Office::new();
    let account = office.account("ours");
    let key = office.does(|draft| draft.create_access_key(account, String::new())).unwrap().id;
    let disable =
        |disabled| move |draft: &mut estate::Draft<'_>| draft.disable_access_key(account, key, disabled);
    office.does(disable(true)).unwrap();
    assert!(office.estate.signer(&key).is_none());
    assert!(office.estate.list_access_keys(account).unwrap()[0].disabled);
    office.does(disable(false)).unwrap();
    assert!(office.estate.signer(&key).is_some());
    office.does(|draft| draft.delete_access_key(account, key)).unwrap();
    assert!(office.estate.signer(&key).is_none());
    assert_eq!(why(office.does(disable(true))), Why::NotFound);
    assert_eq!(why(office.does(|draft| draft.delete_access_key(account, key))), Why::NotFound);
}

#[test]
fn an_account_has_sixteen_keys_at_most() {
    let mut office = Office::new();
    let account = office.account("ours");
    let create = |name: &str| {
        let name = name.to_owned();
        move |draft: &mut estate::Draft<'_>| draft.create_access_key(account, name)
    };
    assert_eq!(why(office.does(create("a\tb"))), Why::BadRequest);
    for _ in 0..16 {
        office.does(create("")).unwrap();
    }
    assert_eq!(why(office.does(create(""))), Why::ResourceLimitExceeded);
}

#[test]
fn the_first_key_is_made_only_where_there_is_no_account() {
    let mut office = Office::new();
    let first = office.does(|draft| draft.bootstrap("first".to_owned())).unwrap();
    assert_eq!(office.estate.signer(&first.id).unwrap().0, first.account);
    assert_eq!(why(office.does(|draft| draft.bootstrap("second".to_owned()))), Why::Conflict);
}
