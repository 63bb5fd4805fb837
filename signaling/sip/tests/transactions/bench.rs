//! One layer with a clock of its own, that writes down what it sends (`>`) and tells (`!`).

use std::net::SocketAddr;
use std::time::Duration;

use sip::flow::{Flow, Protocol, Target};
use sip::lexer::lex;
use sip::method;
use sip::transaction::{ClientId, Event, Limits, ServerId, Transactions, Transmit};
use sip::validate::{Rules, Verdict, validate};
use sip::{Name, Request, Response};

pub(crate) const PEER: &str = "192.0.2.1:5060";
pub(crate) const LOCAL: &str = "198.51.100.1:5060";

pub(crate) struct Bench {
    pub(crate) layer: Transactions,
    pub(crate) now: Duration,
    pub(crate) events: Vec<Event>,
    pub(crate) transmits: Vec<Transmit>,
    log: Vec<String>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    pub(crate) fn with_limits(limits: Limits) -> Self {
        let layer = Transactions::new(limits, [7; 32]);
        let (events, transmits, log) = (Vec::new(), Vec::new(), Vec::new());
        Self { layer, now: Duration::ZERO, events, transmits, log }
    }

    /// Does something with the layer and writes down what comes of it.
    pub(crate) fn act<T>(&mut self, action: impl FnOnce(&mut Transactions, Duration) -> T) -> T {
        let result = action(&mut self.layer, self.now);
        let at = self.now.as_millis();
        while let Some(transmit) = self.layer.poll_transmit() {
            self.log.push(format!("{at} > {}", first_word(&transmit.bytes)));
            self.transmits.push(transmit);
        }
        while let Some(event) = self.layer.poll_event() {
            self.log.push(format!("{at} ! {}", told(&event)));
            self.events.push(event);
        }
        result
    }

    /// Lets time pass up to a moment, and every timer fire when it is due.
    pub(crate) fn run_to(&mut self, milliseconds: u64) {
        let until = Duration::from_millis(milliseconds);
        while let Some(at) = self.layer.next_timeout().filter(|&at| at <= until) {
            assert!(at >= self.now, "no timer is due in the past");
            self.now = at;
            self.act(|layer, now| layer.handle_timeout(now));
        }
        self.now = until;
    }

    /// Returns what was written down since the last time.
    pub(crate) fn log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }

    pub(crate) fn receive(&mut self, text: &str, flow: &Flow) {
        self.act(|layer, now| match message(text.as_bytes()) {
            Message::Request(request) => layer.receive_request(now, request, flow.clone()),
            Message::Response(response) => layer.receive_response(now, response, flow.clone()),
        });
    }

    /// Receives a request that is new, and returns what it is answered by.
    pub(crate) fn asked(&mut self, text: &str, flow: &Flow) -> (ServerId, Request) {
        self.receive(text, flow);
        match self.events.last() {
            Some(Event::Request { id, request, .. }) => (*id, request.clone()),
            other => panic!("it is told as a request, not {other:?}"),
        }
    }

    pub(crate) fn answer(&mut self, id: ServerId, request: &Request, code: u16) {
        let response = Response::to_request(request, code).with_to_tag("ours").expect("To is one");
        self.act(|layer, now| layer.respond(now, id, response)).expect("it can be written");
    }

    pub(crate) fn ask(&mut self, request: Request, to: &Target) -> ClientId {
        let sent = self.act(|layer, now| layer.request(now, request, to.clone(), "198.51.100.1"));
        sent.expect("it can be written")
    }

    /// Receives the response to what was sent last but `back` requests, as its peer would make it.
    pub(crate) fn answered(&mut self, code: u16, tag: &str, back: usize) {
        let sent = self.requests().into_iter().rev().nth(back).expect("it was sent");
        let response = Response::to_request(&sent, code).with_to_tag(tag).expect("To is one");
        let flow = flow(Protocol::Udp, PEER);
        self.act(|layer, now| layer.receive_response(now, response, flow));
    }

    /// Returns the requests that were sent.
    pub(crate) fn requests(&self) -> Vec<Request> {
        let sent = self.transmits.iter().map(|transmit| message(&transmit.bytes));
        sent.filter_map(|message| match message {
            Message::Request(request) => Some(request),
            Message::Response(_) => None,
        })
        .collect()
    }

    /// Returns the responses that were sent.
    pub(crate) fn responses(&self) -> Vec<Response> {
        let sent = self.transmits.iter().map(|transmit| message(&transmit.bytes));
        sent.filter_map(|message| match message {
            Message::Response(response) => Some(response),
            Message::Request(_) => None,
        })
        .collect()
    }

    /// Asserts that nothing at all is left.
    pub(crate) fn assert_empty(&self) {
        assert_eq!(self.layer.load(), sip::transaction::Load::default());
        assert_eq!(self.layer.next_timeout(), None);
    }
}

pub(crate) enum Message {
    Request(Request),
    Response(Response),
}

pub(crate) fn message(bytes: &[u8]) -> Message {
    let lexed = lex(bytes).expect("it is a message");
    match validate(&lexed, &Rules { methods: &method::ALL, ..Rules::TRUNK }) {
        Verdict::Request(checked) => Message::Request(checked.to_request()),
        Verdict::Response(checked) => Message::Response(checked.to_response()),
        other @ (Verdict::Answer(_) | Verdict::Drop(_)) => {
            panic!("{other:?}: {}", String::from_utf8_lossy(bytes))
        }
    }
}

pub(crate) fn request(text: &str) -> Request {
    match message(text.as_bytes()) {
        Message::Request(request) => request,
        Message::Response(_) => panic!("{text} is a response"),
    }
}

pub(crate) fn flow(protocol: Protocol, remote: &str) -> Flow {
    let connection = if protocol.is_reliable() { 1 } else { 0 };
    Flow { protocol, local: address(LOCAL), remote: address(remote), connection }
}

pub(crate) fn target(protocol: Protocol) -> Target {
    Target { protocol, remote: address(PEER), name: None, local: None, connection: None }
}

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// A request of the peer with a branch; its CSeq is 1.
pub(crate) fn theirs(method: &str, branch: &str, protocol: Protocol) -> String {
    let via = format!("SIP/2.0/{} 192.0.2.1;branch=z9hG4bK{branch}", protocol.via_word());
    with_via(method, &via, "sip:bob@198.51.100.1", "")
}

/// A request with a Via, a Request-URI, and parameters of To.
pub(crate) fn with_via(method: &str, via: &str, uri: &str, to: &str) -> String {
    format!(
        "{method} {uri} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: <sip:alice@192.0.2.1>;tag=theirs\r\n\
         To: <sip:bob@198.51.100.1>{to}\r\nCall-ID: call-1\r\nCSeq: 1 {method}\r\n\
         Contact: <sip:alice@192.0.2.1>\r\nContent-Length: 0\r\n\r\n"
    )
}

/// A request of ours, before it has a Via; what is read needs one, and it is the peer's below ours.
pub(crate) fn ours(method: &str, headers: &str) -> Request {
    let text = format!(
        "{method} sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n{headers}Max-Forwards: 70\r\n\
         From: <sip:us@198.51.100.1>;tag=ours\r\nTo: <sip:bob@192.0.2.1>\r\nCall-ID: call-2\r\n\
         CSeq: 1 {method}\r\nContent-Length: 0\r\n\r\n"
    );
    let mut request = request(&text);
    request.headers_mut().remove(Name::Via);
    request
}

fn first_word(bytes: &[u8]) -> String {
    match message(bytes) {
        Message::Request(request) => method::word(request.method()).to_owned(),
        Message::Response(response) => response.code().to_string(),
    }
}

fn told(event: &Event) -> String {
    match event {
        Event::Request { request, merged, .. } => {
            let merged = if *merged { " merged" } else { "" };
            format!("request {}{merged}", method::word(request.method()))
        }
        Event::Ack { id, .. } => (if id.is_some() { "ack" } else { "ack of nothing" }).to_owned(),
        Event::Cancelled { .. } => "cancelled".to_owned(),
        Event::Response { response, .. } => format!("response {}", response.code()),
        Event::Failed { why, .. } => format!("failed {}", why.word()),
        Event::AckMissing { .. } => "ack missing".to_owned(),
        Event::ResponseLost { .. } => "response lost".to_owned(),
        Event::Narrowed { .. } => "narrowed".to_owned(),
    }
}
