//! Holds for any messages that come to the transactions of a node that asks, answers, cancels and acknowledges: none
//! panics, everything ends, and nothing is left.

use std::time::Duration;

use sip::dialog::Dialog;
use sip::flow::{Destination, Flow, Protocol, Target};
use sip::header::Via;
use sip::lexer::{StartLine, lex};
use sip::transaction::{Event, Limits, Load, ServerId, Transactions};
use sip::validate::{Rules, Verdict, validate};
use sip::{Method, Name, Request, Response, Uri, method};

/// What stands between two messages; `BRANCH-1` and so on stand for the branches of what the node has sent.
const SEPARATOR: &[u8] = b"\n----\n";
/// So many are enough for any state, and few enough to be quick.
const MESSAGES_MAX: usize = 32;
/// Longer than all timers.
const LATEST: Duration = Duration::from_secs(200);

pub(crate) fn check(bytes: &[u8]) {
    heard(bytes);
}

/// Returns what a user heard, by the words of events.
pub(crate) fn heard(bytes: &[u8]) -> Vec<&'static str> {
    let limits = Limits { transactions_max: 8, reserve_max: 4, per_host_max: 6, ..Limits::default() };
    let mut node = Node {
        layer: Transactions::new(limits, [1; 32]),
        now: Duration::ZERO,
        branches: Vec::new(),
        ringing: Vec::new(),
        heard: Vec::new(),
    };
    node.ask(Method::Invite);
    node.ask(Method::Options);
    for (at, message) in split(bytes).into_iter().take(MESSAGES_MAX).enumerate() {
        let message = node.with_branches(message);
        node.receive(&message, at);
        node.drain(at);
        let load = node.layer.load();
        // The layer counts what it begins itself only when a request of a peer is next.
        assert!(load.transactions <= 8 + 4 + 4, "{load:?}");
        node.now += Duration::from_millis(700);
        node.layer.handle_timeout(node.now);
    }
    node.refuse_ringing();
    while let Some(at) = node.layer.next_timeout() {
        assert!(at >= node.now || node.now < LATEST, "timers are due in the future");
        node.now = node.now.max(at);
        assert!(node.now < LATEST, "it does not end");
        node.layer.handle_timeout(node.now);
        node.drain(0);
    }
    assert_eq!(node.layer.load(), Load::default());
    node.heard
}

struct Node {
    layer: Transactions,
    now: Duration,
    /// The branches of what was sent.
    branches: Vec<String>,
    ringing: Vec<(ServerId, Request)>,
    heard: Vec<&'static str>,
}

impl Node {
    fn ask(&mut self, method: Method) {
        let request = Request::new(method, Uri::parse("sip:bob@192.0.2.1").expect("a URI"))
            .with(Name::From, "<sip:us@198.51.100.1>;tag=ours")
            .with(Name::To, "<sip:bob@192.0.2.1>")
            .with(Name::CallId, "ours")
            .with(Name::CSeq, format!("1 {}", method::word(method)));
        self.layer.request(self.now, request, target(), "198.51.100.1").expect("it can be written");
        self.drain(0);
    }

    fn receive(&mut self, bytes: &[u8], at: usize) {
        let Ok(lexed) = lex(bytes) else { return };
        match validate(&lexed, &Rules { methods: &method::ALL, ..Rules::TRUNK }) {
            Verdict::Request(checked) => self.layer.receive_request(self.now, checked.to_request(), flow(at)),
            Verdict::Response(checked) => {
                self.layer.receive_response(self.now, checked.to_response(), flow(at));
            }
            Verdict::Answer(_) | Verdict::Drop(_) => {}
        }
        if bytes.len().is_multiple_of(16) {
            self.layer.send_failed(self.now, &Destination::Flow(flow(at)));
            self.layer.send_failed(self.now, &Destination::Target(target()));
        }
    }

    /// Does what a user does; how it answers depends on when.
    fn drain(&mut self, at: usize) {
        while let Some(transmit) = self.layer.poll_transmit() {
            let lexed = lex(&transmit.bytes).expect("what is written can be taken apart");
            assert_eq!(lexed.flaw, None);
            if let StartLine::Request { .. } = lexed.start {
                let via = lexed.field(Name::Via).expect("a request of ours has a Via");
                let branch = Via::parse(&via.value).expect("it is ours").branch().expect("it is ours");
                self.branches.push(branch.to_owned());
            }
        }
        while let Some(event) = self.layer.poll_event() {
            self.heard.push(word(&event));
            self.hear(at, event);
        }
    }

    fn hear(&mut self, at: usize, event: Event) {
        match event {
            Event::Request { id, request, .. } => {
                self.respond(id, &request, [100, 180, 183][at % 3]);
                if request.method() != Method::Invite || at.is_multiple_of(2) {
                    self.respond(id, &request, [200, 486, 408, 503][at / 2 % 4]);
                } else {
                    // What rings until it is cancelled ends some time, too.
                    self.ringing.push((id, request));
                }
            }
            Event::Response { id, response, .. } if response.is_provisional() => {
                self.layer.cancel(self.now, id, Some("SIP;cause=200"));
            }
            Event::Response { response, .. } => {
                if let Ok(dialog) = Dialog::from_acceptance(&response) {
                    // What the peer wrote may be too long for a line of ours.
                    let ack = dialog.ack(dialog.local_number());
                    let _unless_too_long = self.layer.acknowledge(ack, target(), "198.51.100.1");
                }
            }
            Event::Cancelled { id, .. } => {
                if let Some(at) = self.ringing.iter().position(|ringing| ringing.0 == id) {
                    let (id, request) = self.ringing.remove(at);
                    self.respond(id, &request, 487);
                }
            }
            Event::Ack { .. }
            | Event::Failed { .. }
            | Event::AckMissing { .. }
            | Event::ResponseLost { .. }
            | Event::Narrowed { .. } => {}
        }
    }

    fn respond(&mut self, id: ServerId, request: &Request, code: u16) {
        let response =
            Response::to_request(request, code).with_to_tag("tag").expect("its To was read before");
        self.layer.respond(self.now, id, response).expect("what cannot be answered is not told");
    }

    fn refuse_ringing(&mut self) {
        for (id, request) in std::mem::take(&mut self.ringing) {
            self.respond(id, &request, 480);
        }
        self.drain(0);
    }

    /// Writes the branches of the node into a message that names them.
    fn with_branches(&self, message: &[u8]) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(message) else { return message.to_vec() };
        let named = self.branches.iter().take(9).enumerate();
        named
            .fold(text.to_owned(), |text, (at, branch)| text.replace(&format!("BRANCH-{}", at + 1), branch))
            .into()
    }
}

fn word(event: &Event) -> &'static str {
    match event {
        Event::Request { .. } => "request",
        Event::Ack { id, .. } => {
            if id.is_some() {
                "ack"
            } else {
                "ack of nothing"
            }
        }
        Event::Cancelled { .. } => "cancelled",
        Event::Response { response, .. } if response.is_provisional() => "provisional",
        Event::Response { response, .. } if response.is_success() => "success",
        Event::Response { .. } => "refusal",
        Event::Failed { why, .. } => why.word(),
        Event::AckMissing { .. } => "ack missing",
        Event::ResponseLost { .. } => "response lost",
        Event::Narrowed { .. } => "narrowed",
    }
}

/// Protocols that come round again.
fn flow(at: usize) -> Flow {
    // What belongs together comes by one way.
    let protocol = [Protocol::Udp, Protocol::Udp, Protocol::Tcp][at / 4 % 3];
    let connection = u64::from(protocol.is_reliable());
    let remote = ([192, 0, 2, 1], 5060).into();
    Flow { protocol, local: ([198, 51, 100, 1], 5060).into(), remote, connection }
}

fn target() -> Target {
    Target {
        protocol: Protocol::Udp,
        remote: ([192, 0, 2, 1], 5060).into(),
        name: None,
        local: None,
        connection: None,
    }
}

fn split(bytes: &[u8]) -> Vec<&[u8]> {
    let mut messages = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
        messages.push(&rest[..at]);
        rest = &rest[at + SEPARATOR.len()..];
    }
    messages.push(rest);
    messages
}
