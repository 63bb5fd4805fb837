//! The media process's half: what it hears, in which order it speaks, and what happens when nobody listens.

use control::{
    Asked, Client, Event, FromMedia, Incarnation, Malformed, ProtocolError, Request, RequestId, Response,
    Server, SessionId, ToMedia, VERSIONS, Versions,
};

const INCARNATION: Incarnation = Incarnation(3);

#[test]
fn a_hello_is_welcome() {
    let mut server = Server::new(INCARNATION);
    assert_eq!(server.peek_message(), None);
    assert_eq!(server.handle(&hello(VERSIONS)), Ok(Asked::Hello));
    assert_eq!(next(&mut server), Some(FromMedia::Welcome { version: 1, incarnation: INCARNATION }));
    assert_eq!(next(&mut server), None);
}

#[test]
fn the_newest_version_that_both_speak_is_spoken() {
    let mut server = Server::new(INCARNATION);
    let newer = Versions { lowest: 1, highest: VERSIONS.highest + 5 };
    assert_eq!(server.handle(&hello(newer)), Ok(Asked::Hello));
    let welcome = FromMedia::Welcome { version: VERSIONS.highest, incarnation: INCARNATION };
    assert_eq!(next(&mut server), Some(welcome));
}

#[test]
fn without_a_common_version_ours_are_named_and_the_connection_is_over() {
    for theirs in [(0, 0), (VERSIONS.highest + 1, u16::MAX), (5, 1)] {
        let theirs = Versions { lowest: theirs.0, highest: theirs.1 };
        let mut server = Server::new(INCARNATION);
        assert_eq!(server.handle(&hello(theirs)), Err(ProtocolError::NoVersion(theirs)));
        assert_eq!(server.handle(&hello(VERSIONS)), unexpected("nothing after the end", "a hello"));
        assert_eq!(next(&mut server), Some(FromMedia::NoVersion(VERSIONS)));
        assert_eq!(next(&mut server), None);
    }
}

#[test]
fn the_hello_comes_first_and_once() {
    let mut server = Server::new(INCARNATION);
    assert_eq!(server.handle(&question(1, Request::Realms)), unexpected("a hello", "a question"));
    assert_eq!(welcoming().handle(&hello(VERSIONS)), unexpected("one hello", "a hello"));
}

#[test]
fn answers_go_out_in_the_order_in_which_they_are_given() {
    let mut server = welcoming();
    for number in 1..=3 {
        let asked = server.handle(&question(number, Request::Realms));
        assert_eq!(asked, Ok(Asked::Request(RequestId(number), Request::Realms)));
    }
    for number in [3, 1] {
        server.respond(RequestId(number), Response::Realms(vec![]));
    }
    for number in [3, 1] {
        let answer = FromMedia::Response(RequestId(number), Response::Realms(vec![]));
        assert_eq!(server.peek_message(), Some(&answer.encode()[..]));
        assert_eq!(next(&mut server), Some(answer));
    }
    assert_eq!(next(&mut server), None);
}

#[test]
fn a_number_is_taken_until_its_answer_is_sent() {
    let taken = || unexpected("a question with a number of its own", "the number of an open one");
    let mut server = welcoming();
    server.handle(&question(1, Request::Realms)).expect("a question");
    assert_eq!(server.handle(&question(1, Request::Workers)), taken());

    let mut server = welcoming();
    server.handle(&question(1, Request::Realms)).expect("a question");
    server.respond(RequestId(1), Response::Realms(vec![]));
    assert_eq!(server.handle(&question(1, Request::Workers)), taken());

    let mut server = welcoming();
    server.handle(&question(1, Request::Realms)).expect("a question");
    server.respond(RequestId(1), Response::Realms(vec![]));
    server.message_sent();
    server.handle(&question(1, Request::Workers)).expect("the number is free");
}

#[test]
fn a_client_that_asks_too_much_at_once_is_refused_and_one_at_the_limit_is_not() {
    let mut server = welcoming();
    for number in 0..Client::REQUESTS_MAX as u32 {
        server.handle(&question(number, Request::Realms)).expect("a question");
        server.respond(RequestId(number), Response::Realms(vec![]));
    }
    server.message_sent();
    server.handle(&question(5000, Request::Realms)).expect("an answer was sent, so that there is room");
    let one_more = server.handle(&question(5001, Request::Realms));
    assert_eq!(one_more, unexpected("at most 1,024 questions without an answer", "one more"));
}

#[test]
fn events_begin_behind_the_answer_to_the_subscription() {
    let mut server = welcoming();
    server.event(timeout(1));
    server.handle(&question(1, Request::Subscribe)).expect("a question");
    server.event(timeout(2));
    assert!(!server.is_subscribed());
    assert_eq!(next(&mut server), None);

    server.respond(RequestId(1), Response::Subscribed);
    server.event(timeout(3));
    assert!(server.is_subscribed());
    assert_eq!(next(&mut server), Some(FromMedia::Response(RequestId(1), Response::Subscribed)));
    assert_eq!(next(&mut server), Some(FromMedia::Event(timeout(3))));
    assert_eq!(next(&mut server), None);
}

#[test]
fn events_that_do_not_fit_are_counted_and_told_when_half_of_the_room_is_free() {
    let mut server = subscribed();
    let max = Server::EVENTS_MAX as u64;
    (0..max).for_each(|number| server.event(timeout(number)));
    server.event(timeout(max));
    server.event(Event::Overflow { lost: 10 });
    // Events are lost until the overflow is told: between two of them there is no gap that nobody knows of.
    assert_eq!(next(&mut server), Some(FromMedia::Event(timeout(0))));
    server.event(timeout(max + 1));

    for number in 1..max / 2 {
        assert_eq!(next(&mut server), Some(FromMedia::Event(timeout(number))));
    }
    server.event(timeout(max + 2));
    for number in max / 2..max {
        assert_eq!(next(&mut server), Some(FromMedia::Event(timeout(number))));
    }
    assert_eq!(next(&mut server), Some(FromMedia::Event(Event::Overflow { lost: 12 })));
    assert_eq!(next(&mut server), Some(FromMedia::Event(timeout(max + 2))));
    assert_eq!(next(&mut server), None);
}

#[test]
fn answers_find_room_when_events_do_not() {
    let mut server = subscribed();
    (0..2 * Server::EVENTS_MAX as u64).for_each(|number| server.event(timeout(number)));
    server.handle(&question(2, Request::Realms)).expect("a question");
    server.respond(RequestId(2), Response::Realms(vec![]));
    let messages: Vec<_> = std::iter::from_fn(|| next(&mut server)).collect();
    let answers =
        messages.iter().filter(|message| matches!(message, FromMedia::Response(RequestId(2), _))).count();
    let lost = Server::EVENTS_MAX as u64;
    assert_eq!(answers, 1);
    assert_eq!(messages.len(), Server::EVENTS_MAX + 2);
    assert_eq!(messages.last(), Some(&FromMedia::Event(Event::Overflow { lost })));
}

#[test]
fn after_an_error_nothing_is_sent_and_late_answers_go_nowhere() {
    let mut server = subscribed();
    server.handle(&question(2, Request::Realms)).expect("a question");
    server.event(timeout(1));
    assert_eq!(server.handle(&[9]), Err(ProtocolError::Malformed(Malformed::UnknownValue)));
    server.respond(RequestId(2), Response::Realms(vec![]));
    server.event(timeout(2));
    assert_eq!(server.peek_message(), None);
    assert!(!server.is_subscribed());
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "every question is answered once")]
fn an_answer_of_another_kind_is_a_fault_of_ours() {
    let mut server = welcoming();
    server.handle(&question(1, Request::Realms)).expect("a question");
    server.respond(RequestId(1), Response::Workers(vec![]));
}

fn welcoming() -> Server {
    let mut server = Server::new(INCARNATION);
    server.handle(&hello(VERSIONS)).expect("a hello");
    server.message_sent();
    server
}

fn subscribed() -> Server {
    let mut server = welcoming();
    server.handle(&question(1, Request::Subscribe)).expect("a question");
    server.respond(RequestId(1), Response::Subscribed);
    server.message_sent();
    server
}

fn hello(versions: Versions) -> Vec<u8> {
    ToMedia::Hello(versions).encode()
}

fn question(number: u32, request: Request) -> Vec<u8> {
    ToMedia::Request(RequestId(number), request).encode()
}

fn timeout(session: u64) -> Event {
    Event::MediaTimeout { session: SessionId(session) }
}

fn next(server: &mut Server) -> Option<FromMedia> {
    let message = FromMedia::parse(server.peek_message()?).expect("a message");
    server.message_sent();
    Some(message)
}

fn unexpected<T>(wanted: &'static str, found: &'static str) -> Result<T, ProtocolError> {
    Err(ProtocolError::Unexpected { wanted, found })
}
