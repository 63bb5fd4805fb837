//! TCP: messages, pings, and which connection something leaves by.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener};
use std::time::Duration;

use sip::flow::{Destination, Protocol, Target};
use transport::{Count, Failure, Limits};

use crate::scene::{Event, KNOWN, PATIENCE, Scene, SecurePeer, options, read, rest, stream_from, target};

#[test]
fn messages_come_whole_wherever_the_stream_is_cut() {
    let mut scene = Scene::new(Protocol::Tcp);
    let mut peer = stream_from(KNOWN, scene.address(0));
    let text = format!("{}\r\n\r\n{}", options("first"), options(""));
    for cut in 1..text.len() {
        let (head, tail) = text.as_bytes().split_at(cut);
        peer.write_all(head).unwrap();
        // Whatever can be taken out of the first half is.
        scene.turn(Duration::from_millis(2));
        peer.write_all(tail).unwrap();
        let messages = scene.messages(2);
        let texts: Vec<&str> = messages.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, [options("first"), options("")], "{cut}");
        scene.until(|scene| scene.count(Count::Ping) == cut as u64);
        assert_eq!(read(&mut peer, 2), b"\r\n");
        scene.events.clear();
    }
}

#[test]
fn connections_do_not_mix_what_they_say() {
    let mut scene = Scene::new(Protocol::Tcp);
    let mut peers: Vec<_> = (0..8).map(|_| stream_from(KNOWN, scene.address(0))).collect();
    let texts: Vec<String> = (0..8).map(|number| options(&number.to_string().repeat(40))).collect();
    let len = texts[0].len();
    for at in 0..len {
        for (peer, text) in peers.iter_mut().zip(&texts) {
            peer.write_all(&text.as_bytes()[at..=at]).unwrap();
        }
        scene.turn(Duration::ZERO);
    }
    let messages = scene.messages(8);
    for (peer, text) in peers.iter().zip(&texts) {
        let local = peer.local_addr().unwrap();
        let (flow, heard) = messages.iter().find(|(flow, _)| flow.remote == local).unwrap();
        assert_eq!((heard, flow.local), (text, scene.address(0)));
        assert_eq!(messages.iter().filter(|(other, _)| other.connection == flow.connection).count(), 1);
    }
}

#[test]
fn a_ping_is_answered_and_a_lone_line_end_is_not() {
    let limits = Limits { partial: Duration::from_millis(50), ..Limits::default() };
    let mut scene = Scene::with_limits(Protocol::Tcp, limits);
    let mut peer = stream_from(KNOWN, scene.address(0));
    peer.write_all(b"\r\n\r\n").unwrap();
    scene.counts(Count::Ping, 1);
    assert_eq!(read(&mut peer, 2), b"\r\n");
    // It is not the beginning of a message either, which would have to end in time.
    peer.write_all(b"\r\n").unwrap();
    scene.turn(Duration::from_millis(20));
    let start = std::time::Instant::now();
    while start.elapsed() < Duration::from_millis(150) {
        scene.turn(Duration::from_millis(20));
    }
    peer.write_all(options("").as_bytes()).unwrap();
    scene.messages(1);
    peer.set_nonblocking(true).unwrap();
    assert_eq!(peer.read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn an_answer_goes_back_by_the_connection_of_its_request() {
    let mut scene = Scene::new(Protocol::Tcp);
    let mut peers = [stream_from(KNOWN, scene.address(0)), stream_from(KNOWN, scene.address(0))];
    for peer in &mut peers {
        peer.write_all(options("").as_bytes()).unwrap();
    }
    for (flow, _) in scene.messages(2) {
        let port = flow.remote.port().to_string();
        scene.transport.send(&Destination::Flow(flow), format!("{port:0>5}").as_bytes());
    }
    for peer in &mut peers {
        let port = peer.local_addr().unwrap().port().to_string();
        assert_eq!(read(peer, 5), format!("{port:0>5}").as_bytes());
    }
    assert_eq!(scene.count(Count::StreamSent), 2);
}

#[test]
fn requests_to_one_target_share_a_connection_until_it_is_gone() {
    let mut scene = Scene::new(Protocol::Tcp);
    let server = TcpListener::bind((KNOWN, 0)).unwrap();
    let there = target(Protocol::Tcp, server.local_addr().unwrap());
    scene.transport.send(&there, b"one");
    scene.transport.send(&there, b"two");
    scene.counts(Count::StreamSent, 2);
    let (mut peer, _) = server.accept().unwrap();
    assert_eq!(read(&mut peer, 6), b"onetwo");
    // What the peer answers comes by it as well.
    peer.write_all(options("").as_bytes()).unwrap();
    let (flow, _) = scene.messages(1).remove(0);
    scene.transport.send(&Destination::Flow(flow.clone()), b"three");
    scene.transport.send(&there, b"four");
    assert_eq!(read(&mut peer, 9), b"threefour");
    assert_eq!(scene.count(Count::Connected), 1);
    // "four" was not answered: nobody knows whether it was heard.
    drop(peer);
    scene.until(|scene| scene.closed() == 1);
    assert_eq!(scene.failures(), [(there.clone(), Failure::Closed)]);
    assert!(scene.events.contains(&Event::Closed(flow)));
    scene.transport.send(&there, b"five");
    scene.counts(Count::Connected, 2);
    let (mut peer, _) = server.accept().unwrap();
    assert_eq!(read(&mut peer, 4), b"five");
}

#[test]
fn a_target_may_say_where_its_connection_comes_from() {
    let mut scene = Scene::new(Protocol::Tcp);
    let server = TcpListener::bind((KNOWN, 0)).unwrap();
    for last in [1, 7] {
        let local = Some(std::net::SocketAddr::from(([127, 0, 0, last], 5060)));
        let remote = server.local_addr().unwrap();
        let there = Target { protocol: Protocol::Tcp, remote, name: None, local, connection: None };
        scene.transport.send(&Destination::Target(there), b"x");
        scene.until(|scene| scene.count(Count::StreamSent) > 0);
        let (_, from) = server.accept().unwrap();
        assert_eq!(from.ip(), std::net::IpAddr::from([127, 0, 0, last]));
    }
}

#[test]
fn a_target_is_reached_by_the_connection_it_came_by_and_by_its_port_when_that_is_gone() {
    let mut scene = Scene::new(Protocol::Tcp);
    let server = TcpListener::bind((KNOWN, 0)).unwrap();
    let mut peer = stream_from(KNOWN, scene.address(0));
    peer.write_all(options("").as_bytes()).unwrap();
    let (flow, _) = scene.messages(1).remove(0);
    let there = Destination::Target(Target {
        protocol: Protocol::Tcp,
        remote: server.local_addr().unwrap(),
        name: None,
        local: None,
        connection: Some(flow.connection),
    });
    scene.transport.send(&there, b"one");
    assert_eq!(read(&mut peer, 3), b"one");
    assert_eq!(scene.count(Count::Connected), 0);
    drop(peer);
    scene.until(|scene| scene.closed() == 1);
    scene.transport.send(&there, b"two");
    scene.counts(Count::StreamSent, 2);
    assert_eq!(read(&mut server.accept().unwrap().0, 3), b"two");
}

#[test]
fn an_answer_by_a_connection_that_is_gone_fails() {
    let mut scene = Scene::new(Protocol::Tcp);
    let mut peer = stream_from(KNOWN, scene.address(0));
    peer.write_all(options("").as_bytes()).unwrap();
    let (flow, _) = scene.messages(1).remove(0);
    drop(peer);
    scene.until(|scene| scene.closed() == 1);
    assert!(scene.failures().is_empty());
    let back = Destination::Flow(flow);
    scene.transport.send(&back, b"answer");
    scene.until(|scene| scene.failures().len() == 1);
    assert_eq!(scene.failures(), [(back, Failure::Closed)]);
    assert_eq!(scene.transport.connections(), 0);
}

#[test]
fn half_a_message_is_never_delivered() {
    let mut scene = Scene::new(Protocol::Tcp);
    let text = options("body");
    for cut in [1, 20, text.len() - 1] {
        let mut peer = stream_from(KNOWN, scene.address(0));
        peer.write_all(&text.as_bytes()[..cut]).unwrap();
        scene.turn(Duration::from_millis(5));
        peer.shutdown(Shutdown::Both).unwrap();
    }
    scene.until(|scene| scene.closed() == 3);
    assert_eq!(scene.count(Count::PeerClosed), 3);
    assert_eq!(scene.events.len(), 3);
}

#[test]
fn other_protocols_are_closed_without_a_word() {
    let mut scene = Scene::new(Protocol::Tcp);
    let probes: [&[u8]; 4] = [
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        b"GET / HTTP/1.1\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"SSH-2.0-OpenSSH_9\r\n",
    ];
    for (number, probe) in probes.iter().enumerate() {
        let mut peer = stream_from(KNOWN, scene.address(0));
        peer.write_all(probe).unwrap();
        scene.counts(Count::NotSip, number as u64 + 1);
        assert!(rest(&mut peer).is_empty());
    }
    assert!(scene.events.iter().all(|event| matches!(event, Event::Closed(_))));
}

#[test]
fn a_stream_that_says_no_length_ends() {
    let mut scene = Scene::new(Protocol::Tcp);
    let start = "OPTIONS sip:ours.example SIP/2.0\r\n";
    let headers = "X: y\r\n".repeat(129);
    for (number, rest_of_head) in
        ["X: y\r\n", "Content-Length: 99999\r\n", "l: 1\r\nl: 2\r\n", &headers].into_iter().enumerate()
    {
        let mut peer = stream_from(KNOWN, scene.address(0));
        peer.write_all(options("good").as_bytes()).unwrap();
        peer.write_all(format!("{start}{rest_of_head}\r\n").as_bytes()).unwrap();
        scene.counts(Count::Malformed, number as u64 + 1);
        assert!(rest(&mut peer).is_empty());
    }
    assert_eq!(scene.messages(4).len(), 4);
}

#[test]
fn who_says_a_length_that_cannot_be_is_told_before_the_connection_ends() {
    let mut scene = Scene::new(Protocol::Tcp);
    for (number, lengths) in
        ["Content-Length: -1\r\n", "Content-Length: 1\r\nl: 2\r\n", ""].iter().enumerate()
    {
        let head = "Call-ID: x\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=f\r\n\
                    To: <sip:c@d>\r\nCSeq: 1 OPTIONS\r\n";
        let whole = options("good").replace("Call-ID: x\r\n", head);
        let length = whole.lines().find(|line| line.starts_with("Content-Length") || line.starts_with("l:"));
        let broken = whole.replace(&format!("{}\r\n", length.unwrap()), lengths);
        let mut peer = stream_from(KNOWN, scene.address(0));
        peer.write_all(broken.as_bytes()).unwrap();
        scene.counts(Count::Malformed, number as u64 + 1);
        let said = String::from_utf8(rest(&mut peer)).unwrap();
        assert!(said.starts_with("SIP/2.0 400 "), "{lengths:?}: {said:?}");
    }
    assert!(scene.messages(0).is_empty());
}

/// A request of a call without the header that a stream needs.
fn without_length(method: &str, body: &str) -> String {
    format!(
        "{method} sip:ours.example SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=f\r\n\
         To: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 {method}\r\n\r\n{body}"
    )
}

#[test]
fn without_a_length_nothing_is_believed_that_follows_the_headers() {
    let mut scene = Scene::on(&[Protocol::Tcp, Protocol::Tls], "127.0.0.1", Limits::default());
    let secure = SecurePeer::new(&scene.kept.as_ref().unwrap().root_pem, &[&rustls::version::TLS13]);
    let with_length = without_length("OPTIONS", "").replace("\r\n\r\n", "\r\nl: 0\r\n\r\n");
    // Nothing follows, a body does, or what begins like a message: nobody knows which of them it is.
    for follows in ["", "v=0\r\n", &with_length] {
        for (method, expected) in [("INVITE", "SIP/2.0 400 Missing Content-Length\r\n"), ("ACK", "")] {
            let text = without_length(method, follows);
            let mut peer = stream_from(KNOWN, scene.address(0));
            peer.write_all(text.as_bytes()).unwrap();
            let heard = scene.with_peer(move || rest(&mut peer));
            assert_heard(&heard, expected, &text);
            let (stream, secure) = (stream_from(KNOWN, scene.address(1)), secure.clone());
            let sent = text.clone();
            let heard = scene.with_peer(move || {
                let mut peer = secure.over(stream, "sip.ours.example");
                peer.write_all(sent.as_bytes()).unwrap();
                rest(&mut peer)
            });
            assert_heard(&heard, expected, &text);
        }
    }
    assert_eq!((scene.count(Count::Malformed), scene.messages(0).len()), (12, 0));
    // With a length the same message is one, and what follows it is the next.
    let mut peer = stream_from(KNOWN, scene.address(0));
    peer.write_all(format!("{with_length}{with_length}").as_bytes()).unwrap();
    assert_eq!(scene.messages(2)[1].1, with_length);
}

#[track_caller]
fn assert_heard(heard: &[u8], expected: &str, text: &str) {
    let heard = String::from_utf8_lossy(heard);
    assert!(heard.starts_with(expected) && (heard.is_empty() == expected.is_empty()), "{text:?}: {heard:?}");
    // One answer, and nothing to what was hidden behind the headers.
    assert_eq!(heard.matches("SIP/2.0 400").count(), usize::from(!expected.is_empty()), "{heard:?}");
}

#[test]
fn a_message_of_64_kilobytes_comes_and_goes() {
    let mut scene = Scene::new(Protocol::Tcp);
    let mut peer = stream_from(KNOWN, scene.address(0));
    let text = options(&"x".repeat(65_000));
    peer.write_all(text.as_bytes()).unwrap();
    let (flow, heard) = scene.messages(1).remove(0);
    assert!(heard == text);
    scene.transport.send(&Destination::Flow(flow), text.as_bytes());
    let len = text.len();
    let back = scene.with_peer(move || read(&mut peer, len));
    assert!(back == text.as_bytes());
}

#[test]
fn nobody_there_is_a_failure() {
    let mut scene = Scene::new(Protocol::Tcp);
    let gone = TcpListener::bind((KNOWN, 0)).unwrap().local_addr().unwrap();
    let gone = target(Protocol::Tcp, gone);
    let without_tls = target(Protocol::Tls, scene.address(0));
    scene.transport.send(&gone, b"one");
    scene.transport.send(&gone, b"two");
    scene.transport.send(&without_tls, b"x");
    scene.until(|scene| !scene.failures().is_empty() && scene.transport.connections() == 0);
    scene.turn(Duration::ZERO);
    // The second one may have found the connection still being opened, or gone.
    let refused = scene.failures().iter().filter(|one| **one == (gone.clone(), Failure::Refused)).count();
    assert!((1..=2).contains(&refused));
    assert!(scene.failures().contains(&(without_tls, Failure::NoListener)));
}

#[test]
fn a_connection_that_nobody_accepts_fails_in_time() {
    let limits = Limits { connect: Duration::from_millis(100), ..Limits::default() };
    let mut scene = Scene::with_limits(Protocol::Tcp, limits);
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::from((KNOWN, 0)).into()).unwrap();
    // The kernel accepts one more than it is told to, and leaves the others without an answer.
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let _waiting = stream_from(KNOWN, address);
    let full = target(Protocol::Tcp, address);
    scene.transport.send(&full, b"x");
    let start = std::time::Instant::now();
    scene.until(|scene| !scene.failures().is_empty());
    assert!(start.elapsed() < PATIENCE / 2);
    assert_eq!(scene.failures(), [(full, Failure::TimedOut)]);
    assert_eq!(scene.count(Count::ConnectTimeout), 1);
}
