//! UDP.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::thread;

use sip::flow::{Destination, Flow, Protocol, Target};
use transport::{Count, Failure, Limits};

use crate::scene::{Event, KNOWN, STRANGER, Scene, datagrams_from, invite, message, options, target};

fn receive(peer: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut room = vec![0; 65_535];
    let (len, from) = peer.recv_from(&mut room).unwrap();
    room.truncate(len);
    (room, from)
}

#[test]
fn a_message_comes_in_and_its_answer_goes_back() {
    let mut scene = Scene::new(Protocol::Udp);
    let (peer, ours) = (datagrams_from(KNOWN), scene.address(0));
    peer.send_to(options("1").as_bytes(), ours).unwrap();
    let (flow, text) = scene.messages(1).remove(0);
    let remote = peer.local_addr().unwrap();
    assert_eq!(flow, Flow { protocol: Protocol::Udp, local: ours, remote, connection: 0 });
    assert_eq!(text, options("1"));
    scene.transport.send(&Destination::Flow(flow), b"answer");
    assert_eq!(receive(&peer), (b"answer".to_vec(), ours));
    assert_eq!((scene.count(Count::UdpReceived), scene.count(Count::UdpSent)), (1, 1));
}

#[test]
fn an_answer_leaves_from_the_address_that_was_spoken_to() {
    let mut scene = Scene::on(&[Protocol::Udp], "0.0.0.0", Limits::default());
    let peer = datagrams_from(KNOWN);
    for last in [1, 5, 9] {
        let ours = SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), scene.address(0).port()));
        peer.send_to(options("1").as_bytes(), ours).unwrap();
        let (flow, _) = scene.messages(1).remove(0);
        scene.events.clear();
        assert_eq!(flow.local, ours);
        assert_eq!(scene.transport.sent_by(Protocol::Udp, flow.local), ours.to_string());
        scene.transport.send(&Destination::Flow(flow.clone()), b"answer");
        assert_eq!(receive(&peer), (b"answer".to_vec(), ours));
        // A request of ours may choose the same way.
        let Destination::Target(target) = target(Protocol::Udp, flow.remote) else { unreachable!() };
        scene.transport.send(&Destination::Target(Target { local: Some(ours), ..target }), b"request");
        assert_eq!(receive(&peer), (b"request".to_vec(), ours));
    }
}

#[test]
fn ipv6_is_as_good() {
    if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        eprintln!("skipped: this machine has no IPv6 loopback address");
        return;
    }
    let mut scene = Scene::on(&[Protocol::Udp], "[::]", Limits::default());
    let ours = SocketAddr::from((Ipv6Addr::LOCALHOST, scene.address(0).port()));
    let peer = datagrams_from(Ipv6Addr::LOCALHOST);
    peer.send_to(options("1").as_bytes(), ours).unwrap();
    let (flow, _) = scene.messages(1).remove(0);
    assert_eq!(flow.local, ours);
    scene.transport.send(&Destination::Flow(flow), b"answer");
    assert_eq!(receive(&peer), (b"answer".to_vec(), ours));
}

#[test]
fn what_one_turn_does_not_take_is_told_until_it_is_taken() {
    let mut scene = Scene::with_limits(Protocol::Udp, Limits { datagrams_per_turn: 4, ..Limits::default() });
    let (peer, ours) = (datagrams_from(KNOWN), scene.address(0));
    assert!(!scene.transport.is_behind());
    for number in 0..10 {
        peer.send_to(options(&number.to_string()).as_bytes(), ours).unwrap();
    }
    scene.messages(1);
    assert!(scene.transport.is_behind());
    scene.messages(10);
    scene.until(|scene| !scene.transport.is_behind());
}

#[test]
fn who_is_unknown_is_dropped_unless_a_host_of_ours_is_invited() {
    let mut scene = Scene::new(Protocol::Udp);
    let (stranger, known, ours) = (datagrams_from(STRANGER), datagrams_from(KNOWN), scene.address(0));
    let response = message("SIP/2.0 200 OK", "");
    for text in [options(""), invite("other.example"), response, invite("sip.ours.example")] {
        stranger.send_to(text.as_bytes(), ours).unwrap();
    }
    known.send_to(options("").as_bytes(), ours).unwrap();
    let heard: Vec<String> = scene.messages(2).into_iter().map(|(_, text)| text).collect();
    assert_eq!(heard, [invite("sip.ours.example"), options("")]);
    assert_eq!((scene.count(Count::UdpStranger), scene.count(Count::StrangerInvited)), (3, 1));
    stranger.set_nonblocking(true).unwrap();
    assert!(stranger.recv(&mut [0; 9]).is_err());
}

#[test]
fn unknown_hosts_are_heard_so_often_in_a_second() {
    let limits = Limits { strangers_per_second: 3, ..Limits::default() };
    let mut scene = Scene::with_limits(Protocol::Udp, limits);
    let (known, ours) = (datagrams_from(KNOWN), scene.address(0));
    for last in 2..52 {
        let stranger = datagrams_from(Ipv4Addr::new(127, 0, 1, last));
        stranger.send_to(invite("ours.example").as_bytes(), ours).unwrap();
    }
    scene.turn(crate::scene::PATIENCE);
    known.send_to(options("").as_bytes(), ours).unwrap();
    scene.until(|scene| scene.events.iter().filter_map(Event::message).any(|(_, text)| text == options("")));
    let heard = scene.count(Count::StrangerInvited);
    // A slow machine may take a second over it, not ten.
    assert!((3..30).contains(&heard), "{heard}");
    assert_eq!(scene.count(Count::StrangerThrottled), 50 - heard);
}

#[test]
fn whom_we_have_sent_to_may_speak() {
    let mut scene = Scene::new(Protocol::Udp);
    let (route, ours) = (datagrams_from(STRANGER), scene.address(0));
    scene.transport.send(&target(Protocol::Udp, route.local_addr().unwrap()), b"INVITE");
    assert_eq!(receive(&route).0, b"INVITE");
    let bye = message("BYE sip:1@127.0.0.1 SIP/2.0", "");
    for text in [message("SIP/2.0 200 OK", ""), bye.clone()] {
        route.send_to(text.as_bytes(), ours).unwrap();
    }
    assert_eq!(scene.messages(2)[1].1, bye);
}

#[test]
fn the_longest_datagram_goes_both_ways_and_a_longer_one_fails() {
    let mut scene = Scene::new(Protocol::Udp);
    let (peer, ours) = (datagrams_from(KNOWN), scene.address(0));
    let text = "x".repeat(65_507);
    peer.send_to(text.as_bytes(), ours).unwrap();
    let (flow, heard) = scene.messages(1).remove(0);
    assert!(heard == text);
    let destination = Destination::Flow(flow);
    scene.transport.send(&destination, text.as_bytes());
    assert_eq!(receive(&peer).0.len(), 65_507);
    scene.transport.send(&destination, format!("{text}x").as_bytes());
    scene.until(|scene| !scene.failures().is_empty());
    assert_eq!(scene.failures(), [(destination, Failure::TooLong)]);
}

#[test]
fn what_icmp_refuses_fails_and_ends_nothing_else() {
    let mut scene = Scene::new(Protocol::Udp);
    let (peer, ours) = (datagrams_from(KNOWN), scene.address(0));
    let gone = target(Protocol::Udp, datagrams_from(KNOWN).local_addr().unwrap());
    let there = target(Protocol::Udp, peer.local_addr().unwrap());
    for number in 0..20 {
        scene.transport.send(&gone, b"x");
        scene.transport.send(&there, format!("{number}").as_bytes());
        peer.send_to(options("").as_bytes(), ours).unwrap();
    }
    for number in 0..20 {
        assert_eq!(receive(&peer).0, format!("{number}").as_bytes());
    }
    scene.messages(20);
    scene.until(|scene| scene.count(Count::UdpRefused) == 20);
    scene.turn(std::time::Duration::ZERO);
    assert_eq!(scene.failures().len(), 20);
    assert!(scene.failures().iter().all(|failure| *failure == (gone.clone(), Failure::Refused)));
}

#[test]
fn what_has_no_port_to_leave_from_fails() {
    let mut scene = Scene::new(Protocol::Udp);
    let elsewhere = target(Protocol::Udp, "[::1]:5060".parse().unwrap());
    let Destination::Target(known) = target(Protocol::Udp, "127.0.0.1:5060".parse().unwrap()) else {
        unreachable!()
    };
    let from_nowhere = Destination::Target(Target { local: Some("127.0.0.9:1".parse().unwrap()), ..known });
    for destination in [&elsewhere, &from_nowhere] {
        scene.transport.send(destination, b"x");
    }
    scene.until(|scene| scene.failures().len() == 2);
    let expected = [(elsewhere, Failure::NoListener), (from_nowhere, Failure::NoListener)];
    assert_eq!(scene.failures(), expected);
    assert_eq!(scene.count(Count::UdpUnsent), 2);
}

#[test]
fn what_the_kernel_has_lost_is_counted() {
    let limits = Limits { receive_buffer_bytes: 4096, ..Limits::default() };
    let mut scene = Scene::with_limits(Protocol::Udp, limits);
    let bound = &scene.transport.listeners()[0];
    assert!((4096..65_536).contains(&bound.receive_buffer_bytes), "{bound:?}");
    let (peer, ours) = (datagrams_from(KNOWN), scene.address(0));
    for _ in 0..200 {
        peer.send_to(options(&"x".repeat(1000)).as_bytes(), ours).unwrap();
    }
    // The kernel tells with the next one that fits.
    scene.turn(crate::scene::PATIENCE);
    while scene.count(Count::UdpLost) == 0 {
        peer.send_to(options("").as_bytes(), ours).unwrap();
        scene.turn(crate::scene::PATIENCE);
    }
    let received = scene.count(Count::UdpReceived);
    assert!(scene.count(Count::UdpLost) + received >= 200, "{received}");
}

#[test]
fn datagrams_without_a_message_are_dropped() {
    let mut scene = Scene::new(Protocol::Udp);
    let (peer, ours) = (datagrams_from(KNOWN), scene.address(0));
    for bytes in [&b""[..], b"\r\n", b"\r\n\r\n", b"\0\0\0\0"] {
        peer.send_to(bytes, ours).unwrap();
    }
    peer.send_to(options("").as_bytes(), ours).unwrap();
    scene.messages(1);
    assert_eq!((scene.count(Count::UdpEmpty), scene.events.len()), (4, 1));
}

#[test]
fn a_flood_of_datagrams_leaves_turns_to_others() {
    let limits = Limits { datagrams_per_turn: 8, ..Limits::default() };
    let mut scene = Scene::on(&[Protocol::Udp, Protocol::Udp], "127.0.0.1", limits);
    let peer = datagrams_from(KNOWN);
    for _ in 0..100 {
        peer.send_to(options("flood").as_bytes(), scene.address(0)).unwrap();
    }
    peer.send_to(options("other").as_bytes(), scene.address(1)).unwrap();
    let messages = scene.messages(101);
    let before = messages.iter().position(|(_, text)| *text == options("other")).unwrap();
    assert!(before <= 16, "{before}");
}

#[test]
fn a_waker_ends_the_wait_of_another_thread() {
    let mut scene = Scene::new(Protocol::Udp);
    let waker = scene.transport.waker();
    let thread = thread::spawn(move || waker.wake());
    scene.until(|scene| scene.events == [Event::Woken]);
    thread.join().unwrap();
}
