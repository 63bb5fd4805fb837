//! A peer that rings, answers, refuses, holds, changes its mind and hangs up as its dice say.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::time::Duration;

use netem::random::Random;
use sip::dialog::Dialog;
use sip::flow::{Flow, Protocol, Target};
use sip::transaction::{ClientId, Event, Limits, ServerId, Transactions};
use sip::validate::{Rules, Verdict, validate};
use sip::{Method, Name, NameAddr, Request, Response, Uri};

use crate::records::{BRANCH_NUMBER, HOST, OUTSIDE, OWN_NUMBER};
use crate::world::HERE;

/// Something to be done later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Action {
    Call { is_late: bool, is_on_net: bool },
    Respond { id: ServerId, status: u16, body: bool },
    Acknowledge { client: ClientId },
    Cancel { client: ClientId },
    Change { call_id: String },
    HangUp { call_id: String },
}

/// An INVITE of the actor.
struct Sent {
    finals: HashSet<(u16, String)>,
    is_first: bool,
    ack: Option<Request>,
    accepted: Option<Response>,
}

pub(crate) struct Actor {
    pub(crate) address: SocketAddr,
    pub(crate) protocol: Protocol,
    pub(crate) transactions: Transactions,
    host: [u8; 4],
    calls: u32,
    port: u16,
    dialogs: HashMap<String, Dialog>,
    sent: HashMap<ClientId, Sent>,
    asked: HashMap<ServerId, Request>,
    unacknowledged: u32,
    failed: Vec<ClientId>,
}

impl Actor {
    pub(crate) fn new(host: [u8; 4], protocol: Protocol) -> Self {
        let [.., last] = host;
        Self {
            address: SocketAddr::from((host, 5060)),
            protocol,
            transactions: Transactions::new(Limits::default(), [last; 32]),
            host,
            calls: 0,
            port: 4000,
            dialogs: HashMap::new(),
            sent: HashMap::new(),
            asked: HashMap::new(),
            unacknowledged: 0,
            failed: Vec::new(),
        }
    }

    /// The address of the engine that the actor talks to.
    pub(crate) fn here(&self) -> SocketAddr {
        SocketAddr::from((HERE, if self.protocol == Protocol::Tls { 5061 } else { 5060 }))
    }

    pub(crate) fn receive(&mut self, now: Duration, bytes: &[u8]) {
        let lexed = sip::lexer::lex(bytes).unwrap();
        let connection = u64::from(self.protocol.is_reliable());
        let flow = Flow { protocol: self.protocol, local: self.address, remote: self.here(), connection };
        match validate(&lexed, &Rules::TRUNK) {
            Verdict::Request(it) => self.transactions.receive_request(now, it.to_request(), flow),
            Verdict::Response(it) => self.transactions.receive_response(now, it.to_response(), flow),
            verdict @ (Verdict::Answer(_) | Verdict::Drop(_)) => {
                panic!("the engine said what breaks a rule: {verdict:?}")
            }
        }
    }

    pub(crate) fn check(&self) {
        for sent in self.sent.values() {
            assert_eq!(sent.finals.len(), 1, "each INVITE has one final response: {:?}", sent.finals);
        }
        assert_eq!(self.asked.values().filter(|it| it.method() == Method::Invite).count(), 0);
        assert_eq!(self.unacknowledged, 0, "each final response to an INVITE has its ACK");
        assert!(self.failed.is_empty(), "each request is answered: {:?}", self.failed);
        assert_eq!(self.transactions.load().transactions, 0);
        assert!(self.dialogs.is_empty(), "each dialog was ended");
    }

    /// Does something, and says what is to be done after that.
    pub(crate) fn act(
        &mut self,
        now: Duration,
        action: Action,
        dice: &mut Random,
    ) -> Vec<(Duration, Action)> {
        match action {
            Action::Call { is_late, is_on_net } => return self.call(now, is_late, is_on_net, dice),
            Action::Respond { id, status, body } => return self.respond(now, id, status, body, dice),
            Action::Acknowledge { client } => self.acknowledge(client),
            Action::Cancel { client } => self.transactions.cancel(now, client, None),
            Action::Change { call_id } => self.change(now, &call_id, dice),
            Action::HangUp { call_id } => {
                if let Some(mut dialog) = self.dialogs.remove(&call_id) {
                    let bye = dialog.request(Method::Bye);
                    self.send(now, bye);
                }
            }
        }
        Vec::new()
    }

    fn call(
        &mut self,
        now: Duration,
        is_late: bool,
        is_on_net: bool,
        dice: &mut Random,
    ) -> Vec<(Duration, Action)> {
        self.calls += 1;
        let is_pbx = self.host == crate::records::PBX;
        let (from, to, host) = match (is_pbx, is_on_net) {
            (true, false) => (OWN_NUMBER, OUTSIDE, HOST),
            (true, true) => (OWN_NUMBER, BRANCH_NUMBER, HOST),
            (false, _) => (OUTSIDE, OWN_NUMBER, "192.0.2.200"),
        };
        let uri = Uri::parse(&format!("sip:{to}@{host}")).unwrap();
        let own = Uri::parse(&format!("sip:{from}@{}", self.address)).unwrap();
        let call_id = format!("{}-{}", self.address, self.calls);
        let from = NameAddr::new(own).with_tag(&format!("{:x}", dice.next_u64())).unwrap();
        let mut request = Request::new(Method::Invite, uri.clone())
            .with(Name::MaxForwards, "70")
            .with(Name::From, from.to_string())
            .with(Name::To, NameAddr::new(uri).to_string())
            .with(Name::CallId, call_id)
            .with(Name::CSeq, "1 INVITE")
            .with(Name::Contact, self.contact());
        if !is_late {
            request.set_body("application/sdp", self.description("sendrecv"));
        }
        let client = self.send(now, request);
        self.sent.insert(client, Sent { finals: HashSet::new(), is_first: true, ack: None, accepted: None });
        if dice.below(4) == 0 {
            return vec![(millis(dice, 8_000), Action::Cancel { client })];
        }
        Vec::new()
    }

    fn change(&mut self, now: Duration, call_id: &str, dice: &mut Random) {
        let body = match dice.below(5) {
            0 => String::new(),
            1 => self.description("sendonly"),
            2 => self.description("inactive"),
            3 => {
                self.port += 2;
                self.description("sendrecv")
            }
            _ => self.description("sendrecv"),
        };
        let contact = self.contact();
        let Some(dialog) = self.dialogs.get_mut(call_id) else { return };
        let mut request = dialog.request(Method::Invite);
        request.headers_mut().push(Name::Contact, contact);
        request.set_body("application/sdp", body);
        let client = self.send(now, request);
        self.sent.insert(client, Sent { finals: HashSet::new(), is_first: false, ack: None, accepted: None });
    }

    fn respond(
        &mut self,
        now: Duration,
        id: ServerId,
        status: u16,
        body: bool,
        dice: &mut Random,
    ) -> Vec<(Duration, Action)> {
        let Some(request) = self.asked.get(&id).cloned() else { return Vec::new() };
        let tag = format!("{:?}", self.address.ip()).replace('.', "-");
        let mut response = Response::to_request(&request, status).with_to_tag(&tag).unwrap();
        if status < 300 {
            response = response.with_record_route(&request).with(Name::Contact, self.contact());
        }
        if body {
            response.set_body("application/sdp", self.description("sendrecv"));
        }
        if status >= 200 {
            self.asked.remove(&id);
        }
        let is_first = request.method() == Method::Invite && request.to_tag().is_none();
        let mut planned = Vec::new();
        if is_first && (200..300).contains(&status) {
            let call_id = request.call_id().to_owned();
            self.dialogs.insert(call_id.clone(), Dialog::uas(&request, &response).unwrap());
            planned = self.plan(&call_id, dice);
        }
        self.transactions.respond(now, id, response).unwrap();
        planned
    }

    /// What is going to be done in a call.
    fn plan(&self, call_id: &str, dice: &mut Random) -> Vec<(Duration, Action)> {
        let mut planned = Vec::new();
        for _ in 0..dice.below(3) {
            let wait = Duration::from_secs(3) + millis(dice, 60_000);
            planned.push((wait, Action::Change { call_id: call_id.to_owned() }));
        }
        let end = if dice.below(2) == 0 { millis(dice, 60_000) } else { Duration::from_secs(120) };
        planned.push((end, Action::HangUp { call_id: call_id.to_owned() }));
        planned
    }

    fn acknowledge(&mut self, client: ClientId) {
        let Some(sent) = self.sent.get_mut(&client) else { return };
        let Some(accepted) = sent.accepted.clone() else { return };
        if sent.ack.is_none() {
            let dialog = Dialog::from_acceptance(&accepted).unwrap();
            sent.ack = Some(dialog.ack(accepted.cseq().unwrap().seq));
        }
        let mut ack = sent.ack.clone().unwrap();
        ack.set_body("application/sdp", self.description("sendrecv"));
        let (target, sent_by) = (self.target(), self.address.to_string());
        self.transactions.acknowledge(ack, target, &sent_by).unwrap();
    }

    /// Takes what the transactions say.
    pub(crate) fn collect(&mut self, now: Duration, dice: &mut Random) -> Vec<(Duration, Action)> {
        let mut planned = Vec::new();
        while let Some(event) = self.transactions.poll_event() {
            match event {
                Event::Request { id, request, .. } => planned.extend(self.asked(now, id, request, dice)),
                Event::Ack { .. } => {}
                Event::Cancelled { id, .. } => {
                    if self.asked.contains_key(&id) {
                        // Some accept all the same.
                        let status = if dice.below(5) == 0 { 200 } else { 487 };
                        planned.push((millis(dice, 50), Action::Respond { id, status, body: status == 200 }));
                    }
                }
                Event::Response { id, response, .. } => planned.extend(self.answered(id, &response, dice)),
                Event::Failed { id, .. } => self.failed.push(id),
                Event::AckMissing { .. } | Event::ResponseLost { .. } => self.unacknowledged += 1,
                Event::Narrowed { .. } => panic!("a peer sends nothing wide"),
            }
        }
        planned
    }

    fn asked(
        &mut self,
        now: Duration,
        id: ServerId,
        request: Request,
        dice: &mut Random,
    ) -> Vec<(Duration, Action)> {
        let call_id = request.call_id().to_owned();
        let (method, is_first) = (request.method(), request.to_tag().is_none());
        self.asked.insert(id, request);
        if method == Method::Bye {
            let status = if self.dialogs.remove(&call_id).is_some() { 200 } else { 481 };
            return self.respond(now, id, status, false, dice);
        }
        let respond = |status, body| Action::Respond { id, status, body };
        if !is_first {
            let status = [200, 200, 200, 200, 488, 491, 500][usize::try_from(dice.below(7)).unwrap()];
            return vec![(millis(dice, 1_000), respond(status, status == 200))];
        }
        let mut planned = Vec::new();
        match dice.below(4) {
            0 => {}
            1 => planned.push((millis(dice, 500), respond(180, false))),
            2 => planned.push((millis(dice, 500), respond(183, true))),
            _ => {
                planned.push((millis(dice, 500), respond(183, true)));
                planned.push((Duration::from_millis(500) + millis(dice, 500), respond(180, false)));
            }
        }
        let wait = Duration::from_secs(1) + millis(dice, 9_000);
        match dice.below(12) {
            // Nobody is at home, and nobody says so.
            0 => {}
            1 => planned.push((wait, respond(486, false))),
            2 => planned.push((wait, respond(503, false))),
            3 => planned.push((wait, respond(302, false))),
            _ => planned.push((wait, respond(200, true))),
        }
        planned
    }

    fn answered(&mut self, id: ClientId, response: &Response, dice: &mut Random) -> Vec<(Duration, Action)> {
        let Some(sent) = self.sent.get_mut(&id) else { return Vec::new() };
        if !response.is_final() {
            return Vec::new();
        }
        let tag = response.to_tag().unwrap_or_default().to_owned();
        sent.finals.insert((response.code(), tag));
        if !response.is_success() {
            return Vec::new();
        }
        if sent.accepted.is_some() {
            let is_acknowledged = sent.ack.is_some();
            return if is_acknowledged {
                vec![(Duration::ZERO, Action::Acknowledge { client: id })]
            } else {
                Vec::new()
            };
        }
        sent.accepted = Some(response.clone());
        let is_first = sent.is_first;
        let call_id = response.call_id().to_owned();
        if is_first {
            self.dialogs.insert(call_id.clone(), Dialog::from_acceptance(response).unwrap());
            if dice.below(20) == 0 {
                // The ACK never comes; the engine gives up.
                return Vec::new();
            }
        }
        let mut planned = vec![(millis(dice, 300), Action::Acknowledge { client: id })];
        if is_first {
            planned.extend(self.plan(&call_id, dice));
        }
        planned
    }

    fn send(&mut self, now: Duration, request: Request) -> ClientId {
        let (target, sent_by) = (self.target(), self.address.to_string());
        self.transactions.request(now, request, target, &sent_by).unwrap()
    }

    fn target(&self) -> Target {
        Target { protocol: self.protocol, remote: self.here(), name: None, local: None, connection: None }
    }

    fn contact(&self) -> String {
        match self.protocol {
            Protocol::Udp => format!("<sip:{}>", self.address),
            Protocol::Tcp => format!("<sip:{};transport=tcp>", self.address),
            Protocol::Tls => format!("<sip:{};transport=tls>", self.address),
        }
    }

    fn description(&self, direction: &str) -> String {
        let (host, port) = (self.address.ip(), self.port);
        let is_protected = self.protocol == Protocol::Tls;
        let profile = if is_protected { "RTP/SAVP" } else { "RTP/AVP" };
        // Now and then another key.
        let key = ["a", "b", "c"][usize::from(self.port / 4 % 3)].repeat(40);
        let crypto = format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{key}\r\n");
        let crypto = if is_protected { &crypto } else { "" };
        format!(
            "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n\
             m=audio {port} {profile} 0 101\r\n{crypto}a=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
        )
    }
}

fn millis(dice: &mut Random, max: u64) -> Duration {
    Duration::from_millis(dice.below(max))
}
