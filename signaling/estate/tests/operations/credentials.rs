//! Who may log in to a trunk: by name, never told how.

use estate::{AccountId, Kind, Owned, Refusal, Why};
use trunk::VoiceConnectorId;
use trunk::records::CredentialRecord;

use crate::office::Office;
use crate::sample::{HEADQUARTERS, credential, records};

fn office() -> (Office, AccountId, VoiceConnectorId) {
    let mut office = Office::new();
    let account = office.account("ours");
    office.does(|draft| draft.provision(&records(), account)).unwrap();
    (office, account, VoiceConnectorId::parse(HEADQUARTERS).unwrap())
}

fn names(office: &Office, account: AccountId, id: VoiceConnectorId) -> Vec<String> {
    office.estate.list_voice_connector_termination_credentials(account, id).unwrap()
}

fn why<T: std::fmt::Debug>(done: Result<T, Refusal>) -> Why {
    done.unwrap_err().why
}

#[test]
fn users_are_added_replaced_and_removed_by_their_names() {
    let (mut office, account, id) = office();
    let put = |list: Vec<CredentialRecord>| {
        move |draft: &mut estate::Draft<'_>| {
            draft.put_voice_connector_termination_credentials(account, id, list)
        }
    };
    office.does(put(vec![credential("sbc", 'b'), credential("pbx", 'c')])).unwrap();
    assert_eq!(names(&office, account, id), ["pbx", "sbc"]);
    let kept = office.estate.credentials.find(&Owned { account, id }).unwrap();
    assert_eq!(kept.list[0].secrets[0].ha1.expose(), "c".repeat(32));
    let delete = |list: &[&str]| {
        let list: Vec<String> = list.iter().map(|name| (*name).to_owned()).collect();
        move |draft: &mut estate::Draft<'_>| {
            draft.delete_voice_connector_termination_credentials(account, id, &list)
        }
    };
    office.does(delete(&["nobody", "pbx"])).unwrap();
    assert_eq!(names(&office, account, id), ["sbc"]);
    office.does(delete(&["sbc"])).unwrap();
    assert_eq!(names(&office, account, id), [""; 0]);
    assert!(office.estate.credentials.find(&Owned { account, id }).is_none());
    office.does(delete(&["sbc"])).unwrap();
}

#[test]
fn a_call_names_one_to_ten_users_and_each_once() {
    let (mut office, account, id) = office();
    let many = |count: usize| (0..count).map(|at| credential(&format!("user{at}"), 'b')).collect::<Vec<_>>();
    let bad = [
        vec![],
        many(11),
        // One is there already, and ten are the quota.
        many(10),
        vec![credential("a", 'b'), credential("a", 'c')],
        vec![credential("", 'b')],
        vec![credential("a\"b", 'b')],
        vec![credential("a", 'z')],
        vec![CredentialRecord { secrets: Vec::new(), ..credential("a", 'b') }],
    ];
    for list in bad {
        let shown = format!("{list:?}");
        let refusal = office
            .does(|draft| draft.put_voice_connector_termination_credentials(account, id, list))
            .unwrap_err();
        assert_eq!(refusal.why, Why::BadRequest, "{shown}");
        assert!(!refusal.message.contains("zz"), "{refusal}");
    }
    let names_of = |count: usize| (0..count).map(|at| format!("user{at}")).collect::<Vec<_>>();
    for list in [vec![], vec!["a".to_owned(); 2], names_of(11)] {
        let refused =
            office.does(|draft| draft.delete_voice_connector_termination_credentials(account, id, &list));
        assert_eq!(why(refused), Why::BadRequest);
    }
    office.does(|draft| draft.put_voice_connector_termination_credentials(account, id, many(9))).unwrap();
    assert_eq!(names(&office, account, id).len(), 10);
    office
        .does(|draft| draft.delete_voice_connector_termination_credentials(account, id, &names_of(10)))
        .unwrap();
    assert_eq!(names(&office, account, id), ["pbx"]);
    let quotas = trunk::Quotas { credentials: 20, ..trunk::Quotas::default() };
    office.does(|draft| draft.put_quotas(account, quotas)).unwrap();
    let refused =
        office.does(|draft| draft.put_voice_connector_termination_credentials(account, id, many(11)));
    assert_eq!(why(refused), Why::BadRequest, "the quota would allow it, a call does not");
    office.does(|draft| draft.put_voice_connector_termination_credentials(account, id, many(10))).unwrap();
}

#[test]
fn hashes_are_in_documents_of_their_own_and_go_with_the_trunk() {
    let (mut office, account, id) = office();
    let mut random = |_| 0;
    let mut draft = estate::Draft::new(&office.estate, office.now, &mut random);
    draft.put_voice_connector_termination_credentials(account, id, vec![credential("sbc", 'd')]).unwrap();
    draft.update_voice_connector(account, id, "Renamed".to_owned(), false).unwrap();
    draft
        .put_voice_connector_logging_configuration(account, id, trunk::LoggingConfiguration::default())
        .unwrap();
    let (_, changes) = draft.finish();
    let kinds: Vec<Kind> = changes.iter().map(|change| change.kind).collect();
    assert_eq!(kinds, [Kind::VoiceConnector, Kind::Credentials]);
    for change in &changes {
        let body = str::from_utf8(change.body.as_deref().unwrap()).unwrap();
        assert_eq!(body.contains("ddd"), change.kind == Kind::Credentials, "{}", change.kind);
        assert!(!format!("{change:?}").contains("ddd"));
    }
    let empty = trunk::records::Records::default();
    office.does(|draft| draft.provision(&empty, account)).unwrap();
    assert!(office.estate.credentials.find(&Owned { account, id }).is_none());
}
