//! The client's half: when it says what, and what it refuses to hear.

use std::collections::HashSet;

use control::{
    Client, Event, FromMedia, Heard, Incarnation, Malformed, ProtocolError, QueueFull, Reason, Request,
    RequestId, Response, SessionId, ToMedia, VERSIONS, Versions,
};

#[path = "messages/samples.rs"]
#[expect(dead_code, reason = "one wish and one state are all that is taken from there")]
mod samples;

const SESSION: SessionId = SessionId(7);

#[test]
fn the_hello_goes_first_and_questions_wait_for_the_welcome() {
    let mut client = Client::new();
    let id = ask(&mut client, Request::Realms);
    assert_eq!(next(&mut client), Some(ToMedia::Hello(VERSIONS)));
    assert_eq!(next(&mut client), None);
    assert_eq!(client.unanswered(), 1);

    let heard = client.handle(&welcome().encode());
    assert_eq!(heard, Ok(Heard::Welcome { version: 1, incarnation: Incarnation(3) }));
    assert_eq!(next(&mut client), Some(ToMedia::Request(id, Request::Realms)));
    assert_eq!(next(&mut client), None);
}

#[test]
fn a_message_stays_until_it_was_sent() {
    let mut client = welcomed();
    ask(&mut client, Request::Realms);
    let first = client.peek_message().expect("the question waits").to_vec();
    ask(&mut client, Request::Workers);
    assert_eq!(client.peek_message(), Some(&first[..]));
    client.message_sent();
    assert_ne!(client.peek_message(), Some(&first[..]));
}

#[test]
fn answers_come_in_any_order_and_each_once() {
    let mut client = welcomed();
    let ids =
        [Request::Realms, Request::Workers, Request::Statistics].map(|request| sent(&mut client, request));
    let answers = [Response::Realms(vec![]), Response::Workers(vec![]), Response::Statistics(vec![])];
    for number in [2, 0, 1] {
        let answer = || FromMedia::Response(ids[number], answers[number].clone()).encode();
        assert_eq!(client.handle(&answer()), Ok(Heard::Response(ids[number], answers[number].clone())));
    }
    assert_eq!(client.unanswered(), 0);
    let again = client.handle(&FromMedia::Response(ids[0], answers[0].clone()).encode());
    assert_eq!(again, unexpected("an answer to an open question", "an answer without its question"));
}

#[test]
fn every_kind_of_question_is_answered_by_its_kind_and_about_its_session() {
    let other = SessionId(8);
    let applied =
        |session| Response::Applied { session, epoch: samples::wish().epoch, ports: samples::ports() };
    let refused = |session| Response::Refused { session, reason: Reason::WorkerBusy };
    let closed = |session| Response::Closed { session, summary: None };
    let described = |session| Response::Session {
        state: control::SessionState { session, ..samples::state() },
        remotes: [None; 2],
        summary: control::SessionSummary::default(),
    };
    let wish = || {
        let mut wish = samples::wish();
        wish.id = SESSION;
        Request::Apply(Box::new(wish))
    };
    let close = || Request::Close(SESSION);
    let describe = || Request::Describe(SESSION);
    let list = || Request::List(None);
    for (request, response, fits) in [
        (wish(), applied(SESSION), true),
        (wish(), refused(SESSION), true),
        (wish(), applied(other), false),
        (wish(), refused(other), false),
        (wish(), closed(SESSION), false),
        (close(), closed(SESSION), true),
        (close(), refused(SESSION), true),
        (close(), closed(other), false),
        (close(), applied(SESSION), false),
        (describe(), described(SESSION), true),
        (describe(), refused(SESSION), true),
        (describe(), described(other), false),
        (list(), Response::Sessions(vec![]), true),
        (list(), refused(SESSION), false),
        (Request::Statistics, Response::Statistics(vec![]), true),
        (Request::Statistics, Response::Realms(vec![]), false),
        (Request::Realms, Response::Realms(vec![]), true),
        (Request::Realms, Response::Workers(vec![]), false),
        (Request::Workers, Response::Workers(vec![]), true),
        (Request::Workers, Response::Subscribed, false),
        (Request::Subscribe, Response::Subscribed, true),
        (Request::Subscribe, Response::Statistics(vec![]), false),
    ] {
        let what = format!("{request:?} and {response:?}");
        let mut client = welcomed();
        let id = sent(&mut client, request);
        let heard = client.handle(&FromMedia::Response(id, response.clone()).encode());
        let wrong = unexpected("an answer of the question's kind", "an answer to another question");
        assert_eq!(heard, if fits { Ok(Heard::Response(id, response)) } else { wrong }, "{what}");
    }
}

#[test]
fn an_answer_before_its_question_was_sent_is_refused() {
    let mut client = welcomed();
    let id = ask(&mut client, Request::Realms);
    let heard = client.handle(&FromMedia::Response(id, Response::Realms(vec![])).encode());
    assert_eq!(heard, unexpected("an answer to an open question", "an answer without its question"));
}

#[test]
fn what_does_not_greet_is_refused_at_the_beginning() {
    let answer = FromMedia::Response(RequestId(0), Response::Subscribed);
    let event = FromMedia::Event(Event::Overflow { lost: 1 });
    for (message, found) in [(&answer, "an answer"), (&event, "an event"), (&welcome(), "a welcome")] {
        let early = Client::new().handle(&message.encode());
        assert_eq!(early, unexpected("nothing before the hello", found));
    }
    for (message, found) in [(answer, "an answer"), (event, "an event")] {
        assert_eq!(greeted().handle(&message.encode()), unexpected("a welcome", found));
    }
}

#[test]
fn the_welcome_agrees_to_a_version_that_was_offered() {
    for version in [0, VERSIONS.highest + 1] {
        let welcome = FromMedia::Welcome { version, incarnation: Incarnation(3) };
        let heard = greeted().handle(&welcome.encode());
        assert_eq!(heard, unexpected("a version we speak", "a welcome to another one"));
    }
}

#[test]
fn a_second_greeting_is_refused() {
    let no_version = FromMedia::NoVersion(Versions { lowest: 2, highest: 3 });
    for (message, found) in [(welcome(), "a welcome"), (no_version, "a refusal of every version")] {
        assert_eq!(welcomed().handle(&message.encode()), unexpected("one greeting", found));
    }
}

#[test]
fn no_common_version_is_told_with_both() {
    let theirs = Versions { lowest: 2, highest: 3 };
    let error = greeted().handle(&FromMedia::NoVersion(theirs).encode()).expect_err("there is no version");
    assert_eq!(error, ProtocolError::NoVersion(theirs));
    assert_eq!(
        error.to_string(),
        "no common version: the other process speaks 2 to 3, this one 1 to 1; install both from one release"
    );
}

#[test]
fn events_are_heard_after_the_subscription() {
    let event = || Event::MediaTimeout { session: SESSION };
    let mut client = welcomed();
    let id = sent(&mut client, Request::Subscribe);
    client.handle(&FromMedia::Response(id, Response::Subscribed).encode()).expect("an answer");
    assert_eq!(client.handle(&FromMedia::Event(event()).encode()), Ok(Heard::Event(event())));

    let mut client = welcomed();
    sent(&mut client, Request::Subscribe);
    let other = sent(&mut client, Request::Realms);
    client.handle(&FromMedia::Response(other, Response::Realms(vec![])).encode()).expect("an answer");
    let heard = client.handle(&FromMedia::Event(event()).encode());
    assert_eq!(heard, unexpected("no events before the subscription", "an event"));
}

#[test]
fn after_an_error_nothing_is_sent_and_nothing_heard() {
    let mut client = welcomed();
    ask(&mut client, Request::Realms);
    let error = client.handle(&[]).expect_err("no message is empty");
    assert_eq!(error, ProtocolError::Malformed(Malformed::Truncated));
    assert_eq!(error.to_string(), "malformed message: ends too early");
    assert_eq!(client.peek_message(), None);
    let error = client.handle(&welcome().encode()).expect_err("it is over");
    assert_eq!(error.to_string(), "message out of place: wanted nothing after the end, found a welcome");
}

#[test]
fn the_queue_is_bounded_and_gives_back_what_does_not_fit() {
    let mut client = welcomed();
    let mut ids: Vec<_> = (0..Client::REQUESTS_MAX / 2).map(|_| sent(&mut client, Request::Realms)).collect();
    ids.extend((0..Client::REQUESTS_MAX / 2).map(|_| ask(&mut client, Request::Realms)));
    assert_eq!(
        ids.iter().collect::<HashSet<_>>().len(),
        Client::REQUESTS_MAX,
        "every question has its number"
    );
    assert_eq!(client.unanswered(), Client::REQUESTS_MAX);

    let wish = || Request::Apply(Box::new(samples::wish()));
    assert_eq!(client.request(wish()), Err(QueueFull(wish())));
    client.handle(&FromMedia::Response(ids[5], Response::Realms(vec![])).encode()).expect("an answer");
    client.request(wish()).expect("there is room again");
    assert_eq!(client.request(wish()), Err(QueueFull(wish())));
}

fn greeted() -> Client {
    let mut client = Client::new();
    client.message_sent();
    client
}

fn welcomed() -> Client {
    let mut client = greeted();
    client.handle(&welcome().encode()).expect("a welcome");
    client
}

fn welcome() -> FromMedia {
    FromMedia::Welcome { version: 1, incarnation: Incarnation(3) }
}

fn ask(client: &mut Client, request: Request) -> RequestId {
    client.request(request).expect("there is room")
}

fn sent(client: &mut Client, request: Request) -> RequestId {
    let id = ask(client, request);
    client.message_sent();
    id
}

fn next(client: &mut Client) -> Option<ToMedia> {
    let message = ToMedia::parse(client.peek_message()?).expect("a message");
    client.message_sent();
    Some(message)
}

fn unexpected<T>(wanted: &'static str, found: &'static str) -> Result<T, ProtocolError> {
    Err(ProtocolError::Unexpected { wanted, found })
}
