//! Customers that have to log in.

use std::time::Duration;

use call::{Limits, Setup, Status};
use sip::digest::{Algorithm, Challenge, Ha1, Login};
use sip::{Name, Request};
use trunk::records::{CredentialRecord, SecretRecord};
use trunk::{DigestAlgorithm, Secret};

use crate::scene::*;

const ZONE: &str = "vc.example";

fn world(algorithms: &[Algorithm]) -> World {
    World::of(login_setup(algorithms))
}

fn login_setup(algorithms: &[Algorithm]) -> Setup {
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
    setup(&records)
}

/// Hashes of `pbx:vc.example:secret`.
const MD5: &str = "1f830a9d2a5397c31b6012f86434e736";
const SHA256: &str = "b8bcfd12dcee43cb26000fd64b81296863fbf3262e9bc84f865762aa0088d9e5";

/// Makes the first INVITE anew, with an answer to the challenge that came last.
fn log_in(peer: &Peer, first: &Request, login: (&str, &str), algorithm: Algorithm, number: u32) -> Request {
    let challenged = peer.responses.iter().rev().find(|(_, it)| it.code() == 401).expect("a challenge");
    let values: Vec<&str> = challenged.1.headers().all(Name::WwwAuthenticate).collect();
    let challenge = values
        .iter()
        .filter_map(|value| Challenge::parse(value).ok())
        .find(|challenge| challenge.algorithm == algorithm)
        .expect("the algorithm is offered");
    let secret = Ha1::new(algorithm, login.0, ZONE, login.1);
    let mut invite = first.clone();
    invite.headers_mut().set(Name::CSeq, format!("{number} INVITE"));
    let uri = invite.uri().as_str().to_owned();
    let login = Login { username: login.0, secret: &secret };
    let value = login.answer(&challenge, "INVITE", &uri, 1, "abc").unwrap();
    invite.headers_mut().push(Name::Authorization, value);
    invite
}

const RIGHT: (&str, &str) = ("pbx", "secret");
const WRONG: (&str, &str) = ("pbx", "guess");

/// Has a host call, which is asked to log in, and returns its INVITE.
fn challenged_from(world: &mut World, pbx: &mut Peer) -> Request {
    let invite = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    pbx.send(invite.clone());
    world.settle(&mut [pbx]);
    assert_eq!(pbx.heard().code(), 401);
    invite
}

fn challenged(world: &mut World) -> (Peer, Request) {
    let mut pbx = Peer::new(PBX);
    let invite = challenged_from(world, &mut pbx);
    (pbx, invite)
}

/// Answers the challenge that came last, and returns what is said to that.
fn tried(world: &mut World, pbx: &mut Peer, first: &Request, login: (&str, &str), number: u32) -> u16 {
    let invite = log_in(pbx, first, login, Algorithm::Md5, number);
    pbx.send(invite);
    world.settle(&mut [pbx]);
    pbx.heard().code()
}

#[test]
fn a_right_password_makes_the_call_and_the_record_names_the_user() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let mut world = world(&[Algorithm::Md5, Algorithm::Sha256]);
        let ((mut pbx, first), mut carrier) = (challenged(&mut world), Peer::new(NORTH));
        let begun = world.journal.begun[0].clone();
        world.pass(Duration::from_secs(31), &mut [&mut pbx]);
        let invite = log_in(&pbx, &first, RIGHT, algorithm, 2);
        pbx.send(invite);
        world.settle(&mut [&mut pbx, &mut carrier]);
        assert_eq!(carrier.requests.len(), 1);
        assert_eq!(carrier.requests[0].1.header(Name::Authorization), None);
        let [resumed] = &world.journal.resumed[..] else { panic!("it goes on") };
        assert_eq!((resumed.id, resumed.begun), (begun.id, begun.begun), "it is the same attempt");
        assert_eq!((resumed.sip_user.as_deref(), resumed.call.is_some()), (Some("pbx"), true));
        carrier.answer(486, "");
        world.settle(&mut [&mut pbx, &mut carrier]);
        assert_eq!(world.end(), (Status::Rejected, "486 Busy Here"));
        world.is_over(&mut [&mut pbx, &mut carrier]);
    }
}

#[test]
fn md5_is_asked_for_first_and_only_what_users_have() {
    let offered = |algorithms: &[Algorithm]| -> Vec<Algorithm> {
        let mut world = world(algorithms);
        let (pbx, _) = challenged(&mut world);
        let values = pbx.heard().headers().all(Name::WwwAuthenticate);
        values.map(|value| Challenge::parse(value).unwrap().algorithm).collect()
    };
    assert_eq!(offered(&[Algorithm::Md5, Algorithm::Sha256]), [Algorithm::Md5, Algorithm::Sha256]);
    assert_eq!(offered(&[Algorithm::Md5]), [Algorithm::Md5]);
}

#[test]
fn hashes_are_offered_in_the_order_of_the_setup_and_no_other_is_taken() {
    let both = [Algorithm::Md5, Algorithm::Sha256];
    for digests in [vec![Algorithm::Sha256, Algorithm::Md5], vec![Algorithm::Md5], vec![Algorithm::Sha256]] {
        let setup = Setup { digests: digests.clone(), ..login_setup(&both) };
        let mut world = World::of(setup);
        let (mut pbx, first) = challenged(&mut world);
        let values: Vec<String> =
            pbx.heard().headers().all(Name::WwwAuthenticate).map(str::to_owned).collect();
        let offered: Vec<Algorithm> =
            values.iter().map(|value| Challenge::parse(value).unwrap().algorithm).collect();
        assert_eq!(offered, digests);
        // Whoever knows the password, and makes a hash that was not asked for.
        let forbidden = both.into_iter().find(|algorithm| !digests.contains(algorithm));
        if let Some(forbidden) = forbidden {
            let mut challenge = Challenge::parse(&values[0]).unwrap();
            challenge.algorithm = forbidden;
            let secret = Ha1::new(forbidden, "pbx", ZONE, "secret");
            let login = Login { username: "pbx", secret: &secret };
            let value = login.answer(&challenge, "INVITE", first.uri().as_str(), 1, "abc").unwrap();
            let mut invite = first.clone().with(Name::Authorization, value);
            invite.headers_mut().set(Name::CSeq, "2 INVITE");
            pbx.send(invite);
            world.settle(&mut [&mut pbx]);
            assert_eq!(pbx.heard().code(), 401);
        }
        let invite = log_in(&pbx, &first, RIGHT, digests[0], 3);
        pbx.send(invite);
        world.settle(&mut [&mut pbx]);
        assert_eq!(pbx.heard().code(), 100);
    }
}

#[test]
fn wrong_passwords_and_unknown_users_hear_401_once_more_and_then_403_in_the_same_call() {
    for login in [WRONG, ("nobody", "secret")] {
        let mut world = world(&[Algorithm::Md5]);
        let (mut pbx, first) = challenged(&mut world);
        for (number, status) in [(2, 401), (3, 403)] {
            assert_eq!(tried(&mut world, &mut pbx, &first, login, number), status, "{login:?}");
            assert!(!pbx.heard().headers().iter().any(|(_, value)| value.contains("stale=true")));
        }
        world.is_over(&mut [&mut pbx]);
        assert_eq!(world.end(), (Status::Rejected, "login is wrong"));
    }
}

#[test]
fn failures_are_counted_by_call() {
    let mut world = world(&[Algorithm::Md5]);
    let mut pbx = Peer::new(PBX);
    let calls = [0, 1].map(|_| challenged_from(&mut world, &mut pbx));
    for (first, status) in calls.iter().zip([401, 401]) {
        assert_eq!(tried(&mut world, &mut pbx, first, WRONG, 2), status);
    }
    let mut carrier = Peer::new(NORTH);
    let invite = log_in(&pbx, &calls[0], RIGHT, Algorithm::Md5, 3);
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(carrier.requests.len(), 1, "a second try may be right");
    assert_eq!(tried(&mut world, &mut pbx, &calls[1], WRONG, 3), 403);
}

#[test]
fn who_guesses_is_locked_out_longer_each_time_and_nobody_else_is() {
    let mut world = world(&[Algorithm::Md5]);
    let (mut pbx, mut other) = (Peer::new(PBX), Peer::new([192, 0, 2, 2]));
    for _ in 0..2 {
        let first = challenged_from(&mut world, &mut pbx);
        assert_eq!(tried(&mut world, &mut pbx, &first, WRONG, 2), 401);
        assert_eq!(tried(&mut world, &mut pbx, &first, WRONG, 3), 403);
    }
    let first = challenged_from(&mut world, &mut pbx);
    assert_eq!(tried(&mut world, &mut pbx, &first, WRONG, 2), 401, "the fifth locks");
    assert_eq!(tried(&mut world, &mut pbx, &first, RIGHT, 3), 403, "right, and not looked at");
    assert_eq!(world.journal.ended.last().unwrap().message, "login is wrong");
    assert!(world.counted().contains(&"locked_out".to_owned()));

    let (another_user, another_host) = (("nobody", "x"), RIGHT);
    let first = challenged_from(&mut world, &mut pbx);
    assert_eq!(tried(&mut world, &mut pbx, &first, another_user, 2), 401);
    let first = challenged_from(&mut world, &mut other);
    assert_eq!(tried(&mut world, &mut other, &first, another_host, 2), 100, "it is taken");

    world.pass(Duration::from_millis(1_001), &mut [&mut pbx, &mut other]);
    let first = challenged_from(&mut world, &mut pbx);
    assert_eq!(tried(&mut world, &mut pbx, &first, WRONG, 2), 401, "the sixth: two seconds");
    world.pass(Duration::from_millis(1_900), &mut [&mut pbx, &mut other]);
    let first = challenged_from(&mut world, &mut pbx);
    assert_eq!(tried(&mut world, &mut pbx, &first, RIGHT, 2), 403);
    world.pass(Duration::from_millis(200), &mut [&mut pbx, &mut other]);
    let first = challenged_from(&mut world, &mut pbx);
    assert_eq!(tried(&mut world, &mut pbx, &first, RIGHT, 2), 100, "it is taken, and clears what was wrong");
    let first = challenged_from(&mut world, &mut pbx);
    assert_eq!(tried(&mut world, &mut pbx, &first, WRONG, 2), 401);
    let first = challenged_from(&mut world, &mut pbx);
    assert_eq!(tried(&mut world, &mut pbx, &first, RIGHT, 2), 100);
}

#[test]
fn a_caller_that_does_not_come_back_has_one_record_after_32_seconds() {
    for answers in [0, 1] {
        let mut world = world(&[Algorithm::Md5]);
        let (mut pbx, first) = challenged(&mut world);
        for number in 0..answers {
            assert_eq!(tried(&mut world, &mut pbx, &first, WRONG, 2 + number), 401);
        }
        assert_eq!((world.journal.begun.len(), world.journal.ended.len()), (1, 0));
        world.pass(Duration::from_millis(31_900), &mut [&mut pbx]);
        assert_eq!(world.journal.ended.len(), 0);
        world.pass(Duration::from_millis(200), &mut [&mut pbx]);
        assert_eq!(world.end(), (Status::Rejected, "401 Unauthorized"));
        let ended = &world.journal.ended[0];
        assert_eq!(
            (ended.attempt.to_number.as_str(), ended.attempt.from_number.as_str()),
            (OUTSIDE, OWN_NUMBER)
        );
        assert!(ended.ended - ended.attempt.begun >= Duration::from_secs(32));
        world.is_over(&mut [&mut pbx]);
    }
}

#[test]
fn copies_of_what_was_asked_to_log_in_are_the_same_attempt_even_when_it_has_come_back() {
    let mut world = world(&[Algorithm::Md5]);
    let (mut pbx, first) = challenged(&mut world);
    let bytes = |world: &World, at: usize| world.heard[at].clone();
    let copy = bytes(&world, 0);
    // When the transaction is gone, a copy looks like another INVITE.
    world.pass(Duration::from_secs(10), &mut [&mut pbx]);
    world.said_again(&pbx, &copy);
    assert_eq!(world.journal.begun.len(), 1);
    assert_eq!(tried(&mut world, &mut pbx, &first, WRONG, 2), 401);
    assert_eq!(tried(&mut world, &mut pbx, &first, WRONG, 3), 403);
    world.pass(Duration::from_secs(10), &mut [&mut pbx]);
    world.said_again(&pbx, &copy);
    assert!(world.wire.last().unwrap().1.starts_with("SIP/2.0 401"));
    world.is_over(&mut [&mut pbx]);
    assert_eq!(world.end(), (Status::Rejected, "login is wrong"));
}

#[test]
fn another_tag_or_host_is_another_attempt() {
    let mut world = world(&[Algorithm::Md5]);
    let (mut pbx, first) = challenged(&mut world);
    let mut retagged = first.clone();
    let from = retagged.header(Name::From).unwrap().replace("tag=", "tag=x");
    retagged.headers_mut().set(Name::From, from);
    pbx.send(retagged);
    let mut other = Peer::new([192, 0, 2, 2]);
    other.send(first);
    world.settle(&mut [&mut pbx, &mut other]);
    assert_eq!(world.journal.begun.len(), 3);
    world.is_over(&mut [&mut pbx, &mut other]);
    assert!(world.journal.ended.iter().all(|ended| ended.message == "401 Unauthorized"));
}

#[test]
fn there_is_nothing_to_cancel_after_a_challenge_and_the_attempt_ends_with_it() {
    let mut world = world(&[Algorithm::Md5]);
    let (mut pbx, _) = challenged(&mut world);
    let cancel = String::from_utf8(world.heard[0].clone()).unwrap();
    let cancel = cancel.replace("INVITE", "CANCEL").split("Content-Type").next().unwrap().to_owned()
        + "Content-Length: 0\r\n\r\n";
    world.said_again(&pbx, cancel.as_bytes());
    assert!(world.wire.last().unwrap().1.starts_with("SIP/2.0 200"), "it is answered");
    assert_eq!(world.journal.ended, []);
    world.pass(Duration::from_secs(33), &mut [&mut pbx]);
    world.said_again(&pbx, cancel.as_bytes());
    assert!(world.wire.last().unwrap().1.starts_with("SIP/2.0 481"));
    assert_eq!(world.end(), (Status::Rejected, "401 Unauthorized"));
    world.is_over(&mut [&mut pbx]);
}

#[test]
fn what_comes_back_and_is_refused_is_one_attempt_whatever_refuses_it() {
    let mut world = world(&[Algorithm::Md5]);
    let mut pbx = Peer::new(PBX);
    let abroad = pbx.invitation(OWN_NUMBER, "+442071234567", HOST, &sdp(PBX, 4000));
    pbx.send(abroad.clone());
    world.settle(&mut [&mut pbx]);
    assert_eq!(tried(&mut world, &mut pbx, &abroad, RIGHT, 2), 403);
    assert_eq!(world.end(), (Status::Rejected, "calling region is not allowed"));
    assert_eq!(world.journal.ended[0].attempt.sip_user.as_deref(), Some("pbx"));

    let first = challenged_from(&mut world, &mut pbx);
    let mut broken = log_in(&pbx, &first, RIGHT, Algorithm::Md5, 2);
    broken.headers_mut().set(Name::MaxForwards, "0");
    pbx.send(broken);
    world.settle(&mut [&mut pbx]);
    assert_eq!(pbx.heard().code(), 483);
    world.is_over(&mut [&mut pbx]);
    assert_eq!(world.journal.ended.len(), 2);
    assert_eq!(world.journal.ended[1].message, "483 Too Many Hops");
}

#[test]
fn beyond_what_is_remembered_calls_are_asked_without_an_attempt_and_one_wrong_login_is_too_many() {
    let limits = Limits { challenges_max: 1, ..Limits::default() };
    let mut world = World::of(Setup { limits, ..login_setup(&[Algorithm::Md5]) });
    let (mut pbx, _) = challenged(&mut world);
    let second = challenged_from(&mut world, &mut pbx);
    assert_eq!(world.journal.begun.len(), 1);
    assert_eq!(world.counted(), ["unrecorded", "challenged=2"]);
    assert_eq!(tried(&mut world, &mut pbx, &second, WRONG, 2), 403);
    let third = challenged_from(&mut world, &mut pbx);
    let mut carrier = Peer::new(NORTH);
    let invite = log_in(&pbx, &third, RIGHT, Algorithm::Md5, 2);
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(carrier.requests.len(), 1);
    assert_eq!(world.journal.begun.len(), 3, "one that was asked, one that was wrong, one that is a call");
}

#[test]
fn a_login_is_for_the_uri_of_its_request_by_meaning_or_for_a_host_of_ours_and_no_other() {
    let taken = [
        "sip:+14255550100@HEADQUARTERS0000000001.vc.example",
        "sip:%2B14255550100@headquarters0000000001.vc.example:5060;transport=udp",
        "sip:+1-425-555-0100@headquarters0000000001.vc.example",
        "sip:+14255550100@192.0.2.200",
        "sip:+14255550100@192.0.2.200:5061",
        "sip:vc.example",
        "sip:headquarters0000000001.vc.example",
        "tel:+14255550100",
    ];
    let refused = [
        "sip:+14255550100@example.org",
        "sip:+14255550100@198.51.100.1",
        "sip:+14255550100@192.0.2.20",
        "tel:+14255550199",
        "headquarters0000000001.vc.example",
        "",
    ];
    let cases = taken.iter().map(|uri| (uri, 100)).chain(refused.iter().map(|uri| (uri, 400)));
    for (uri, status) in cases {
        let mut world = world(&[Algorithm::Md5]);
        let (mut pbx, first) = challenged(&mut world);
        let value = pbx.heard().header(Name::WwwAuthenticate).unwrap().to_owned();
        let challenge = Challenge::parse(&value).unwrap();
        let secret = Ha1::new(Algorithm::Md5, "pbx", ZONE, "secret");
        let login = Login { username: "pbx", secret: &secret };
        let value = login.answer(&challenge, "INVITE", uri, 1, "abc").unwrap();
        let mut invite = first.with(Name::Authorization, value);
        invite.headers_mut().set(Name::CSeq, "2 INVITE");
        pbx.send(invite);
        world.settle(&mut [&mut pbx]);
        assert_eq!(pbx.heard().code(), status, "{uri}");
        if status == 400 {
            assert_eq!(world.end(), (Status::Rejected, "400 Bad Request"), "{uri}");
            assert_eq!(world.counted(), ["login_misplaced", "challenged"]);
            world.is_over(&mut [&mut pbx]);
        }
    }
}

#[test]
fn a_login_for_the_host_that_an_sbc_has_put_into_the_request_is_good_and_its_own_words_are_signed() {
    for (asked, status) in [("sip:+14255550100@pbx.example", 400), ("sip:+14255550100@192.0.2.200:5080", 100)]
    {
        let mut world = world(&[Algorithm::Md5]);
        let (mut pbx, first) = challenged(&mut world);
        // What was signed is for the host of the connector in the one case, for somebody else's in the other.
        let signed =
            if status == 100 { first.uri().as_str().to_owned() } else { "sip:a@b.example".to_owned() };
        let value = pbx.heard().header(Name::WwwAuthenticate).unwrap().to_owned();
        let secret = Ha1::new(Algorithm::Md5, "pbx", ZONE, "secret");
        let login = Login { username: "pbx", secret: &secret };
        let value = login.answer(&Challenge::parse(&value).unwrap(), "INVITE", &signed, 1, "abc").unwrap();
        let mut invite = first.with(Name::Authorization, value);
        invite.set_uri(sip::Uri::parse(asked).unwrap());
        invite.headers_mut().set(Name::CSeq, "2 INVITE");
        pbx.send(invite);
        world.settle(&mut [&mut pbx]);
        assert_eq!(pbx.heard().code(), status, "{asked}");
    }
}

#[test]
fn a_session_interval_that_is_too_small_is_asked_for_as_a_login_is() {
    for comes_back in [false, true] {
        let mut world = World::new();
        let (mut pbx, mut carrier) = (Peer::new(PBX), Peer::new(NORTH));
        let first = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
        let first = first.with(Name::Supported, "timer");
        pbx.send(first.clone().with(Name::SessionExpires, "10"));
        world.settle(&mut [&mut pbx, &mut carrier]);
        assert_eq!((pbx.heard().code(), world.journal.begun.len()), (422, 1));
        if comes_back {
            let mut second = first.with(Name::SessionExpires, "1800");
            second.headers_mut().set(Name::CSeq, "2 INVITE");
            pbx.send(second);
            world.settle(&mut [&mut pbx, &mut carrier]);
            carrier.answer(486, "");
        }
        world.is_over(&mut [&mut pbx, &mut carrier]);
        let message = if comes_back { "486 Busy Here" } else { "422 Session Interval Too Small" };
        assert_eq!(world.end(), (Status::Rejected, message));
    }
}

#[test]
fn a_count_that_was_seen_is_asked_for_again_as_stale() {
    let mut world = world(&[Algorithm::Md5]);
    let ((mut pbx, first), mut carrier) = (challenged(&mut world), Peer::new(NORTH));
    let invite = log_in(&pbx, &first, RIGHT, Algorithm::Md5, 2);
    pbx.send(invite);
    world.settle(&mut [&mut pbx, &mut carrier]);
    let mut another = pbx.invitation(OWN_NUMBER, OUTSIDE, HOST, &sdp(PBX, 4000));
    let seen = log_in(&pbx, &first, RIGHT, Algorithm::Md5, 2);
    another.headers_mut().push(Name::Authorization, seen.header(Name::Authorization).unwrap().to_owned());
    pbx.send(another);
    world.settle(&mut [&mut pbx, &mut carrier]);
    assert_eq!(pbx.heard().code(), 401);
    assert!(pbx.heard().header(Name::WwwAuthenticate).unwrap().contains("stale=true"));
    assert_eq!(carrier.requests.len(), 1);
}

#[test]
fn an_old_nonce_is_stale_and_a_foreign_one_is_none() {
    let mut world = world(&[Algorithm::Md5]);
    let (mut pbx, first) = challenged(&mut world);
    let invite = log_in(&pbx, &first, RIGHT, Algorithm::Md5, 2);
    world.pass(Duration::from_secs(301), &mut [&mut pbx]);
    pbx.send(invite);
    world.settle(&mut [&mut pbx]);
    assert_eq!(pbx.heard().code(), 401);
    assert!(pbx.heard().header(Name::WwwAuthenticate).unwrap().contains("stale=true"));
    let mut invite = log_in(&pbx, &first, RIGHT, Algorithm::Md5, 3);
    let value = invite.header(Name::Authorization).unwrap().replace("nonce=\"0", "nonce=\"f");
    invite.headers_mut().set(Name::Authorization, value);
    pbx.send(invite);
    world.settle(&mut [&mut pbx]);
    assert_eq!(pbx.heard().code(), 401);
    assert!(!pbx.heard().header(Name::WwwAuthenticate).unwrap().contains("stale=true"));
}
