//! Customers that have to log in.

use call::Status;
use sip::digest::{Algorithm, Challenge, Ha1, Login};
use sip::{Name, Request};
use trunk::records::{CredentialRecord, SecretRecord};
use trunk::{DigestAlgorithm, Secret};

use crate::scene::*;

const ZONE: &str = "vc.example";

fn world(algorithms: &[Algorithm]) -> World {
    let mut records = records();
    let secret = |algorithm: &Algorithm| {
        let hashed = match algorithm {
            Algorithm::Md5 => (DigestAlgorithm::Md5, MD5),
            Algorithm::Sha256 => (DigestAlgorithm::Sha256, SHA256),
        };
        SecretRecord { algorithm: hashed.0, ha1: Secret::new(hashed.1.to_owned()) }
    };
    let secrets = algorithms.iter().map(secret).collect();
    records.voice_connectors[0].credentials = vec![CredentialRecord { username: "pbx".to_owned(), secrets }];
    World::of(setup(&records))
}

/// Hashes of `pbx:vc.example:secret`.
const MD5: &str = "1f830a9d2a5397c31b6012f86434e736";
const SHA256: &str = "b8bcfd12dcee43cb26000fd64b81296863fbf3262e9bc84f865762aa0088d9e5";

/// Sends an INVITE again, with an answer to the challenge that came last.
fn log_in(peer: &mut Peer, user: &str, password: &str, algorithm: Algorithm, count: u32) -> Request {
    let challenged = peer.heard().clone();
    let values: Vec<String> = challenged.headers().all(Name::WwwAuthenticate).map(str::to_owned).collect();
    let challenge = values
        .iter()
        .filter_map(|value| Challenge::parse(value).ok())
        .find(|challenge| challenge.algorithm == algorithm)
        .expect("the algorithm is offered");
    let secret = Ha1::new(algorithm, user, ZONE, password);
    let mut invite = peer.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    let uri = invite.uri().as_str().to_owned();
    let login = Login { username: user, secret: &secret };
    let value = login.answer(&challenge, "INVITE", &uri, count, "abc").unwrap();
    invite.headers_mut().push(Name::Authorization, value);
    invite
}

fn challenged(world: &mut World) -> Peer {
    let mut pbx = Peer::new(PBX);
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    pbx.send(invite);
    world.settle(&mut [&mut pbx]);
    assert_eq!(pbx.heard().code(), 401);
    pbx
}

#[test]
fn a_right_password_makes_the_call_and_the_record_names_the_user() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let mut world = world(&[Algorithm::Md5, Algorithm::Sha256]);
        let (mut pbx, mut carrier) = (challenged(&mut world), Peer::new(NORTH));
        assert!(world.journal.begun.is_empty(), "a challenge is no attempt");
        let invite = log_in(&mut pbx, "pbx", "secret", algorithm, 1);
        pbx.send(invite);
        world.settle(&mut [&mut pbx, &mut carrier]);
        assert_eq!(carrier.requests.len(), 1);
        assert_eq!(carrier.requests[0].1.header(Name::Authorization), None);
        assert_eq!(world.journal.begun[0].sip_user.as_deref(), Some("pbx"));
    }
}

#[test]
fn md5_is_asked_for_first_and_only_what_users_have() {
    let offered = |algorithms: &[Algorithm]| -> Vec<Algorithm> {
        let mut world = world(algorithms);
        let pbx = challenged(&mut world);
        let values = pbx.heard().headers().all(Name::WwwAuthenticate);
        values.map(|value| Challenge::parse(value).unwrap().algorithm).collect()
    };
    assert_eq!(offered(&[Algorithm::Md5, Algorithm::Sha256]), [Algorithm::Md5, Algorithm::Sha256]);
    assert_eq!(offered(&[Algorithm::Md5]), [Algorithm::Md5]);
}

#[test]
fn wrong_passwords_and_unknown_users_hear_the_same_and_the_third_time_403() {
    for (user, password) in [("pbx", "guess"), ("nobody", "secret")] {
        let mut world = world(&[Algorithm::Md5]);
        let mut pbx = challenged(&mut world);
        for status in [401, 401, 403] {
            let challenge = pbx.responses.iter().rev().find(|(_, it)| it.code() == 401).cloned().unwrap();
            pbx.responses.push(challenge);
            let invite = log_in(&mut pbx, user, password, Algorithm::Md5, 1);
            pbx.send(invite);
            world.settle(&mut [&mut pbx]);
            assert_eq!(pbx.heard().code(), status, "{user}");
            assert!(!pbx.heard().headers().iter().any(|(_, value)| value.contains("stale=true")));
        }
        assert_eq!(world.end(), (Status::Rejected, "login is wrong"));
    }
}

#[test]
fn a_count_that_was_seen_is_asked_for_again_as_stale() {
    let mut world = world(&[Algorithm::Md5]);
    let (mut pbx, mut carrier) = (challenged(&mut world), Peer::new(NORTH));
    let challenge = pbx.responses.last().cloned().unwrap();
    let invite = log_in(&mut pbx, "pbx", "secret", Algorithm::Md5, 1);
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    pbx.responses.push(challenge);
    let replay = log_in(&mut pbx, "pbx", "secret", Algorithm::Md5, 1);
    pbx.send(replay);
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 401);
    assert!(pbx.heard().header(Name::WwwAuthenticate).unwrap().contains("stale=true"));
    assert_eq!(carrier.requests.len(), 1);
}

#[test]
fn an_old_nonce_is_stale_and_a_foreign_one_is_none() {
    let mut world = world(&[Algorithm::Md5]);
    let mut pbx = challenged(&mut world);
    let invite = log_in(&mut pbx, "pbx", "secret", Algorithm::Md5, 1);
    world.pass(std::time::Duration::from_secs(301), &mut [&mut pbx]);
    pbx.send(invite);
    world.settle(&mut [&mut pbx]);
    assert_eq!(pbx.heard().code(), 401);
    assert!(pbx.heard().header(Name::WwwAuthenticate).unwrap().contains("stale=true"));
    let mut invite = log_in(&mut pbx, "pbx", "secret", Algorithm::Md5, 1);
    let value = invite.header(Name::Authorization).unwrap().replace("nonce=\"0", "nonce=\"f");
    invite.headers_mut().set(Name::Authorization, value);
    pbx.send(invite);
    world.settle(&mut [&mut pbx]);
    assert_eq!(pbx.heard().code(), 401);
    assert!(!pbx.heard().header(Name::WwwAuthenticate).unwrap().contains("stale=true"));
}
