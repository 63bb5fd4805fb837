//! The thread of a peer: messages in and out, and what is due.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::call::{Call, Repeat};
use super::{Book, Dialler, Manners, Order, Plan, Seen};
use crate::Random;
use crate::message::{Message, description};

/// How long a call may ring, and how long it may last, where it is left to chance.
const RINGS_MAX: Duration = Duration::from_millis(250);
const TALKS_MAX: Duration = Duration::from_millis(900);
const MESSAGES_PER_TURN: usize = 64;

pub(super) struct Desk {
    own: SocketAddr,
    server: SocketAddr,
    socket: UdpSocket,
    manners: Manners,
    random: Random,
    seen: Arc<Mutex<Book>>,
    calls: BTreeMap<String, Call>,
    often: Option<(Duration, Dialler)>,
    next_call: Instant,
    made: u64,
    is_deaf: bool,
}

impl Desk {
    pub(super) fn new(
        own: SocketAddr,
        server: SocketAddr,
        manners: Manners,
        random: Random,
        seen: Arc<Mutex<Book>>,
    ) -> Self {
        let socket = UdpSocket::bind(own).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(2))).unwrap();
        let (calls, next_call) = (BTreeMap::new(), Instant::now());
        Self {
            own,
            server,
            socket,
            manners,
            random,
            seen,
            calls,
            often: None,
            next_call,
            made: 0,
            is_deaf: false,
        }
    }

    /// Works until nobody gives orders any more.
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        let mut buffer = [0; 4096];
        loop {
            match orders.try_recv() {
                Ok(order) => self.obey(order),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => return,
            }
            self.turn();
            for _ in 0..MESSAGES_PER_TURN {
                // What cannot be received is a message that could not be sent: nobody is there.
                let Ok(len) = self.socket.recv(&mut buffer) else { break };
                if self.is_deaf {
                    continue;
                }
                let message = Message::parse(&buffer[..len]).expect("what the appliance says can be read");
                match message.status() {
                    Some(status) => self.response(&message, status),
                    None => self.request(message),
                }
            }
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Call(call_id, plan) => self.dial(&call_id, &plan),
            Order::Often(gap, dialler) => {
                self.often = Some((gap, dialler));
                self.next_call = Instant::now();
            }
            Order::HangUp(call_id) => {
                if let Some(call) = self.calls.get_mut(&call_id) {
                    call.hang_up();
                }
            }
            Order::Deafen(is_deaf) => self.is_deaf = is_deaf,
            Order::Enough => self.often = None,
            Order::Rest => {
                self.often = None;
                for call in self.calls.values_mut().filter(|call| !call.is_ending) {
                    match (call.is_up, call.invite.is_some()) {
                        (true, _) => call.hang_up(),
                        (false, false) if call.is_heard => call.cancel(),
                        (false, _) => {}
                    }
                }
            }
        }
    }

    /// Does what is due.
    fn turn(&mut self) {
        let now = Instant::now();
        if let Some((gap, mut dialler)) = self.often.take() {
            while now >= self.next_call {
                self.next_call += gap;
                self.made += 1;
                let plan = dialler(&mut self.random, self.made);
                self.dial(&format!("{}-{}", self.own.ip(), self.made), &plan);
            }
            self.often = Some((gap, dialler));
        }
        let mut over = Vec::new();
        for call in self.calls.values_mut() {
            let is_due = |at: &Option<Instant>| at.is_some_and(|at| at <= now);
            if is_due(&call.answer_at) {
                call.answer_at = None;
                let invite = call.invite.as_ref().expect("what is answered has come");
                call.repeat =
                    Some(Repeat::new(invite.response("200 OK", self.own, &description(self.own)), 6));
            }
            if is_due(&call.cancel_at) && call.is_heard && !call.is_up {
                call.cancel();
            }
            if is_due(&call.hang_up_at) {
                call.hang_up();
            }
            let Some(repeat) = &mut call.repeat else { continue };
            match repeat.is_due(now) {
                Some(false) => {}
                // Nobody is there for a moment: it is sent again.
                Some(true) => drop(self.socket.send_to(repeat.bytes.as_bytes(), self.server)),
                None => over.push(call.call_id.clone()),
            }
        }
        for call_id in over {
            self.end(&call_id, |_| {});
        }
    }

    fn dial(&mut self, call_id: &str, plan: &Plan) {
        let Plan { from, to, host, talk, patience } = plan;
        let mut call = Call::outgoing(call_id, self.own, (from, to, host));
        call.talk = *talk;
        call.cancel_at = patience.map(|patience| Instant::now() + patience);
        let seen = Seen { from: from.clone(), to: to.clone(), ..Seen::default() };
        self.seen.lock().unwrap().insert(call_id.to_owned(), seen);
        self.calls.insert(call_id.to_owned(), call);
    }

    fn response(&mut self, response: &Message, status: u16) {
        let call_id = response.call_id().to_owned();
        let Some(call) = self.calls.get_mut(&call_id) else { return };
        match (response.method(), status) {
            ("INVITE", 100..200) => {
                if !call.is_heard {
                    call.is_heard = true;
                    call.repeat = None;
                }
                self.note(&call_id, |seen| seen.statuses.push(status));
            }
            ("INVITE", 200..300) => {
                let ack = call.ack(response);
                self.send(&ack);
                let Some(call) = self.calls.get_mut(&call_id).filter(|call| !call.is_up) else { return };
                call.accepted(response);
                call.is_up = true;
                call.is_ending = false;
                call.repeat = None;
                call.hang_up_at = call.talk.map(|talk| Instant::now() + talk);
                self.note(&call_id, |seen| {
                    seen.statuses.push(status);
                    seen.is_up = true;
                });
            }
            ("INVITE", _) => {
                let ack = call.ack(response);
                self.send(&ack);
                self.end(&call_id, |seen| seen.statuses.push(status));
            }
            ("CANCEL", 200) => call.repeat = None,
            ("CANCEL", _) => self.end(&call_id, |_| {}),
            _ if status >= 200 => self.end(&call_id, |seen| seen.bye = Some(status)),
            _ => {}
        }
    }

    fn request(&mut self, request: Message) {
        let call_id = request.call_id().to_owned();
        match request.method() {
            "INVITE" if !self.seen.lock().unwrap().contains_key(&call_id) => self.invited(request),
            "INVITE" => {}
            "ACK" => {
                let Some(call) = self.calls.get_mut(&call_id).filter(|call| call.repeat.is_some()) else {
                    return;
                };
                (call.is_up, call.repeat) = (true, None);
                if self.manners == Manners::Any && self.random.below(3) == 0 {
                    call.hang_up_at = Some(Instant::now() + self.random.time(TALKS_MAX));
                }
                self.note(&call_id, |seen| seen.is_up = true);
            }
            "BYE" => {
                self.send(&request.response("200 OK", self.own, ""));
                let reason = request.header("reason").to_owned();
                self.end(&call_id, |seen| seen.reason = Some(reason));
            }
            "CANCEL" => {
                self.send(&request.response("200 OK", self.own, ""));
                let invite = self.calls.get(&call_id).filter(|call| !call.is_up && call.repeat.is_none());
                if let Some(invite) = invite.and_then(|call| call.invite.as_ref()) {
                    self.send(&invite.response("487 Request Terminated", self.own, ""));
                    self.end(&call_id, |_| {});
                }
            }
            _ => self.send(&request.response("200 OK", self.own, "")),
        }
    }

    fn invited(&mut self, request: Message) {
        let call_id = request.call_id().to_owned();
        let (from, to) = (request.calling_number().to_owned(), request.number().to_owned());
        let seen = Seen { from, to, is_incoming: true, ..Seen::default() };
        self.seen.lock().unwrap().insert(call_id.clone(), seen);
        let manners = match (self.manners, self.random.below(10)) {
            (Manners::Any, 0) => Manners::Refuses("486 Busy Here"),
            (Manners::Any, 1) => Manners::Refuses("404 Not Found"),
            (Manners::Any, 2..4) => Manners::Rings,
            (Manners::Any, _) => Manners::Answers,
            (manners, _) => manners,
        };
        if let Manners::Refuses(status) = manners {
            self.send(&request.response(status, self.own, ""));
            return self.note(&call_id, |seen| seen.is_over = true);
        }
        self.send(&request.response("180 Ringing", self.own, ""));
        let wait = if self.manners == Manners::Any { self.random.time(RINGS_MAX) } else { Duration::ZERO };
        let mut call = Call::incoming(self.own, request);
        call.answer_at = (manners == Manners::Answers).then(|| Instant::now() + wait);
        self.calls.insert(call_id, call);
    }

    fn end(&mut self, call_id: &str, what: impl FnOnce(&mut Seen)) {
        self.calls.remove(call_id);
        self.note(call_id, |seen| {
            what(seen);
            seen.is_over = true;
        });
    }

    fn note(&self, call_id: &str, what: impl FnOnce(&mut Seen)) {
        if let Some(seen) = self.seen.lock().unwrap().get_mut(call_id) {
            what(seen);
        }
    }

    fn send(&self, text: &str) {
        // As above.
        let _ = self.socket.send_to(text.as_bytes(), self.server);
    }
}
