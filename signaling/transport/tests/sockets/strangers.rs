//! Who is unknown gets not a byte, by connections either.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use rustls::version::{TLS12, TLS13};
use sip::flow::{Destination, Protocol};
use transport::{Count, Limits};

use crate::scene::{
    Event, KNOWN, STRANGER, Scene, SecurePeer, invite, options, read, rest, stream_from, target,
};

fn hurried() -> Limits {
    Limits { stranger: Duration::from_millis(200), ..Limits::default() }
}

#[test]
fn who_says_something_else_is_closed_unheard() {
    let mut scene = Scene::new(Protocol::Tcp);
    let texts = [options(""), invite("other.example"), "GET / HTTP/1.1\r\n".to_owned(), "x".repeat(9000)];
    for (number, text) in texts.iter().enumerate() {
        let mut peer = stream_from(STRANGER, scene.address(0));
        peer.write_all(text.as_bytes()).unwrap();
        scene.counts(Count::StrangerClosed, number as u64 + 1);
        assert!(rest(&mut peer).is_empty());
    }
    assert!(scene.events.is_empty());
}

#[test]
fn who_says_nothing_is_closed_in_time_and_gets_no_pong() {
    let mut scene = Scene::with_limits(Protocol::Tcp, hurried());
    let mut silent = stream_from(STRANGER, scene.address(0));
    let mut pinging = stream_from(STRANGER, scene.address(0));
    pinging.write_all(b"\r\n\r\n").unwrap();
    let mut slow = stream_from(STRANGER, scene.address(0));
    slow.write_all(b"INVITE sip:1@ours.ex").unwrap();
    scene.counts(Count::StrangerClosed, 3);
    for peer in [&mut silent, &mut pinging, &mut slow] {
        assert!(rest(peer).is_empty());
    }
    assert!(scene.events.is_empty() && scene.count(Count::Ping) == 0);
}

#[test]
fn who_invites_a_host_of_ours_is_heard_and_stays() {
    let mut scene = Scene::with_limits(Protocol::Tcp, hurried());
    let mut peer = stream_from(STRANGER, scene.address(0));
    let text = invite("ours.example");
    let (head, tail) = text.as_bytes().split_at(12);
    peer.write_all(head).unwrap();
    scene.turn(Duration::from_millis(20));
    assert!(scene.events.is_empty());
    peer.write_all(tail).unwrap();
    let (flow, _) = scene.messages(1).remove(0);
    scene.transport.send(&Destination::Flow(flow), b"407");
    assert_eq!(read(&mut peer, 3), b"407");
    peer.write_all(options("later").as_bytes()).unwrap();
    assert_eq!(scene.messages(2)[1].1, options("later"));
    assert_eq!(scene.count(Count::StrangerInvited), 1);
}

#[test]
fn connections_share_what_unknown_hosts_have_in_a_second() {
    let limits = Limits { strangers_per_second: 2, ..Limits::default() };
    let mut scene = Scene::with_limits(Protocol::Tcp, limits);
    let mut peers: Vec<_> = (0..20).map(|_| stream_from(STRANGER, scene.address(0))).collect();
    for peer in &mut peers {
        peer.write_all(invite("ours.example").as_bytes()).unwrap();
    }
    let both = |scene: &Scene| scene.count(Count::StrangerInvited) + scene.count(Count::StrangerThrottled);
    scene.until(|scene| both(scene) == 20);
    assert!((2..20).contains(&scene.count(Count::StrangerInvited)));
}

#[test]
fn so_many_unknown_hosts_may_hesitate_at_once() {
    let limits = Limits { strangers_max: 2, ..Limits::default() };
    let mut scene = Scene::with_limits(Protocol::Tcp, limits);
    let _hesitating = [stream_from(STRANGER, scene.address(0)), stream_from(STRANGER, scene.address(0))];
    scene.counts(Count::Accepted, 2);
    let mut third = stream_from(STRANGER, scene.address(0));
    scene.counts(Count::StrangersFull, 1);
    assert!(rest(&mut third).is_empty());
    let mut known = stream_from(KNOWN, scene.address(0));
    known.write_all(options("").as_bytes()).unwrap();
    scene.messages(1);
}

#[test]
fn whom_we_have_sent_to_may_connect() {
    let mut scene = Scene::on(&[Protocol::Tcp, Protocol::Udp], "127.0.0.1", Limits::default());
    let there = target(Protocol::Udp, (STRANGER, 9).into());
    scene.transport.send(&there, b"x");
    let mut peer = stream_from(STRANGER, scene.address(0));
    peer.write_all(options("").as_bytes()).unwrap();
    assert_eq!(scene.messages(1)[0].1, options(""));
}

/// Connects by TLS as a stranger who asks for a name, and returns the bytes of the answer.
fn hello(scene: &mut Scene, name: &str) -> Vec<u8> {
    let secure = SecurePeer::new(&scene.kept.as_ref().unwrap().root_pem, &[&TLS13, &TLS12]);
    let address = scene.address(0);
    let name = name.to_owned();
    scene.with_peer(move || {
        let stream = stream_from(STRANGER, address);
        let mut peer = secure.over(stream, &name);
        let mut hello = Vec::new();
        peer.conn.write_tls(&mut hello).unwrap();
        peer.sock.write_all(&hello).unwrap();
        let mut room = vec![0; 4096];
        match peer.sock.read(&mut room) {
            Ok(len) => room.truncate(len),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => room.clear(),
            Err(error) => panic!("{error}"),
        }
        room
    })
}

#[test]
fn a_handshake_for_another_host_is_closed_without_a_byte() {
    let mut scene = Scene::new(Protocol::Tls);
    assert!(hello(&mut scene, "other.example").is_empty());
    // An address is no name, so that nothing is asked for.
    assert!(hello(&mut scene, "127.0.0.1").is_empty());
    assert_eq!(scene.count(Count::StrangerClosed), 2);
    assert!(!hello(&mut scene, "sip.ours.example").is_empty());
}

#[test]
fn what_is_no_tls_is_closed_without_a_byte() {
    let mut scene = Scene::with_limits(Protocol::Tls, hurried());
    for (bytes, reason) in [
        (invite("ours.example"), Count::HandshakeFailed),
        (String::new(), Count::StrangerClosed),
        ("\x16\x03\x01".to_owned(), Count::StrangerClosed),
    ] {
        let before = scene.count(reason);
        let mut peer = stream_from(STRANGER, scene.address(0));
        peer.write_all(bytes.as_bytes()).unwrap();
        scene.counts(reason, before + 1);
        assert!(rest(&mut peer).is_empty());
    }
}

#[test]
fn a_handshake_for_a_host_of_ours_has_to_be_followed_by_an_invite() {
    let mut scene = Scene::new(Protocol::Tls);
    for text in [invite("sip.ours.example"), options("")] {
        let secure = SecurePeer::new(&scene.kept.as_ref().unwrap().root_pem, &[&TLS13]);
        let address = scene.address(0);
        let is_invite = text.starts_with("INVITE");
        let (rest, peer) = scene.with_peer(move || {
            let mut peer = secure.over(stream_from(STRANGER, address), "sip.ours.example");
            peer.write_all(text.as_bytes()).unwrap();
            // The one who is heard keeps the connection.
            if is_invite { (Vec::new(), Some(peer)) } else { (rest(&mut peer), None) }
        });
        if is_invite {
            scene.messages(1);
        }
        assert_eq!((rest.is_empty(), peer.is_some()), (true, is_invite));
    }
    assert_eq!((scene.count(Count::StrangerInvited), scene.count(Count::StrangerClosed)), (1, 1));
    assert_eq!(scene.events.iter().filter_map(Event::message).count(), 1);
}
