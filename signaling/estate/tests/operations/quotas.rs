//! Quotas and strict limits: they refuse more, and keep nobody from what there is.

use estate::operation::origination::NewOrigination;
use estate::operation::voice_connector_groups::NewVoiceConnectorGroup;
use estate::{AccountId, Installation, Refusal, Why};
use trunk::records::TerminationRecord;
use trunk::{Quotas, VoiceConnectorGroupId, VoiceConnectorId};

use crate::office::Office;
use crate::sample::{BRANCH, GROUP, HEADQUARTERS, credential, item, records, route, termination};

/// An account whose quotas are what it has, or one.
fn lowered() -> (Office, AccountId, VoiceConnectorId) {
    let mut office = Office::new();
    let account = office.account("ours");
    let id = VoiceConnectorId::parse(HEADQUARTERS).unwrap();
    let mut file = records();
    let trunk = &mut file.voice_connectors[0];
    trunk.termination = Some(TerminationRecord {
        cidr_allowed_list: vec!["192.0.2.1".to_owned(), "192.0.2.2".to_owned()],
        cps_limit: 9,
        ..termination("192.0.2.0/27")
    });
    trunk.origination.as_mut().unwrap().routes.push(route("pbx.example"));
    trunk.credentials.push(credential("sbc", 'b'));
    office.does(|draft| draft.provision(&file, account)).unwrap();
    let ones = Quotas {
        cidrs: 1,
        cps: 1,
        credentials: 1,
        group_items: 1,
        phone_numbers: 1,
        routes: 1,
        voice_connector_groups: 1,
        voice_connectors: 1,
    };
    office.does(|draft| draft.put_quotas(account, ones)).unwrap();
    (office, account, id)
}

fn why<T: std::fmt::Debug>(done: Result<T, Refusal>) -> Why {
    done.unwrap_err().why
}

#[test]
fn a_lowered_quota_keeps_nobody_from_what_there_is() {
    let (mut office, account, id) = lowered();
    office
        .does(|draft| {
            draft.update_voice_connector(account, id, "Renamed".to_owned(), false)?;
            let before = draft.estate.voice_connector_termination(account, id)?.clone();
            draft.put_voice_connector_termination(account, id, before)?;
            let routes = draft.estate.voice_connector_origination(account, id)?.routes.clone();
            let same = NewOrigination { disabled: None, routes: Some(routes) };
            draft.put_voice_connector_origination(account, id, same)?;
            draft.put_voice_connector_termination_credentials(account, id, vec![credential("sbc", 'c')])?;
            let group = VoiceConnectorGroupId::parse(GROUP).unwrap();
            let voice_connector_items = vec![item(BRANCH, 1), item(HEADQUARTERS, 2)];
            let new = NewVoiceConnectorGroup {
                name: "Renamed".to_owned(),
                voice_connector_items,
                ..NewVoiceConnectorGroup::default()
            };
            draft.update_voice_connector_group(account, group, new)
        })
        .unwrap();
}

#[test]
fn a_lowered_quota_refuses_more_than_there_is() {
    let (mut office, account, id) = lowered();
    let before = office.estate.voice_connector_termination(account, id).unwrap().clone();
    let more = TerminationRecord { cps_limit: 10, ..before.clone() };
    let refused = office.does(|draft| draft.put_voice_connector_termination(account, id, more));
    assert_eq!(why(refused), Why::BadRequest);
    let mut more = before;
    more.cidr_allowed_list.push("192.0.2.3".to_owned());
    let refused = office.does(|draft| draft.put_voice_connector_termination(account, id, more));
    assert_eq!(why(refused), Why::BadRequest);
    let routes = ["a.example", "b.example", "c.example"].map(route).to_vec();
    let more = NewOrigination { disabled: None, routes: Some(routes) };
    let refused = office.does(|draft| draft.put_voice_connector_origination(account, id, more));
    assert_eq!(why(refused), Why::BadRequest);
    let more = vec![credential("third", 'c')];
    let refused = office.does(|draft| draft.put_voice_connector_termination_credentials(account, id, more));
    assert_eq!(why(refused), Why::BadRequest);
    // Once there is less, the quota holds again.
    let less = termination("192.0.2.1");
    office.does(|draft| draft.put_voice_connector_termination(account, id, less)).unwrap();
    let more = TerminationRecord { cps_limit: 2, ..termination("192.0.2.1") };
    let refused = office.does(|draft| draft.put_voice_connector_termination(account, id, more));
    assert_eq!(why(refused), Why::BadRequest);
}

#[test]
fn a_quota_of_routes_ends_where_the_api_does() {
    let mut office = Office::new();
    let account = office.account("ours");
    let quotas = |routes| Quotas { routes, ..Quotas::default() };
    assert_eq!(why(office.does(|draft| draft.put_quotas(account, quotas(21)))), Why::BadRequest);
    office.does(|draft| draft.put_quotas(account, quotas(20))).unwrap();
    office
        .does(|draft| draft.provision(&trunk::records::Records { quotas: quotas(20), ..records() }, account))
        .unwrap();
    let id = VoiceConnectorId::parse(BRANCH).unwrap();
    let many = |count: u8| NewOrigination {
        disabled: None,
        routes: Some((0..count).map(|at| route(&format!("192.0.2.{at}"))).collect()),
    };
    office.does(|draft| draft.put_voice_connector_origination(account, id, many(20))).unwrap();
    let refused = office.does(|draft| draft.put_voice_connector_origination(account, id, many(21)));
    assert_eq!(why(refused), Why::BadRequest);
}

#[test]
fn strict_limits_bind_what_is_new() {
    let mut office = Office::new();
    let account = office.account("ours");
    office.does(|draft| draft.provision(&records(), account)).unwrap();
    let id = VoiceConnectorId::parse(BRANCH).unwrap();
    let lan = NewOrigination { disabled: None, routes: Some(vec![route("10.0.0.1")]) };
    let put = |office: &mut Office, network: &str, more: Option<&str>| {
        let mut new = termination(network);
        new.cidr_allowed_list.extend(more.map(str::to_owned));
        office.does(|draft| draft.put_voice_connector_termination(account, id, new))
    };
    put(&mut office, "10.0.0.0/8", None).unwrap();
    office.does(|draft| draft.put_voice_connector_origination(account, id, lan.clone())).unwrap();
    let strict = Installation { strict_aws_limits: true, ..Installation::default() };
    office.does(|draft| draft.put_installation(strict)).unwrap();
    office.does(|draft| draft.update_voice_connector(account, id, "Renamed".to_owned(), false)).unwrap();
    put(&mut office, "10.0.0.0/8", Some("203.0.113.0/27")).unwrap();
    office.does(|draft| draft.put_voice_connector_origination(account, id, lan.clone())).unwrap();
    for network in ["10.0.1.0/27", "203.0.113.0/26", "2001:db8::/32"] {
        assert_eq!(why(put(&mut office, "10.0.0.0/8", Some(network))), Why::BadRequest, "{network}");
    }
    let other = NewOrigination { disabled: None, routes: Some(vec![route("10.0.0.2")]) };
    let refused = office.does(|draft| draft.put_voice_connector_origination(account, id, other));
    assert_eq!(why(refused), Why::BadRequest);
}
