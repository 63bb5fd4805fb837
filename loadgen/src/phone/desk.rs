//! Where the calls of a phone are made and taken: one thread with a line, transactions and calls.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use sdp::Direction;
use sip::digest::{Challenge, Ha1, Login};
use sip::flow::Destination;
use sip::transaction::{ClientId, Event, Limits, ServerId, Transactions};
use sip::uri::Uri;
use sip::{Method, Name, Request, Response};

use crate::phone::call::Call;
use crate::phone::letter::{invalid, random, sent_by, target};
use crate::phone::line::{Line, Message};
use crate::phone::{CallNumber, End, Heard, Setup, Told};

/// How long to wait for a message before orders are looked at again.
const ATTENTION: Duration = Duration::from_millis(2);
const SDP: &str = "application/sdp";

/// What the phone is told to do.
pub(super) enum Order {
    Dial { call: CallNumber, number: String },
    Press { call: CallNumber, keys: Vec<u8> },
    Hold { call: CallNumber, on: bool },
    HangUp { call: CallNumber },
    Count { call: CallNumber, answer: Sender<u64> },
}

pub(super) struct Desk {
    pub(super) setup: Setup,
    pub(super) line: Line,
    pub(super) transactions: Transactions,
    pub(super) calls: BTreeMap<CallNumber, Call>,
    /// The BYEs that wait for their answer.
    pub(super) byes: HashMap<ClientId, CallNumber>,
    /// Numbers of calls that others begin; those of our own come with the order.
    pub(super) incoming: u32,
    pub(super) started: Instant,
    pub(super) told: Sender<Told>,
}

impl Desk {
    pub(super) fn new(setup: Setup, line: Line, told: Sender<Told>) -> io::Result<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(io::Error::other)?;
        Ok(Self {
            setup,
            line,
            transactions: Transactions::new(Limits::default(), seed),
            calls: BTreeMap::new(),
            byes: HashMap::new(),
            incoming: 0,
            started: Instant::now(),
            told,
        })
    }

    /// Works until nobody gives orders any more, and all calls are over.
    pub(super) fn run(mut self, orders: &Receiver<Order>) -> io::Result<()> {
        let mut is_closing = false;
        loop {
            match orders.try_recv() {
                Ok(order) => {
                    self.obey(order)?;
                    continue;
                }
                Err(TryRecvError::Disconnected) if !is_closing => {
                    is_closing = true;
                    for call in self.calls.keys().copied().collect::<Vec<_>>() {
                        self.hang_up(call)?;
                    }
                }
                Err(_) => {}
            }
            if is_closing && self.calls.is_empty() {
                return Ok(());
            }
            self.turn()?;
        }
    }

    fn turn(&mut self) -> io::Result<()> {
        self.transactions.handle_timeout(self.now());
        self.pick_up()?;
        while let Some(event) = self.transactions.poll_event() {
            self.heed(event)?;
        }
        self.flush()?;
        match self.line.receive(ATTENTION)? {
            Some(Message::Request(request, flow)) => {
                self.transactions.receive_request(self.now(), request, flow);
            }
            Some(Message::Response(response, flow)) => {
                self.transactions.receive_response(self.now(), response, flow);
            }
            None => {}
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        while let Some(transmit) = self.transactions.poll_transmit() {
            let to = match &transmit.to {
                Destination::Flow(flow) => flow.remote,
                Destination::Target(target) => target.remote,
            };
            self.line.send(to, &transmit.bytes)?;
        }
        Ok(())
    }

    fn obey(&mut self, order: Order) -> io::Result<()> {
        match order {
            Order::Dial { call, number } => self.dial(call, &number),
            Order::HangUp { call } => self.hang_up(call),
            Order::Hold { call, on } => {
                self.reinvite(call, if on { Direction::SendOnly } else { Direction::SendReceive })
            }
            Order::Press { call, keys } => {
                if let Some(call) = self.calls.get(&call) {
                    call.press(&keys);
                }
                Ok(())
            }
            Order::Count { call, answer } => {
                // Who has asked may have gone.
                let _ = answer.send(self.calls.get(&call).map_or(0, Call::heard));
                Ok(())
            }
        }
    }

    fn dial(&mut self, number: CallNumber, to: &str) -> io::Result<()> {
        let Setup { own_number, server_name, .. } = &self.setup;
        let uri = Uri::parse(&format!("sip:{to}@{server_name}")).map_err(invalid)?;
        let local = self.line.local();
        let mut request = Request::new(Method::Invite, uri)
            .with(Name::MaxForwards, "70")
            .with(Name::From, format!("<sip:{own_number}@{server_name}>;tag={}", random()?))
            .with(Name::To, format!("<sip:{to}@{server_name}>"))
            .with(Name::CallId, format!("{}@{}", random()?, local.ip()))
            .with(Name::CSeq, "1 INVITE")
            .with(Name::Contact, self.contact());
        let mut call = Call::new(request.clone(), self.now(), self.terms())?;
        request.set_body(SDP, call.describe(Direction::SendReceive));
        call.invite = request.clone();
        let target = self.line.target(self.setup.server.ip(), self.setup.server.port());
        let id = self.send(request, target)?;
        call.asked = Some((id, 1));
        self.calls.insert(number, call);
        Ok(())
    }

    /// Asks for the end: by BYE, or by CANCEL as long as nobody has answered.
    fn hang_up(&mut self, number: CallNumber) -> io::Result<()> {
        let now = self.now();
        let Some(call) = self.calls.get_mut(&number).filter(|call| !call.is_ending) else { return Ok(()) };
        call.is_ending = true;
        match (call.is_up, &mut call.dialog, call.asked, call.waiting.take()) {
            (true, Some(dialog), ..) => {
                let bye = dialog.request(Method::Bye);
                let target = target(&self.line, &dialog.next_hop(), self.setup.server);
                let id = self.send(bye, target)?;
                self.byes.insert(id, number);
                Ok(())
            }
            (_, _, Some((id, _)), _) => {
                self.transactions.cancel(now, id, None);
                Ok(())
            }
            (_, _, _, Some((id, _))) => {
                let invite = call.invite.clone();
                self.refuse(id, &invite, 486)?;
                self.end(number, End::HungUp)
            }
            _ => self.end(number, End::HungUp),
        }
    }

    fn reinvite(&mut self, number: CallNumber, direction: Direction) -> io::Result<()> {
        let contact = self.contact();
        let Some(call) = self.calls.get_mut(&number) else { return Ok(()) };
        let body = call.describe(direction);
        let Some(dialog) = call.dialog.as_mut().filter(|dialog| dialog.is_confirmed()) else { return Ok(()) };
        let request = dialog.request(Method::Invite).with(Name::Contact, contact).with_body(SDP, body);
        let (number_in_dialog, next_hop) = (dialog.local_number(), dialog.next_hop());
        let target = target(&self.line, &next_hop, self.setup.server);
        let id = self.send(request, target)?;
        if let Some(call) = self.calls.get_mut(&number) {
            call.asked = Some((id, number_in_dialog));
        }
        Ok(())
    }

    fn heed(&mut self, event: Event) -> io::Result<()> {
        match event {
            Event::Request { id, request, .. } => self.heed_request(id, &request),
            Event::Response { id, response, .. } => self.heed_response(id, &response),
            Event::Cancelled { id, .. } => {
                let is_waiting = |call: &Call| call.waiting.is_some_and(|(waiting, _)| waiting == id);
                let Some(number) = self.find(is_waiting) else { return Ok(()) };
                let invite = self.calls[&number].invite.clone();
                self.refuse(id, &invite, 487)?;
                self.end(number, End::Refused(487))
            }
            Event::Failed { id, why } => {
                if let Some(number) = self.byes.remove(&id) {
                    return self.end(number, End::Failed(format!("no answer to BYE: {}", why.word())));
                }
                match self.find(|call| call.is_asked(id)) {
                    Some(number) => self.end(number, End::Failed(format!("no answer: {}", why.word()))),
                    None => Ok(()),
                }
            }
            Event::Ack { .. } | Event::AckMissing { .. } | Event::ResponseLost { .. } => Ok(()),
            Event::Narrowed { .. } => Ok(()),
        }
    }

    fn heed_request(&mut self, id: ServerId, request: &Request) -> io::Result<()> {
        let known = self.find(|call| call.dialog.as_ref().is_some_and(|dialog| dialog.matches(request)));
        match (request.method(), known) {
            (Method::Invite, None) if request.to_tag().is_none() => self.ring(id, request),
            (Method::Invite, Some(number)) => self.change(id, request, number),
            (Method::Bye, Some(number)) => {
                self.refuse(id, request, 200)?;
                self.end(number, End::HungUpByPeer)
            }
            (Method::Options, _) => self.refuse(id, request, 200),
            _ => self.refuse(id, request, 481),
        }
    }

    /// Lets a new call ring.
    fn ring(&mut self, id: ServerId, request: &Request) -> io::Result<()> {
        let Some(patience) = self.setup.answers_after else { return self.refuse(id, request, 480) };
        self.incoming += 1;
        let number = CallNumber::Incoming(self.incoming);
        let mut call = Call::new(request.clone(), self.now(), self.terms())?;
        let ringing = self.tagged(request, 180)?;
        call.dialog = sip::dialog::Dialog::uas(request, &ringing).ok();
        call.waiting = Some((id, self.now() + patience));
        self.calls.insert(number, call);
        self.tell(Told::Ringing { call: number });
        self.respond(id, ringing)
    }

    /// Answers the calls that have rung long enough.
    fn pick_up(&mut self) -> io::Result<()> {
        let now = self.now();
        let is_due = |call: &Call| call.waiting.is_some_and(|(_, due)| due <= now);
        while let Some(number) = self.find(is_due) {
            let contact = self.contact();
            let Some(call) = self.calls.get_mut(&number) else { return Ok(()) };
            let Some((id, _)) = call.waiting.take() else { return Ok(()) };
            let invite = call.invite.clone();
            match call.answer(invite.body()) {
                Ok(answer) => {
                    let tag = call.dialog.as_ref().map_or("", |dialog| dialog.id().local_tag());
                    let response = Response::to_request(&invite, 200).with_to_tag(tag).map_err(invalid)?;
                    let response = response
                        .with_record_route(&invite)
                        .with(Name::Contact, contact)
                        .with_body(SDP, answer);
                    call.is_up = true;
                    if let Some(dialog) = &mut call.dialog {
                        dialog.confirm();
                    }
                    let setup = now - call.begun;
                    self.respond(id, response)?;
                    self.tell(Told::Up { call: number, setup });
                }
                Err(why) => {
                    self.refuse(id, &invite, 488)?;
                    self.end(number, End::Failed(why))?;
                }
            }
        }
        Ok(())
    }

    /// Answers a re-INVITE.
    fn change(&mut self, id: ServerId, request: &Request, number: CallNumber) -> io::Result<()> {
        let contact = self.contact();
        let Some(call) = self.calls.get_mut(&number) else { return self.refuse(id, request, 481) };
        if let Some(dialog) = &mut call.dialog {
            dialog.receive(request);
            // A Contact that cannot be read leaves the peer where it was.
            let _ = dialog.retarget(request.headers());
        }
        match call.answer(request.body()) {
            Ok(answer) => {
                let response = Response::to_request(request, 200).with(Name::Contact, contact);
                self.respond(id, response.with_body(SDP, answer))?;
                self.tell(Told::Changed { call: number });
                Ok(())
            }
            Err(_) => self.refuse(id, request, 488),
        }
    }

    fn heed_response(&mut self, id: ClientId, response: &Response) -> io::Result<()> {
        if response.is_final()
            && let Some(number) = self.byes.remove(&id)
        {
            return self.end(number, End::HungUp);
        }
        let Some(number) = self.find(|call| call.is_asked(id)) else { return Ok(()) };
        let Some(call) = self.calls.get_mut(&number) else { return Ok(()) };
        if !response.is_success() && response.is_final() {
            return self.take_refusal(number, response);
        }
        if response.to_tag().is_some() {
            call.note_response(response);
        }
        let mut agreed = Ok(());
        if !response.body().is_empty() {
            agreed = call.accept(response.body());
        }
        if !response.is_success() {
            if response.code() > 100 {
                self.tell(Told::Ringing { call: number });
            }
            return Ok(());
        }
        let was_up = core::mem::replace(&mut call.is_up, true);
        let (setup, is_ending) = (self.started.elapsed() - call.begun, call.is_ending);
        if let (Some(dialog), Some((_, sequence))) = (&call.dialog, call.asked) {
            let ack = dialog.ack(sequence);
            let target = target(&self.line, &dialog.next_hop(), self.setup.server);
            let sent_by = sent_by(&self.line);
            self.transactions.acknowledge(ack, target, &sent_by).map_err(invalid)?;
        }
        match agreed {
            Err(why) => {
                self.tell(Told::Trouble { call: number, what: why });
                self.hang_up(number)
            }
            Ok(()) if is_ending && !was_up => {
                // The answer has crossed our CANCEL.
                if let Some(call) = self.calls.get_mut(&number) {
                    call.is_ending = false;
                }
                self.hang_up(number)
            }
            Ok(()) if was_up => {
                self.tell(Told::Changed { call: number });
                Ok(())
            }
            Ok(()) => {
                self.tell(Told::Up { call: number, setup });
                Ok(())
            }
        }
    }

    /// Logs in if that is what is wanted; otherwise the call, or its change, has failed.
    fn take_refusal(&mut self, number: CallNumber, response: &Response) -> io::Result<()> {
        let Some(call) = self.calls.get_mut(&number) else { return Ok(()) };
        let is_first = call.invite.header(Name::Authorization).is_none();
        if response.code() == 401 && is_first && self.setup.login.is_some() {
            return self.log_in(number, response);
        }
        if call.is_up {
            self.tell(Told::Trouble { call: number, what: format!("re-INVITE: {}", response.code()) });
            return Ok(());
        }
        self.end(number, End::Refused(response.code()))
    }

    fn log_in(&mut self, number: CallNumber, response: &Response) -> io::Result<()> {
        let Some((user, password)) = &self.setup.login else { return Ok(()) };
        let challenge = Challenge::strongest(response.headers().all(Name::WwwAuthenticate))
            .ok_or_else(|| io::Error::other("wanted a challenge that can be answered"))?;
        let Some(call) = self.calls.get_mut(&number) else { return Ok(()) };
        let secret = Ha1::new(challenge.algorithm, user, &challenge.realm, password);
        let login = Login { username: user, secret: &secret };
        let uri = call.invite.uri().to_string();
        let answer = login.answer(&challenge, "INVITE", &uri, 1, &random()?).map_err(invalid)?;
        let mut request = call.invite.clone().with(Name::Authorization, answer);
        request.headers_mut().set(Name::CSeq, "2 INVITE");
        request.headers_mut().remove(Name::Via);
        call.invite = request.clone();
        call.dialog = None;
        let target = self.line.target(self.setup.server.ip(), self.setup.server.port());
        let id = self.send(request, target)?;
        if let Some(call) = self.calls.get_mut(&number) {
            call.asked = Some((id, 2));
        }
        Ok(())
    }

    /// Ends a call. Its voice goes on listening for a moment, which the other calls need not wait for.
    fn end(&mut self, number: CallNumber, how: End) -> io::Result<()> {
        self.byes.retain(|_, call| *call != number);
        let Some(call) = self.calls.remove(&number) else { return Ok(()) };
        let (voice, told) = (call.into_voice(), self.told.clone());
        thread::Builder::new().name("hanging up".into()).spawn(move || {
            let (how, heard) = match voice.stop() {
                Ok(heard) => (how, heard),
                Err(error) => (End::Failed(error.to_string()), Heard::default()),
            };
            // Nobody has to listen.
            let _ = told.send(Told::Over { call: number, how, heard: Box::new(heard) });
        })?;
        Ok(())
    }
}
