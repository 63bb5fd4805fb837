//! One call of a peer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::message::{Message, Request, description};

/// RFC 3261: what is not answered is repeated after 500 ms, and ever later.
const FIRST: Duration = Duration::from_millis(500);
const LAST: Duration = Duration::from_secs(4);

/// A message that is sent until it is answered.
pub(super) struct Repeat {
    pub(super) bytes: String,
    next: Instant,
    wait: Duration,
    left: u32,
}

impl Repeat {
    pub(super) fn new(bytes: String, times: u32) -> Self {
        Self { bytes, next: Instant::now(), wait: FIRST, left: times }
    }

    /// Tells whether it is to be sent now; nothing if it was sent often enough.
    pub(super) fn is_due(&mut self, now: Instant) -> Option<bool> {
        if now < self.next {
            return Some(false);
        }
        self.left = self.left.checked_sub(1)?;
        self.next = now + self.wait;
        self.wait = (self.wait * 2).min(LAST);
        Some(true)
    }
}

/// A call, ours or theirs.
pub(super) struct Call {
    pub(super) call_id: String,
    own: SocketAddr,
    /// How requests of ours name this end and the other one, and where they go.
    from: String,
    to: String,
    uri: String,
    /// The number of the INVITE.
    pub(super) number: u32,
    /// Their INVITE.
    pub(super) invite: Option<Message>,
    pub(super) repeat: Option<Repeat>,
    pub(super) is_heard: bool,
    pub(super) is_up: bool,
    pub(super) is_ending: bool,
    pub(super) talk: Option<Duration>,
    pub(super) answer_at: Option<Instant>,
    pub(super) cancel_at: Option<Instant>,
    pub(super) hang_up_at: Option<Instant>,
}

impl Call {
    /// One of ours, whose INVITE is to be sent.
    pub(super) fn outgoing(call_id: &str, own: SocketAddr, (from, to, host): (&str, &str, &str)) -> Self {
        let (uri, from) = (format!("sip:{to}@{host}"), format!("<sip:{from}@{}>;tag=ask", own.ip()));
        let mut call = Self::new(call_id, own, (from, format!("<{uri}>"), uri));
        let invite = call.request("INVITE", call.number, &description(own));
        call.repeat = Some(Repeat::new(invite, 20));
        call
    }

    /// One of theirs.
    pub(super) fn incoming(own: SocketAddr, invite: Message) -> Self {
        let from = format!("{};tag=answer", invite.header("to"));
        let addresses = (from, invite.header("from").to_owned(), invite.contact().to_owned());
        let call_id = invite.call_id().to_owned();
        Self { invite: Some(invite), is_heard: true, ..Self::new(&call_id, own, addresses) }
    }

    fn new(call_id: &str, own: SocketAddr, (from, to, uri): (String, String, String)) -> Self {
        Self {
            call_id: call_id.to_owned(),
            own,
            from,
            to,
            uri,
            number: 1,
            invite: None,
            repeat: None,
            is_heard: false,
            is_up: false,
            is_ending: false,
            talk: None,
            answer_at: None,
            cancel_at: None,
            hang_up_at: None,
        }
    }

    /// Takes the acceptance of ours: the dialog is there.
    pub(super) fn accepted(&mut self, response: &Message) {
        self.to = response.header("to").to_owned();
        self.uri = response.contact().to_owned();
    }

    /// Acknowledges a final response to our INVITE.
    pub(super) fn ack(&self, response: &Message) -> String {
        let branch = if response.status() >= Some(300) { self.branch("INVITE") } else { self.branch("ACK") };
        let uri = if response.status() >= Some(300) { &self.uri } else { response.contact() };
        self.write("ACK", (self.number, &branch), (uri, response.header("to")), "")
    }

    pub(super) fn cancel(&mut self) {
        let branch = self.branch("INVITE");
        let cancel = self.write("CANCEL", (self.number, &branch), (&self.uri, &self.to), "");
        self.cancel_at = None;
        self.is_ending = true;
        self.repeat = Some(Repeat::new(cancel, 4));
    }

    pub(super) fn hang_up(&mut self) {
        let bye = self.request("BYE", self.number + 1, "");
        self.hang_up_at = None;
        self.is_ending = true;
        self.repeat = Some(Repeat::new(bye, 4));
    }

    fn request(&self, method: &str, number: u32, body: &str) -> String {
        self.write(method, (number, &self.branch(method)), (&self.uri, &self.to), body)
    }

    fn branch(&self, method: &str) -> String {
        format!("{}-{method}", self.call_id)
    }

    fn write(
        &self,
        method: &str,
        (number, branch): (u32, &str),
        (uri, to): (&str, &str),
        body: &str,
    ) -> String {
        let Self { own, from, call_id, .. } = self;
        Request { method, uri, own: *own, branch, from, to, call_id, number, body }.write()
    }
}
