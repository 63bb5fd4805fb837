//! What is too much and too long.

use std::io::Write;
use std::time::Duration;

use sip::flow::{Destination, Protocol};
use transport::{Count, Failure, Limits};

use crate::scene::{Event, KNOWN, Scene, options, rest, stream_from};

#[test]
fn there_are_so_many_connections_in_all_and_from_one_host() {
    for (limits, reason) in [
        (Limits { connections_max: 3, ..Limits::default() }, Count::ConnectionsFull),
        (Limits { connections_per_host_max: 3, ..Limits::default() }, Count::HostFull),
    ] {
        let mut scene = Scene::with_limits(Protocol::Tcp, limits);
        let mut peers: Vec<_> = (0..3).map(|_| stream_from(KNOWN, scene.address(0))).collect();
        scene.counts(Count::Accepted, 3);
        let mut one_more = stream_from(KNOWN, scene.address(0));
        scene.counts(reason, 1);
        assert!(rest(&mut one_more).is_empty());
        // A place that is free again is given away again.
        peers.pop();
        scene.until(|scene| scene.transport.connections() == 2);
        let mut late = stream_from(KNOWN, scene.address(0));
        late.write_all(options("late").as_bytes()).unwrap();
        assert_eq!(scene.messages(1)[0].1, options("late"));
    }
}

#[test]
fn a_message_has_to_end_in_time_however_slowly_it_drips() {
    let limits = Limits { partial: Duration::from_millis(200), ..Limits::default() };
    let mut scene = Scene::with_limits(Protocol::Tcp, limits);
    let mut peer = stream_from(KNOWN, scene.address(0));
    let start = std::time::Instant::now();
    for byte in options("").bytes().cycle() {
        if scene.count(Count::PartialTimeout) > 0 {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(5));
        // It is no longer open at some point, which is what is waited for.
        let _ = peer.write_all(&[byte.max(b' ')]);
        scene.turn(Duration::from_millis(10));
    }
    assert!(start.elapsed() >= Duration::from_millis(200));
    assert!(scene.events.iter().all(|event| matches!(event, Event::Closed(_))));
}

#[test]
fn messages_that_come_in_pieces_one_after_the_other_are_in_time() {
    let limits = Limits { partial: Duration::from_secs(1), ..Limits::default() };
    let mut scene = Scene::with_limits(Protocol::Tcp, limits);
    let mut peer = stream_from(KNOWN, scene.address(0));
    let text = options("");
    let (head, tail) = text.as_bytes().split_at(20);
    peer.write_all(head).unwrap();
    let start = std::time::Instant::now();
    // There is a message that has begun at any moment, and none that lasts.
    while start.elapsed() < Duration::from_millis(2200) {
        scene.turn(Duration::from_millis(20));
        peer.write_all(tail).unwrap();
        peer.write_all(head).unwrap();
    }
    assert_eq!((scene.count(Count::PartialTimeout), scene.closed()), (0, 0));
}

#[test]
fn a_connection_that_says_nothing_ends_and_one_that_speaks_stays() {
    let limits = Limits { idle: Duration::from_secs(1), ..Limits::default() };
    let mut scene = Scene::with_limits(Protocol::Tcp, limits);
    let mut silent = stream_from(KNOWN, scene.address(0));
    let mut speaking = stream_from(KNOWN, scene.address(0));
    while scene.count(Count::Idle) == 0 {
        speaking.write_all(options("").as_bytes()).unwrap();
        scene.turn(Duration::from_millis(20));
    }
    assert!(rest(&mut silent).is_empty());
    assert_eq!((scene.count(Count::Idle), scene.transport.connections()), (1, 1));
}

#[test]
fn who_does_not_read_is_closed_when_too_much_waits() {
    let mut scene = Scene::new(Protocol::Tcp);
    let mut peer = stream_from(KNOWN, scene.address(0));
    peer.write_all(options("").as_bytes()).unwrap();
    let back = Destination::Flow(scene.messages(1)[0].0.clone());
    let text = options(&"x".repeat(10_000));
    let mut sent = 0;
    while scene.count(Count::SlowReader) == 0 {
        scene.transport.send(&back, text.as_bytes());
        sent += 1;
        assert!(sent < 10_000, "the kernel takes it all");
    }
    scene.turn(Duration::ZERO);
    // Once for what waited, once for the one that was too much.
    assert_eq!(scene.failures(), [(back.clone(), Failure::Full), (back, Failure::TimedOut)]);
    assert_eq!(scene.closed(), 1);
}

#[test]
fn who_does_not_read_is_closed_when_nothing_moves() {
    let limits =
        Limits { stalled: Duration::from_millis(200), queue_bytes_max: 64 << 20, ..Limits::default() };
    let mut scene = Scene::with_limits(Protocol::Tcp, limits);
    let mut peer = stream_from(KNOWN, scene.address(0));
    peer.write_all(options("").as_bytes()).unwrap();
    let back = Destination::Flow(scene.messages(1)[0].0.clone());
    let text = "x".repeat(64_000);
    for _ in 0..500 {
        scene.transport.send(&back, text.as_bytes());
    }
    assert_eq!(scene.count(Count::SlowReader), 0);
    scene.counts(Count::SlowReader, 1);
    assert_eq!(scene.failures(), [(back, Failure::TimedOut)]);
}

#[test]
fn a_noisy_connection_leaves_turns_to_others() {
    let limits = Limits { messages_per_turn: 4, ..Limits::default() };
    let mut scene = Scene::with_limits(Protocol::Tcp, limits);
    let mut noisy = stream_from(KNOWN, scene.address(0));
    let mut quiet = stream_from(KNOWN, scene.address(0));
    scene.counts(Count::Accepted, 2);
    noisy.write_all(options("noise").repeat(300).as_bytes()).unwrap();
    quiet.write_all(options("quiet").as_bytes()).unwrap();
    let messages = scene.messages(301);
    let before = messages.iter().position(|(_, text)| *text == options("quiet")).unwrap();
    assert!(before <= 8, "{before}");
}

#[test]
fn a_flood_of_pings_that_nobody_reads_ends() {
    let limits = Limits { queue_bytes_max: 16 * 1024, messages_per_turn: 4096, ..Limits::default() };
    let mut scene = Scene::with_limits(Protocol::Tcp, limits);
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    // What nobody reads is soon too much.
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&scene.address(0).into()).unwrap();
    let mut peer = std::net::TcpStream::from(socket);
    peer.set_nonblocking(true).unwrap();
    let pings = b"\r\n\r\n".repeat(4096);
    let start = std::time::Instant::now();
    while scene.count(Count::SlowReader) == 0 {
        assert!(start.elapsed() < Duration::from_secs(60), "{}", scene.count(Count::Ping));
        let mut left = pings.as_slice();
        while let Ok(len @ 1..) = peer.write(left) {
            left = &left[len..];
        }
        scene.turn(Duration::ZERO);
    }
    assert!(scene.failures().is_empty());
}
