//! A wish whose values are out of range is found before it is sent, and refused if it is sent nevertheless.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use control::{
    Asked, Client, Incarnation, Learn, Malformed, PayloadMap, Permit, ProtocolError, Request, RequestId,
    Rtcp, Server, SessionSpec, SideSpec, ToMedia,
};

#[path = "messages/samples.rs"]
#[expect(dead_code, reason = "the wish is all that is taken from there")]
mod samples;

type Change = fn(&mut SessionSpec);

#[test]
fn values_at_the_edge_of_their_range_are_taken() {
    let edges: [Change; 16] = [
        |wish| wish.media_timeout_s = 0,
        |wish| wish.media_timeout_s = 86_400,
        |wish| side(wish).remote = None,
        |wish| side(wish).remote = Some(address("127.0.0.1:1")),
        |wish| side(wish).remote = Some(address("[fe80::1]:65535")),
        |wish| side(wish).rtcp = Rtcp::NextPort(None),
        |wish| side(wish).rtcp = Rtcp::NextPort(Some(1)),
        |wish| side(wish).learn = Learn::Address { window_ms: 1 },
        |wish| side(wish).permits = vec![permit("0.0.0.0", 0), permit("::", 0)],
        |wish| side(wish).permits = vec![permit("192.0.2.1", 32), permit("2001:db8::1", 128)],
        |wish| side(wish).payload_maps = vec![PayloadMap { from: 127, to: 0 }, PayloadMap { from: 0, to: 0 }],
        |wish| side(wish).telephone_event = Some(127),
        |wish| side(wish).clock_rate = 1000,
        |wish| side(wish).clock_rate = 192_000,
        |wish| side(wish).dscp = 0,
        |wish| side(wish).dscp = 63,
    ];
    for (number, edge) in edges.into_iter().enumerate() {
        let mut wish = samples::wish();
        edge(&mut wish);
        assert_eq!(wish.check(), Ok(()), "edge {number}: {wish:?}");
        assert!(matches!(send(wish), Ok(Asked::Request(..))), "edge {number}");
    }
}

#[test]
fn values_out_of_their_range_are_refused_by_both_halves() {
    let out_of_range: [(Change, &str); 23] = [
        (|wish| wish.media_timeout_s = 86_401, "a media timeout of at most a day"),
        (|wish| side(wish).remote = Some(address("192.0.2.1:0")), "a remote port other than 0"),
        (|wish| side(wish).remote = Some(address("0.0.0.0:4000")), "the address of one host as remote"),
        (|wish| side(wish).remote = Some(address("[::]:4000")), "the address of one host as remote"),
        (|wish| side(wish).remote = Some(address("224.0.0.1:4000")), "the address of one host as remote"),
        (|wish| side(wish).remote = Some(address("[ff02::1]:4000")), "the address of one host as remote"),
        (
            |wish| side(wish).remote = Some(address("255.255.255.255:4000")),
            "the address of one host as remote",
        ),
        (
            |wish| side(wish).remote = Some(address("[::ffff:192.0.2.1]:4000")),
            "an IPv4 address spelled as one",
        ),
        (|wish| side(wish).rtcp = Rtcp::NextPort(Some(0)), "an RTCP port other than 0"),
        (
            |wish| {
                side(wish).remote = Some(address("192.0.2.1:65535"));
                side(wish).rtcp = Rtcp::NextPort(None);
            },
            "an RTCP port of its own behind port 65535",
        ),
        (|wish| side(wish).learn = Learn::Address { window_ms: 0 }, "time to learn an address in"),
        (|wish| side(wish).permits = vec![permit("192.0.2.0", 33)], "a prefix of at most 32 bits of IPv4"),
        (|wish| side(wish).permits = vec![permit("2001:db8::", 129)], "a prefix of at most 128 bits of IPv6"),
        (|wish| side(wish).permits = vec![permit("::ffff:192.0.2.0", 120)], "an IPv4 address spelled as one"),
        (|wish| side(wish).payload_maps = vec![PayloadMap { from: 128, to: 0 }], "payload types of 0 to 127"),
        (|wish| side(wish).payload_maps = vec![PayloadMap { from: 0, to: 128 }], "payload types of 0 to 127"),
        (
            |wish| side(wish).payload_maps = [8, 8].map(|from| PayloadMap { from, to: from }).to_vec(),
            "each payload type mapped once",
        ),
        (|wish| side(wish).telephone_event = Some(128), "payload types of 0 to 127"),
        (|wish| side(wish).clock_rate = 0, "a clock rate of 1,000 to 192,000 Hz"),
        (|wish| side(wish).clock_rate = 999, "a clock rate of 1,000 to 192,000 Hz"),
        (|wish| side(wish).clock_rate = 192_001, "a clock rate of 1,000 to 192,000 Hz"),
        (|wish| side(wish).dscp = 64, "a DSCP of 0 to 63"),
        (|wish| side(wish).dscp = 255, "a DSCP of 0 to 63"),
    ];
    for (change, wanted) in out_of_range {
        let mut wish = samples::wish();
        change(&mut wish);
        let refused = Malformed::OutOfRange(wanted);
        assert_eq!(wish.check(), Err(refused));
        assert_eq!(send(wish), Err(ProtocolError::Malformed(refused)));
    }
}

#[test]
fn lists_that_are_too_long_are_refused_by_both_halves() {
    let too_long: [Change; 2] = [
        |wish| side(wish).permits = vec![permit("192.0.2.0", 24); 3],
        |wish| side(wish).payload_maps = (0..5).map(|from| PayloadMap { from, to: from }).collect(),
    ];
    for change in too_long {
        let mut wish = samples::wish();
        change(&mut wish);
        assert_eq!(wish.check(), Err(Malformed::ListTooLong));
        assert_eq!(send(wish), Err(ProtocolError::Malformed(Malformed::ListTooLong)));
    }
}

#[test]
fn a_remote_with_a_scope_is_refused_because_only_one_host_knows_it() {
    for (flow, scope) in [(0, 3), (3, 0)] {
        let mut wish = samples::wish();
        let link_local = "fe80::1".parse().expect("an address");
        side(&mut wish).remote = Some(SocketAddr::V6(SocketAddrV6::new(link_local, 4000, flow, scope)));
        assert_eq!(wish.check(), Err(Malformed::OutOfRange("an address without a scope")));
    }
}

#[test]
fn the_error_says_what_was_wanted() {
    let mut wish = samples::wish();
    wish.sides[0].dscp = 64;
    let text = wish.check().expect_err("64 is too much").to_string();
    assert_eq!(text, "value out of range: wanted a DSCP of 0 to 63");
}

/// Sends a wish without checking it, and returns what the media process makes of it.
fn send(wish: SessionSpec) -> Result<Asked, ProtocolError> {
    let mut server = Server::new(Incarnation(1));
    let hello = Client::new().peek_message().expect("the hello waits").to_vec();
    server.handle(&hello).expect("a hello is welcome");
    server.handle(&ToMedia::Request(RequestId(1), Request::Apply(Box::new(wish))).encode())
}

/// The second side; the first one is checked by the same function.
fn side(wish: &mut SessionSpec) -> &mut SideSpec {
    &mut wish.sides[1]
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn permit(network: &str, prefix_len: u8) -> Permit {
    Permit { address: network.parse::<IpAddr>().expect("an address"), prefix_len }
}
