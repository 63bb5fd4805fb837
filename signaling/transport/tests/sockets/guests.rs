//! Sockets of others in the same loop.

use std::net::UdpSocket;
use std::time::Duration;

use mio::{Interest, Token};
use sip::flow::Protocol;
use transport::Transport;

use crate::scene::{Event, Scene};

#[test]
fn a_guest_is_told_of_and_messages_go_on() {
    let mut scene = Scene::new(Protocol::Udp);
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut guest = mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let token = Token(Transport::GUESTS.0 + 7);
    scene.transport.registry().register(&mut guest, token, Interest::READABLE).unwrap();
    scene.turn(Duration::ZERO);
    assert!(!scene.events.iter().any(|event| matches!(event, Event::Guest(_))), "nothing has come");

    other.send_to(b"for the guest", guest.local_addr().unwrap()).unwrap();
    scene.until(|scene| {
        scene.events.iter().any(|event| matches!(event, Event::Guest(number) if *number == token.0))
    });
}
