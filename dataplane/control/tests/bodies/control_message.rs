//! Whatever bytes come: a message has one encoding, and a half of a connection stays within its bounds.
//!
//! The whole input is tried as one message; then it is cut into messages, each behind two bytes of length, for halves
//! that have greeted each other.

use control::{
    Asked, Client, Event, FromMedia, Heard, Incarnation, ProtocolError, Request, Response, Server, ToMedia,
};

/// Checks one input.
pub(crate) fn check(input: &[u8]) {
    check_message(input);
    check_server(input);
    check_client(input);
}

fn check_message(bytes: &[u8]) {
    if let Ok(message) = ToMedia::parse(bytes) {
        assert_eq!(message.encode(), bytes, "{message:?}: another encoding");
        if let ToMedia::Request(_, Request::Apply(wish)) = message {
            assert_eq!(wish.check(), Ok(()), "{wish:?}: a wish out of its limits was read");
        }
    }
    if let Ok(message) = FromMedia::parse(bytes) {
        assert_eq!(message.encode(), bytes, "{message:?}: another encoding");
    }
}

/// Asks a server, which answers every other question and has an event for each.
fn check_server(input: &[u8]) {
    let (_, mut server) = greeted();
    for (count, message) in messages(input).enumerate() {
        match server.handle(message) {
            Ok(Asked::Hello) => panic!("a second hello was welcomed"),
            Ok(Asked::Request(id, request)) => {
                server.event(Event::Overflow { lost: 1 });
                if count % 2 == 0 {
                    server.respond(id, answer(&request));
                }
            }
            Err(error) => {
                assert!(server.peek_message().is_none(), "{error}: something is sent after the end");
                assert!(
                    matches!(server.handle(message), Err(again) if !matches!(again, ProtocolError::NoVersion(_)))
                );
                return;
            }
        }
        if count % 3 == 0 && server.peek_message().is_some() {
            server.message_sent();
        }
    }
}

/// Answers a client that has asked three questions.
fn check_client(input: &[u8]) {
    let (mut client, _) = greeted();
    for request in [Request::Subscribe, Request::Statistics, Request::List(None)] {
        client.request(request).expect("there is room");
        client.message_sent();
    }
    for message in messages(input) {
        let open = client.unanswered();
        match client.handle(message) {
            Ok(Heard::Welcome { .. }) => panic!("a second welcome was heard"),
            Ok(Heard::Response(..)) => assert_eq!(client.unanswered() + 1, open),
            Ok(Heard::Event(_)) => assert_eq!(client.unanswered(), open),
            Err(_) => {
                assert!(client.handle(message).is_err(), "something is heard after the end");
                return;
            }
        }
    }
}

fn greeted() -> (Client, Server) {
    let mut client = Client::new();
    let mut server = Server::new(Incarnation(1));
    let hello = client.peek_message().expect("the hello waits");
    assert_eq!(server.handle(hello), Ok(Asked::Hello));
    client.message_sent();
    let welcome = server.peek_message().expect("the welcome waits");
    assert!(matches!(client.handle(welcome), Ok(Heard::Welcome { .. })));
    server.message_sent();
    (client, server)
}

fn answer(request: &Request) -> Response {
    match request {
        Request::Apply(wish) => refused(wish.id),
        Request::Close(session) | Request::Describe(session) => refused(*session),
        Request::List(_) => Response::Sessions(Vec::new()),
        Request::Statistics => Response::Statistics(Vec::new()),
        Request::Realms => Response::Realms(Vec::new()),
        Request::Workers => Response::Workers(Vec::new()),
        Request::Subscribe => Response::Subscribed,
    }
}

fn refused(session: control::SessionId) -> Response {
    Response::Refused { session, reason: control::Reason::WorkerBusy }
}

/// Cuts the input into messages; the last one is what is left.
fn messages(mut input: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (len, rest) = input.split_first_chunk()?;
        let (message, rest) = rest.split_at(rest.len().min(u16::from_be_bytes(*len).into()));
        input = rest;
        Some(message)
    })
}
