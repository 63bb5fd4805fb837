//! The longest lists and texts fit a message, and nothing longer is read.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use control::{
    COUNTS_MAX, Count, FromMedia, Learn, MESSAGE_LEN_MAX, Malformed, Name, PAGE_MAX, PAYLOAD_MAPS_MAX,
    PERMITS_MAX, PayloadMap, Permit, Ports, Protection, REALMS_MAX, RealmState, Request, RequestId, Response,
    Rtcp, SessionId, SessionSpec, SessionState, SideSpec, TEXT_LEN_MAX, ToMedia, Versions, WORKERS_MAX,
    WorkerState,
};
use crypto::{MasterKey, Suite};

#[path = "messages/samples.rs"]
#[expect(dead_code, reason = "one state of a session is all that is taken from there")]
mod samples;

#[test]
fn the_longest_answers_fit_a_message_and_one_value_more_is_refused() {
    for (response, len) in [
        (counts as fn(usize) -> Response, COUNTS_MAX),
        (page, PAGE_MAX),
        (realms, REALMS_MAX),
        (workers, WORKERS_MAX),
    ] {
        let longest = FromMedia::Response(RequestId(u32::MAX), response(len));
        let bytes = longest.encode();
        assert!(bytes.len() <= MESSAGE_LEN_MAX, "{} bytes: {longest:?}", bytes.len());
        assert_eq!(FromMedia::parse(&bytes), Ok(longest));

        let mut bytes = FromMedia::Response(RequestId(u32::MAX), response(len - 1)).encode();
        // The count stands behind the envelope: one byte, the number of the question, one byte.
        bytes[6..8].copy_from_slice(&u16::try_from(len + 1).expect("a count").to_be_bytes());
        assert_eq!(FromMedia::parse(&bytes), Err(Malformed::ListTooLong));
    }
}

#[test]
fn the_longest_wish_fits_the_buffer_that_it_is_written_to() {
    let wish = ToMedia::Request(RequestId(1), Request::Apply(Box::new(longest_wish())));
    let bytes = wish.encode();
    let capacity = ToMedia::Hello(Versions { lowest: 1, highest: 1 }).encode().capacity();
    assert_eq!(
        (bytes.len(), bytes.capacity()),
        (548, capacity),
        "the buffer has grown and left a key behind"
    );
    assert_eq!(ToMedia::parse(&bytes), Ok(wish));
}

#[test]
fn a_text_that_is_too_long_is_refused() {
    let statistics = |len: usize| {
        let name = "n".repeat(len);
        FromMedia::Response(RequestId(1), Response::Statistics(vec![Count { name, value: 1 }]))
    };
    assert_eq!(FromMedia::parse(&statistics(TEXT_LEN_MAX).encode()), Ok(statistics(TEXT_LEN_MAX)));
    assert_eq!(FromMedia::parse(&statistics(TEXT_LEN_MAX + 1).encode()), Err(Malformed::TextTooLong));
}

#[test]
fn a_message_that_is_too_long_is_refused_before_it_is_read() {
    assert_eq!(ToMedia::parse(&vec![1; MESSAGE_LEN_MAX]), Err(Malformed::TrailingBytes));
    assert_eq!(ToMedia::parse(&vec![1; MESSAGE_LEN_MAX + 1]), Err(Malformed::MessageTooLong));
    assert_eq!(FromMedia::parse(&vec![1; MESSAGE_LEN_MAX + 1]), Err(Malformed::MessageTooLong));
}

#[test]
fn a_page_out_of_order_is_refused() {
    let page = |sessions: [u64; 2]| {
        let state = |session| SessionState { session: SessionId(session), ..samples::state() };
        FromMedia::Response(RequestId(1), Response::Sessions(sessions.map(state).to_vec()))
    };
    assert_eq!(FromMedia::parse(&page([1, 2]).encode()), Ok(page([1, 2])));
    for sessions in [[2, 1], [2, 2]] {
        let refused = FromMedia::parse(&page(sessions).encode());
        assert_eq!(refused, Err(Malformed::OutOfRange("a list in ascending order")));
    }
}

fn counts(len: usize) -> Response {
    let count = |_| Count { name: "n".repeat(TEXT_LEN_MAX), value: u64::MAX };
    Response::Statistics((0..len).map(count).collect())
}

fn page(len: usize) -> Response {
    let ports = Ports { a: address(), b: address() };
    let state = |number| SessionState { session: SessionId(number as u64), ports, ..samples::state() };
    Response::Sessions((0..len).map(state).collect())
}

fn realms(len: usize) -> Response {
    let realm = RealmState {
        realm: name(),
        address: IpAddr::V6(Ipv6Addr::LOCALHOST),
        first_port: 1,
        last_port: u16::MAX,
        leased: 1,
        quarantined: 1,
    };
    Response::Realms(vec![realm; len])
}

fn workers(len: usize) -> Response {
    let worker = WorkerState {
        cpu: Some(1),
        driver: "d".repeat(TEXT_LEN_MAX),
        sessions: 1,
        received: 1,
        forwarded: 1,
        dropped: 1,
        system_calls: 1,
        turns: 1,
    };
    Response::Workers(vec![worker; len])
}

fn longest_wish() -> SessionSpec {
    let protection = || {
        let suite = Suite::AesCm256HmacSha1_80;
        Protection::Srtp(MasterKey::from_bytes(suite, &[7; 46]).expect("the length is that of the suite"))
    };
    let side = || SideSpec {
        rtcp: Rtcp::NextPort(Some(1)),
        learn: Learn::Address { window_ms: 1 },
        permits: vec![Permit { address: address().ip(), prefix_len: 128 }; PERMITS_MAX],
        receive: protection(),
        send: protection(),
        payload_maps: (0..PAYLOAD_MAPS_MAX as u8).map(|from| PayloadMap { from, to: 127 }).collect(),
        telephone_event: Some(1),
        ..SideSpec::new(name(), Some(address()))
    };
    SessionSpec { sides: [side(), side()], ..samples::wish() }
}

fn address() -> SocketAddr {
    SocketAddr::from((Ipv6Addr::LOCALHOST, 1))
}

fn name() -> Name {
    Name::new(&"n".repeat(32)).expect("a name")
}
