//! Which customer calls, and whether they may: connector, termination, allow-list, encryption, credentials.

use trunk::{
    Country, Reason, Transport,
    records::Records,
    route::{Attempt, Credentials, Offer, Outcome},
    snapshot::Side,
};

use crate::sample::{
    BRANCH, BRANCH_AT, DESK_HOST, HEADQUARTERS, HEADQUARTERS_AT, HEADQUARTERS_HOST, attempt, credential,
    decision, id, outbound, reason, records, snapshot, termination_of,
};

const SHARED: &str = "192.0.2.128/27";
const BY_ADDRESS: &str = "198.51.100.200";

fn with_credential(mut records: Records, at: usize, username: &str) -> Records {
    records.voice_connectors[at].credentials.push(credential(username));
    records
}

fn with_shared_source() -> Records {
    let mut records = records();
    for at in [HEADQUARTERS_AT, BRANCH_AT] {
        termination_of(&mut records, at).cidr_allowed_list.push(SHARED.to_owned());
    }
    records
}

fn from_shared_source(credentials: Credentials<'_>) -> Attempt<'_> {
    Attempt { credentials, host: BY_ADDRESS, source: [192, 0, 2, 130].into(), ..attempt() }
}

#[test]
fn the_request_host_names_the_connector_however_it_is_written() {
    for host in [HEADQUARTERS_HOST, "Headquarters0000000001.VC.Example", "headquarters0000000001.vc.example."]
    {
        assert_eq!(
            outbound(&records(), &Attempt { host, ..attempt() }).connector,
            id(HEADQUARTERS),
            "{host}"
        );
    }
}

#[test]
fn without_a_host_name_the_only_owner_of_the_source_address_is_meant() {
    let by_address = Attempt { host: BY_ADDRESS, source: [192, 0, 2, 65].into(), ..attempt() };
    assert_eq!(outbound(&records(), &by_address).connector, id(BRANCH));
}

#[test]
fn of_two_networks_the_smaller_one_tells_the_owner() {
    let mut records = records();
    termination_of(&mut records, BRANCH_AT).cidr_allowed_list.push("192.0.0.0/16".to_owned());
    let inside = Attempt { host: BY_ADDRESS, ..attempt() };
    let around = Attempt { source: [192, 0, 9, 9].into(), ..inside };
    assert_eq!(outbound(&records, &inside).connector, id(HEADQUARTERS));
    assert_eq!(outbound(&records, &around).connector, id(BRANCH));
}

#[test]
fn a_shared_source_is_told_apart_by_host_else_by_login() {
    let shared = with_shared_source();
    let absent = from_shared_source(Credentials::Absent);
    assert_eq!(outbound(&shared, &Attempt { host: HEADQUARTERS_HOST, ..absent }).connector, id(HEADQUARTERS));
    assert_eq!(reason(&shared, &absent), Some(Reason::SourceAmbiguous));

    let shared = with_credential(shared, BRANCH_AT, "5600");
    let verified = Credentials::Verified { connector: id(BRANCH), username: "5600" };
    assert_eq!(reason(&shared, &absent), Some(Reason::CredentialsWanted));
    assert_eq!(reason(&shared, &from_shared_source(Credentials::Wrong)), Some(Reason::CredentialsWrong));
    assert_eq!(outbound(&shared, &from_shared_source(verified)).connector, id(BRANCH));
    let elsewhere = Credentials::Verified { connector: id("desk000000000000000001"), username: "5600" };
    assert_eq!(reason(&shared, &from_shared_source(elsewhere)), Some(Reason::SourceAmbiguous));
}

#[test]
fn what_a_login_is_tried_against_follows_from_host_and_source() {
    let records =
        with_credential(with_credential(with_shared_source(), HEADQUARTERS_AT, "5600"), BRANCH_AT, "5600");
    let snapshot = snapshot(&records);
    let ids = |host, source: [u8; 4], user| -> Vec<String> {
        let found = snapshot.credentials(host, source.into(), user);
        found.into_iter().map(|(id, _credential)| id.to_string()).collect()
    };
    assert_eq!(ids(HEADQUARTERS_HOST, [192, 0, 2, 130], "5600"), [HEADQUARTERS]);
    assert_eq!(ids(BY_ADDRESS, [192, 0, 2, 130], "5600"), [HEADQUARTERS, BRANCH]);
    assert_eq!(ids(BY_ADDRESS, [192, 0, 2, 65], "5600"), [BRANCH]);
    assert!(ids(BY_ADDRESS, [192, 0, 2, 65], "5601").is_empty());
    assert!(ids(BY_ADDRESS, [8, 8, 8, 8], "5600").is_empty());
}

#[test]
fn strangers_hear_nothing_unless_they_know_the_name_of_a_connector() {
    let stranger = Attempt { host: BY_ADDRESS, source: [8, 8, 8, 8].into(), ..attempt() };
    let guess = Attempt { host: "guess00000000000000001.vc.example", ..stranger };
    let named = Attempt { host: HEADQUARTERS_HOST, ..stranger };
    for silent in [stranger, guess] {
        assert!(reason(&records(), &silent).is_some_and(Reason::is_silent));
    }
    let Outcome::Reject(reject) = decision(&records(), &named).outcome else { panic!("accepted") };
    assert_eq!((reject.connector, reject.status), (Some(id(HEADQUARTERS)), 403));
    assert_eq!(reject.reason, Reason::SourceNotAllowed);
}

#[test]
fn a_customer_who_names_a_connector_that_is_no_more_is_told_so() {
    let gone = Attempt { host: "gone000000000000000001.vc.example", ..attempt() };
    assert_eq!(reason(&records(), &gone), Some(Reason::ConnectorUnknown));
}

#[test]
fn sides_are_told_by_host_then_by_link_then_by_allow_list() {
    let mut records = records();
    termination_of(&mut records, HEADQUARTERS_AT).cidr_allowed_list.push("198.51.100.0/28".to_owned());
    let snapshot = snapshot(&records);
    let side = |source: [u8; 4], host| snapshot.side_of(source.into(), host);
    assert_eq!(side([198, 51, 100, 1], BY_ADDRESS), Some(Side::Carrier));
    assert_eq!(side([198, 51, 100, 1], HEADQUARTERS_HOST), Some(Side::Customer));
    assert_eq!(side([198, 51, 100, 3], BY_ADDRESS), Some(Side::Customer));
    assert_eq!(side([8, 8, 8, 8], BY_ADDRESS), None);
    assert_eq!(side([8, 8, 8, 8], HEADQUARTERS_HOST), Some(Side::Customer));
}

#[test]
fn a_fresh_connector_allows_nothing() {
    assert_eq!(
        reason(&records(), &Attempt { host: DESK_HOST, ..attempt() }),
        Some(Reason::TerminationMissing)
    );
}

#[test]
fn a_disabled_termination_refuses_calls_of_the_customer() {
    let mut records = records();
    termination_of(&mut records, HEADQUARTERS_AT).disabled = true;
    assert_eq!(reason(&records, &attempt()), Some(Reason::TerminationDisabled));
}

#[test]
fn the_allow_list_is_mandatory_and_comes_before_the_login() {
    let mut records = with_credential(records(), HEADQUARTERS_AT, "5600");
    let verified = Credentials::Verified { connector: id(HEADQUARTERS), username: "5600" };
    let inside = Attempt { credentials: verified, ..attempt() };
    let outside = Attempt { source: [192, 0, 2, 32].into(), ..inside };
    assert_eq!(reason(&records, &inside), None);
    assert_eq!(reason(&records, &outside), Some(Reason::SourceNotAllowed));
    termination_of(&mut records, HEADQUARTERS_AT).cidr_allowed_list.clear();
    assert_eq!(reason(&records, &inside), Some(Reason::SourceNotAllowed));
}

#[test]
fn a_login_is_asked_for_where_a_credential_is_set_and_nowhere_else() {
    let records = with_credential(records(), HEADQUARTERS_AT, "5600");
    let with = |connector, username| Attempt {
        credentials: Credentials::Verified { connector: id(connector), username },
        ..attempt()
    };
    let cases = [
        (attempt(), Some(Reason::CredentialsWanted)),
        (Attempt { credentials: Credentials::Wrong, ..attempt() }, Some(Reason::CredentialsWrong)),
        (with(HEADQUARTERS, "5600"), None),
        (with(HEADQUARTERS, "5601"), Some(Reason::CredentialsWrong)),
        (with(BRANCH, "5600"), Some(Reason::CredentialsWrong)),
    ];
    for (attempt, wanted) in cases {
        assert_eq!(reason(&records, &attempt), wanted, "{:?}", attempt.credentials);
    }
    assert_eq!(Reason::CredentialsWanted.status(), 401);
    let wrong = Attempt { credentials: Credentials::Wrong, ..attempt() };
    assert_eq!(reason(&crate::sample::records(), &wrong), None);
}

#[test]
fn required_encryption_wants_tls_and_srtp() {
    let mut records = records();
    records.voice_connectors[HEADQUARTERS_AT].require_encryption = true;
    let cases = [
        (Transport::Udp, Offer::Protected, Some(Reason::TlsWanted)),
        (Transport::Tcp, Offer::Protected, Some(Reason::TlsWanted)),
        (Transport::Udp, Offer::Clear, Some(Reason::TlsWanted)),
        (Transport::Tls, Offer::Clear, Some(Reason::SrtpWanted)),
        (Transport::Tls, Offer::Protected, None),
        (Transport::Tls, Offer::Absent, None),
    ];
    for (transport, offer, wanted) in cases {
        let attempt = Attempt { offer, transport, ..attempt() };
        assert_eq!(reason(&records, &attempt), wanted, "{transport} {offer:?}");
    }
    assert_eq!((Reason::TlsWanted.status(), Reason::SrtpWanted.status()), (403, 488));
}

#[test]
fn srtp_without_tls_is_refused_unless_the_connector_allows_it() {
    let mut records = records();
    let offer = |transport| Attempt { offer: Offer::Protected, transport, ..attempt() };
    assert_eq!(reason(&records, &offer(Transport::Udp)), Some(Reason::SrtpWithoutTls));
    assert_eq!(reason(&records, &offer(Transport::Tcp)), Some(Reason::SrtpWithoutTls));
    assert_eq!(reason(&records, &offer(Transport::Tls)), None);
    records.voice_connectors[HEADQUARTERS_AT].srtp_without_tls = true;
    assert_eq!(reason(&records, &offer(Transport::Udp)), None);
    assert_eq!(Reason::SrtpWithoutTls.status(), 488);
}

#[test]
fn calling_regions_name_countries() {
    let snapshot = snapshot(&records());
    let termination = snapshot.connector(&id(HEADQUARTERS)).unwrap().termination.clone().unwrap();
    let regions: Vec<&str> = termination.calling_regions.iter().map(Country::as_str).collect();
    assert_eq!(regions, ["GB", "US"]);
}
