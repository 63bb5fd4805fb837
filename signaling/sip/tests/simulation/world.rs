//! The two nodes, the network between them, and their users.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::time::Duration;

use netem::chance::Chance;
use netem::link::Link;
use netem::profile::{Order, Profile};
use netem::random::Random;
use sip::dialog::Dialog;
use sip::flow::{Flow, Protocol, Target};
use sip::lexer::lex;
use sip::transaction::{ClientId, Event, Limits, Load, ServerId, Transactions};
use sip::validate::{Rules, Verdict, validate};
use sip::{Method, Request, Response};

use crate::call::{Call, Plan};

const CALLER: usize = 0;
const CALLEE: usize = 1;
/// Longer than any story: a minute or two of ringing, and 32 seconds for each thing that goes unanswered.
const LATEST: Duration = Duration::from_secs(600);

/// Longer than any caller waits.
const RINGS_MAX: Duration = Duration::from_secs(180);

#[derive(Debug)]
enum Task {
    Begin,
    Ring,
    Answer,
    GiveUp,
    Cancel,
    HangUp { side: usize },
}

/// What is left when nothing happens any more.
pub(crate) struct End {
    pub(crate) calls: Vec<Call>,
    pub(crate) loads: [Load; 2],
    pub(crate) open: HashSet<(usize, ClientId)>,
    pub(crate) messages: usize,
    pub(crate) transcript: u64,
}

pub(crate) struct World {
    now: Duration,
    protocol: Protocol,
    nodes: [Transactions; 2],
    /// From each node to the other.
    links: [Link<Vec<u8>>; 2],
    agenda: BTreeMap<(Duration, usize), (usize, Task)>,
    tasks: usize,
    calls: Vec<Call>,
    open: HashSet<(usize, ClientId)>,
    messages: usize,
    transcript: DefaultHasher,
}

impl World {
    pub(crate) fn new(seed: u64, protocol: Protocol) -> Self {
        let mut random = Random::new(seed);
        let profile = profile(&mut random, protocol);
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_be_bytes());
        let plans: Vec<_> = (0..=random.below(3)).map(|_| Plan::new(&mut random)).collect();
        let mut world = Self {
            now: Duration::ZERO,
            protocol,
            nodes: [1, 2].map(|node| {
                key[31] = node;
                Transactions::new(Limits::default(), key)
            }),
            links: [1, 2].map(|way| Link::new(&profile, seed * 2 + way)),
            agenda: BTreeMap::new(),
            tasks: 0,
            calls: Vec::new(),
            open: HashSet::new(),
            messages: 0,
            transcript: DefaultHasher::new(),
        };
        for (number, plan) in plans.into_iter().enumerate() {
            world.plan(plan.begins_at, number, Task::Begin);
            world.calls.push(Call::new(number, plan));
        }
        world
    }

    pub(crate) fn run(mut self) -> End {
        while let Some(next) = self.next_moment() {
            assert!(next <= LATEST, "it does not end");
            self.now = self.now.max(next);
            self.do_what_is_due();
        }
        End {
            loads: [self.nodes[0].load(), self.nodes[1].load()],
            calls: self.calls,
            open: self.open,
            messages: self.messages,
            transcript: self.transcript.finish(),
        }
    }

    fn next_moment(&self) -> Option<Duration> {
        let task = self.agenda.first_key_value().map(|((at, _), _)| *at);
        let timers = self.nodes.iter().filter_map(Transactions::next_timeout);
        let arrivals = self.links.iter().filter_map(Link::poll_timeout);
        timers.chain(arrivals).chain(task).min()
    }

    fn do_what_is_due(&mut self) {
        for side in [CALLER, CALLEE] {
            while let Some(bytes) = self.links[1 - side].poll(self.now) {
                self.deliver(side, &bytes);
                self.drain(side);
            }
            self.nodes[side].handle_timeout(self.now);
            self.drain(side);
        }
        while let Some(entry) = self.agenda.first_entry().filter(|entry| entry.key().0 <= self.now) {
            let (number, task) = entry.remove();
            self.perform(number, task);
            [CALLER, CALLEE].into_iter().for_each(|side| self.drain(side));
        }
    }

    fn plan(&mut self, at: Duration, number: usize, task: Task) {
        self.tasks += 1;
        self.agenda.insert((at, self.tasks), (number, task));
    }

    fn perform(&mut self, number: usize, task: Task) {
        (self.now, number, format!("{task:?}")).hash(&mut self.transcript);
        let call = &mut self.calls[number];
        match task {
            Task::Begin => {
                let request = call.request(Method::Invite);
                call.invited = Some(request.clone());
                let at = self.now + call.plan.cancels_after;
                let id = self.ask(CALLER, request);
                self.calls[number].invite = Some(id);
                self.plan(at, number, Task::Cancel);
            }
            Task::Ring => self.answer(number, 180),
            Task::Answer => {
                if let Some(code) = call.plan.answer {
                    self.answer(number, code);
                }
            }
            // What nobody ends the callee ends: a caller that hears nothing sends no CANCEL.
            Task::GiveUp => self.answer(number, 480),
            Task::Cancel => {
                let id = call.invite.expect("it has begun");
                call.cancelled = true;
                self.nodes[CALLER].cancel(self.now, id, None);
            }
            Task::HangUp { side } => self.hang_up(number, side),
        }
    }

    fn answer(&mut self, number: usize, code: u16) {
        if let Some((id, response)) = self.calls[number].response(code) {
            self.nodes[CALLEE].respond(self.now, id, response).expect("it can be written");
        }
    }

    fn ask(&mut self, side: usize, request: Request) -> ClientId {
        let to = self.target(side);
        let sent = self.nodes[side].request(self.now, request, to, &address(side).to_string());
        let id = sent.expect("it can be written");
        self.open.insert((side, id));
        id
    }

    fn hang_up(&mut self, number: usize, side: usize) {
        if let Some(mut dialog) = self.calls[number].dialogs[side].take() {
            let bye = dialog.request(Method::Bye);
            self.ask(side, bye);
        }
    }

    fn target(&self, side: usize) -> Target {
        Target {
            protocol: self.protocol,
            remote: address(1 - side),
            name: None,
            local: None,
            connection: None,
        }
    }

    fn deliver(&mut self, side: usize, bytes: &[u8]) {
        let connection = u64::from(self.protocol.is_reliable());
        let (local, remote) = (address(side), address(1 - side));
        let flow = Flow { protocol: self.protocol, local, remote, connection };
        let lexed = lex(bytes).expect("what is written can be taken apart");
        match validate(&lexed, &Rules::TRUNK) {
            Verdict::Request(checked) => {
                self.nodes[side].receive_request(self.now, checked.to_request(), flow);
            }
            Verdict::Response(checked) => {
                self.nodes[side].receive_response(self.now, checked.to_response(), flow);
            }
            other @ (Verdict::Answer(_) | Verdict::Drop(_)) => panic!("{other:?}"),
        }
    }

    /// Takes out all that a node has to send and to tell.
    fn drain(&mut self, side: usize) {
        loop {
            if let Some(transmit) = self.nodes[side].poll_transmit() {
                (self.now, side, &transmit.bytes).hash(&mut self.transcript);
                self.messages += 1;
                self.note_final(&transmit.bytes);
                self.links[side].send(self.now, transmit.bytes.to_vec());
            } else if let Some(event) = self.nodes[side].poll_event() {
                (self.now, side, format!("{event:?}")).hash(&mut self.transcript);
                self.hear(side, event);
            } else {
                return;
            }
        }
    }

    fn note_final(&mut self, bytes: &[u8]) {
        let lexed = lex(bytes).expect("what is written can be taken apart");
        let Verdict::Response(checked) = validate(&lexed, &Rules::TRUNK) else { return };
        let response = checked.to_response();
        let invites = response.cseq().is_some_and(|cseq| cseq.method == Method::Invite);
        if invites && response.is_final() {
            let number = number(response.call_id());
            self.calls[number].finals_sent.insert(bytes.to_vec());
        }
    }

    fn hear(&mut self, side: usize, event: Event) {
        match event {
            Event::Request { id, request, merged, .. } => {
                assert!(!merged, "each call has one way");
                self.hear_request(side, id, request);
            }
            Event::Ack { request, .. } => {
                assert_eq!(side, CALLEE, "{request:?}");
            }
            Event::Cancelled { id, request } => {
                let number = number(request.call_id());
                assert_eq!(self.calls[number].asked.as_ref().map(|asked| asked.0), Some(id));
                self.answer(number, 487);
            }
            Event::Response { id, response, .. } => self.hear_response(side, id, &response),
            Event::Failed { id, .. } => {
                assert!(self.open.remove(&(side, id)), "what fails was not answered");
                if let Some(call) =
                    self.calls.iter_mut().find(|call| side == CALLER && call.invite == Some(id))
                {
                    call.failed = true;
                }
            }
            Event::AckMissing { id } => {
                let asked = |call: &Call| call.asked.as_ref().is_some_and(|asked| asked.0 == id);
                let number = self.calls.iter().position(asked).expect("it was asked");
                self.hang_up(number, CALLEE);
            }
            Event::ResponseLost { .. } => panic!("nobody says that anything is lost"),
            Event::Narrowed { .. } => panic!("nobody sends anything wide"),
        }
    }

    fn hear_request(&mut self, side: usize, id: ServerId, request: Request) {
        let number = number(request.call_id());
        if request.method() == Method::Bye {
            let ours = self.calls[number].dialogs[side].take_if(|dialog| dialog.matches(&request));
            let code = if ours.is_some() { 200 } else { 481 };
            let response = Response::to_request(&request, code);
            self.nodes[side].respond(self.now, id, response).expect("it can be written");
            return;
        }
        let call = &mut self.calls[number];
        assert_eq!((side, request.method()), (CALLEE, Method::Invite));
        call.invites_told += 1;
        call.asked = Some((id, request));
        let (rings_at, answers_at) = (self.now + call.plan.rings_after, self.now + call.plan.answers_after);
        self.plan(rings_at, number, Task::Ring);
        self.plan(answers_at, number, Task::Answer);
        self.plan(self.now + RINGS_MAX, number, Task::GiveUp);
    }

    fn hear_response(&mut self, side: usize, id: ClientId, response: &Response) {
        if response.is_provisional() {
            return;
        }
        let first = self.open.remove(&(side, id));
        if response.cseq().map(|cseq| cseq.method) != Some(Method::Invite) {
            assert!(first, "only acceptances come more than once");
            return;
        }
        let number = number(response.call_id());
        let call = &mut self.calls[number];
        if !response.is_success() {
            assert!(first, "a refusal is told once");
            call.refusal_told = Some(response.code());
            return;
        }
        call.acceptances_told += 1;
        let invited = call.invited.as_ref().expect("it has begun");
        let dialog = Dialog::uac(invited, response).expect("it has all that a dialog needs");
        let ack = dialog.ack(1);
        call.acks_sent += 1;
        let talks_until = self.now + call.plan.talks_for;
        // Whoever was given up or cancelled and accepts all the same is sent off.
        let (unwanted, hangs_up) = (call.cancelled || call.failed, call.plan.hangs_up);
        if first || call.failed {
            call.dialogs[CALLER] = Some(dialog);
        }
        let to = self.target(side);
        self.nodes[side].acknowledge(ack, to, &address(side).to_string()).expect("it can be written");
        if unwanted {
            self.hang_up(number, CALLER);
        } else if first {
            for side in [CALLER, CALLEE].into_iter().filter(|&side| hangs_up[side]) {
                self.plan(talks_until, number, Task::HangUp { side });
            }
        }
    }
}

fn number(call_id: &str) -> usize {
    call_id.strip_prefix("call-").and_then(|number| number.parse().ok()).expect("a Call-ID of ours")
}

fn address(side: usize) -> SocketAddr {
    ([192, 0, 2, [1, 2][side]], 5060).into()
}

/// A network of any quality; what is a stream loses nothing and keeps the order.
fn profile(random: &mut Random, protocol: Protocol) -> Profile {
    let delay = Duration::from_millis(1 + random.below(250));
    let perfect = Profile { delay, ..Profile::perfect() };
    if protocol.is_reliable() {
        return perfect;
    }
    // Half of the networks are so bad that 32 seconds are not enough for everything.
    let worst_loss = [1_000, 2_000, 6_600, 9_500][random.below(4) as usize];
    Profile {
        loss: Chance::from_basis_points(random.below(worst_loss) as u32),
        duplicate: Chance::from_basis_points(random.below(1_500) as u32),
        jitter: delay.mul_f64(random.below(100) as f64 / 100.0),
        order: Order::Free,
        ..perfect
    }
}
