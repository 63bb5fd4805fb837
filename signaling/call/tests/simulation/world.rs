//! An engine, its peers, and the networks between them.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use call::{AttemptId, CallId, Engine, Input, Listener, MediaEvent, Moment, Output, Setup, Wish};
use control::{Name, Ports, Protection, Reason, SessionId};
use netem::chance::Chance;
use netem::link::Link;
use netem::packet::Packet;
use netem::profile::{Order, Profile};
use netem::random::Random;
use sip::flow::{Destination, Flow, Protocol};
use trunk::snapshot::Snapshot;

use crate::actor::{Action, Actor};
use crate::records::{BRANCH_PBX, NORTH, PBX, PBX1, PBX2, SOUTH, records};

pub(crate) const HERE: [u8; 4] = [192, 0, 2, 200];
const PBX_AT: usize = 0;
const NORTH_AT: usize = 1;

/// What came of a seed.
pub(crate) struct Played {
    pub(crate) answered: u64,
    pub(crate) transcript: Vec<String>,
}

pub(crate) struct World {
    engine: Engine,
    now: Duration,
    actors: Vec<Actor>,
    /// To the engine and from it, for each actor.
    links: Vec<[Link<Datagram>; 2]>,
    dice: Random,
    actions: BinaryHeap<Reverse<(Duration, u64, usize, Action)>>,
    counted: u64,
    sessions: HashSet<SessionId>,
    opened: HashSet<SessionId>,
    protected: HashSet<(SessionId, usize)>,
    begun: Vec<AttemptId>,
    /// The calls that began, for operators.
    calls: Vec<CallId>,
    /// When an operator or media ends a call.
    troubles: Vec<Duration>,
    call_ids: HashSet<String>,
    answered: Vec<AttemptId>,
    ended: Vec<AttemptId>,
    transcript: Vec<String>,
}

#[derive(Clone)]
struct Datagram(Vec<u8>);

impl Packet for Datagram {
    fn bytes(&self) -> usize {
        self.0.len()
    }

    /// UDP has a checksum: what is damaged never arrives, and that is what loss is for.
    fn corrupt(&mut self, _random: &mut Random) {}
}

fn profile(protocol: Protocol, dice: &mut Random) -> Profile {
    let delay = Duration::from_millis(dice.below(80));
    if protocol.is_reliable() {
        return Profile { delay, ..Profile::perfect() };
    }
    let basis_points =
        |dice: &mut Random, max| Chance::from_basis_points(u32::try_from(dice.below(max)).unwrap());
    Profile {
        delay,
        jitter: delay / 2,
        // With more, all copies of a message get lost in one of some ten thousand calls.
        loss: basis_points(dice, 1_000),
        duplicate: basis_points(dice, 1_500),
        order: if dice.below(2) == 0 { Order::Free } else { Order::Kept },
        ..Profile::perfect()
    }
}

fn setup() -> Setup {
    let snapshot = Arc::new(Snapshot::build(&records()).unwrap());
    let listener = |protocol, port| Listener {
        protocol,
        local: SocketAddr::from((HERE, port)),
        advertised: format!("192.0.2.200:{port}"),
    };
    let listeners =
        vec![listener(Protocol::Udp, 5060), listener(Protocol::Tcp, 5060), listener(Protocol::Tls, 5061)];
    let names = ["customers", "carriers"].map(|name| Name::new(name).unwrap());
    let [customers, carriers] = names;
    let mut setup = Setup::new(snapshot, listeners, customers, carriers);
    setup.probe_interval = None;
    setup.ringing_max = Duration::from_secs(60);
    setup
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Random::new(seed);
        let protocols = [Protocol::Udp, Protocol::Udp, Protocol::Tcp, Protocol::Tls];
        let pbx = protocols[usize::try_from(dice.below(4)).unwrap()];
        let hosts = [PBX, NORTH, SOUTH, PBX1, PBX2, BRANCH_PBX];
        let actors: Vec<Actor> = hosts
            .into_iter()
            .enumerate()
            .map(|(at, host)| Actor::new(host, if at == PBX_AT { pbx } else { Protocol::Udp }))
            .collect();
        let links = actors.iter().zip(0..).map(|(actor, at)| {
            [0, 1].map(|way| Link::new(&profile(actor.protocol, &mut dice), seed ^ (at * 2 + way) << 8))
        });
        let links = links.collect();
        let mut engine_seed = [0; 32];
        engine_seed[..8].copy_from_slice(&seed.to_be_bytes());
        let mut world = Self {
            engine: Engine::new(setup(), engine_seed),
            now: Duration::ZERO,
            actors,
            links,
            dice,
            actions: BinaryHeap::new(),
            counted: 0,
            sessions: HashSet::new(),
            opened: HashSet::new(),
            protected: HashSet::new(),
            begun: Vec::new(),
            calls: Vec::new(),
            troubles: Vec::new(),
            call_ids: HashSet::new(),
            answered: Vec::new(),
            ended: Vec::new(),
            transcript: Vec::new(),
        };
        world.plan_calls();
        world
    }

    fn plan_calls(&mut self) {
        for _ in 0..=self.dice.below(4) {
            let at = Duration::from_millis(self.dice.below(5_000));
            let caller = if self.dice.below(2) == 0 { PBX_AT } else { NORTH_AT };
            let is_on_net = caller == PBX_AT && self.dice.below(4) == 0;
            let is_late = self.dice.below(6) == 0;
            self.schedule(at, caller, Action::Call { is_late, is_on_net });
        }
        if self.dice.below(5) == 0 {
            self.troubles.push(Duration::from_millis(self.dice.below(40_000)));
        }
    }

    fn schedule(&mut self, at: Duration, actor: usize, action: Action) {
        self.counted += 1;
        self.actions.push(Reverse((at, self.counted, actor, action)));
    }

    /// Plays until nothing moves any more, and looks at what is left.
    pub(crate) fn play(mut self) -> Played {
        let mut steps = 0_u32;
        while let Some(next) = self.next() {
            self.now = self.now.max(next);
            assert!(self.now < Duration::from_secs(1_000), "it does not end");
            steps += 1;
            assert!(steps < 200_000, "it does not come to rest");
            self.step();
        }
        self.check();
        let is_tls = self.actors[PBX_AT].protocol == Protocol::Tls;
        assert!(is_tls || self.protected.is_empty(), "nothing is protected that nobody wanted so");
        Played { answered: self.answered.len() as u64, transcript: self.transcript }
    }

    fn next(&self) -> Option<Duration> {
        let links = self.links.iter().flatten().filter_map(Link::poll_timeout);
        let actors = self.actors.iter().filter_map(|actor| actor.transactions.next_timeout());
        let action = self.actions.peek().map(|Reverse((at, ..))| *at);
        let trouble = self.troubles.last().copied();
        links.chain(actors).chain(action).chain(trouble).chain(self.engine.next_timeout()).min()
    }

    fn step(&mut self) {
        let now = self.now;
        for at in 0..self.actors.len() {
            while let Some(Datagram(bytes)) = self.links[at][0].poll(now) {
                let flow = self.flow(at);
                self.note("from", flow.remote, &bytes);
                self.hear(Input::Received { flow, bytes: &bytes });
            }
            while let Some(Datagram(bytes)) = self.links[at][1].poll(now) {
                self.actors[at].receive(now, &bytes);
            }
            self.actors[at].transactions.handle_timeout(now);
        }
        if self.engine.next_timeout().is_some_and(|due| due <= now) {
            self.hear(Input::Timer);
        }
        if self.troubles.last().is_some_and(|at| *at <= now) {
            self.troubles.pop();
            self.trouble();
        }
        while let Some(Reverse((at, _, actor, action))) = self.actions.pop() {
            if at > now {
                self.schedule(at, actor, action);
                break;
            }
            let planned = self.actors[actor].act(now, action, &mut self.dice);
            self.plan(actor, planned);
        }
        for at in 0..self.actors.len() {
            let planned = self.actors[at].collect(now, &mut self.dice);
            self.plan(at, planned);
            while let Some(transmit) = self.actors[at].transactions.poll_transmit() {
                self.links[at][0].send(now, Datagram(transmit.bytes.to_vec()));
            }
        }
    }

    /// An operator ends a call, or media loses its session.
    fn trouble(&mut self) {
        let which = self.dice.below(8);
        if which < 4 {
            let call = usize::try_from(which).ok().and_then(|at| self.calls.get(at).copied());
            if let Some(call) = call {
                self.hear(Input::Clear { call });
            }
        } else if let Some(session) = self.sessions.iter().min_by_key(|session| session.0).copied() {
            let silent = MediaEvent::TimedOut { session };
            let event = if which < 6 { MediaEvent::Lost { session } } else { silent };
            self.hear(Input::Media(event));
        }
    }

    fn plan(&mut self, actor: usize, planned: Vec<(Duration, Action)>) {
        for (wait, action) in planned {
            self.schedule(self.now + wait, actor, action);
        }
    }

    fn flow(&self, at: usize) -> Flow {
        let actor = &self.actors[at];
        let local = actor.here();
        let connection = u64::from(actor.protocol.is_reliable());
        Flow { protocol: actor.protocol, local, remote: actor.address, connection }
    }

    fn hear(&mut self, input: Input<'_>) {
        let moment = Moment { elapsed: self.now, unix: Duration::from_secs(1_700_000_000) + self.now };
        self.engine.handle(moment, input);
        while let Some(output) = self.engine.poll() {
            self.act(output);
        }
    }

    fn act(&mut self, output: Output) {
        match output {
            Output::Send { to, bytes } => self.send(&to, &bytes),
            Output::Resolve { query, host, .. } => {
                let host = if host == "pbx1.example" { PBX1 } else { PBX2 };
                self.hear(Input::Resolved {
                    query,
                    protocol: Protocol::Udp,
                    addresses: Ok(vec![(host, 5060).into()]),
                });
            }
            Output::Media(wish) => self.grant(wish),
            Output::Begin(attempt) => {
                self.begun.push(attempt.id);
                self.calls.extend(attempt.call);
            }
            Output::Resumed(attempt) => self.calls.extend(attempt.call),
            Output::Answered { attempt, .. } => self.answered.push(attempt),
            Output::End(ended) => self.ended.push(ended.attempt.id),
            Output::Note(note) => self.transcript.push(format!("{note:?}")),
        }
    }

    fn send(&mut self, to: &Destination, bytes: &[u8]) {
        let remote = match to {
            Destination::Flow(flow) => flow.remote,
            Destination::Target(target) => target.remote,
        };
        let text = String::from_utf8_lossy(bytes);
        if text.starts_with("INVITE") {
            let call_id = text.lines().find(|line| line.starts_with("Call-ID: ")).unwrap();
            self.call_ids.insert(call_id.to_owned());
            assert!(!self.begun.is_empty(), "the record begins before the INVITE goes out");
        }
        self.note("to", remote, bytes);
        let at = self.actors.iter().position(|actor| actor.address == remote).expect("somebody is there");
        self.links[at][1].send(self.now, Datagram(bytes.to_vec()));
    }

    /// Keeps what was said; `TRUNKLINE_SEED` shows it, too.
    #[expect(clippy::print_stderr, reason = "a seed that is played alone tells its story")]
    fn note(&mut self, way: &str, peer: SocketAddr, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let line = format!("{:?} {way} {peer} {text}", self.now);
        if std::env::var_os("TRUNKLINE_SEED").is_some() {
            let lines = text.lines();
            let shown =
                lines.filter(|line| ["SIP/2.0", "CSeq", "Call-ID"].iter().any(|it| line.contains(it)));
            let shown: Vec<&str> = shown.filter(|line| !line.starts_with("Via")).collect();
            eprintln!("{:>9.3} {way:4} {peer} {}", self.now.as_secs_f64(), shown.join(" | "));
        }
        self.transcript.push(line);
    }

    fn grant(&mut self, wish: Wish) {
        let spec = match wish {
            Wish::Close(session) => {
                assert!(self.sessions.remove(&session), "a session is closed once");
                return;
            }
            Wish::Open(spec) => {
                assert!(self.opened.insert(spec.id) && self.sessions.insert(spec.id), "opened once");
                spec
            }
            Wish::Update(spec) => {
                assert!(self.sessions.contains(&spec.id), "only what is open changes");
                spec
            }
        };
        let (session, epoch) = (spec.id, spec.epoch);
        for (at, side) in spec.sides.iter().enumerate() {
            let is_srtp = matches!((&side.receive, &side.send), (Protection::Srtp(_), Protection::Srtp(_)));
            if is_srtp {
                self.protected.insert((session, at));
            }
            assert!(is_srtp || !self.protected.contains(&(session, at)), "once protected, always protected");
        }
        if epoch.0 > 1 {
            return self.hear(Input::Media(MediaEvent::Applied { session, epoch }));
        }
        match self.dice.below(40) {
            0 => {}
            1 => {
                let reason = Reason::PortsExhausted;
                self.hear(Input::Media(MediaEvent::Refused { session, reason }));
            }
            _ => {
                let ports = Ports { a: (HERE, 20_000).into(), b: (HERE, 30_000).into() };
                self.hear(Input::Media(MediaEvent::Opened { session, epoch, ports }));
            }
        }
    }

    fn check(&self) {
        assert!(self.engine.is_idle(), "something is kept: {} calls", self.engine.calls());
        assert_eq!(self.engine.transactions(), 0);
        assert!(self.sessions.is_empty(), "a session is open");
        let distinct: HashSet<_> = self.ended.iter().collect();
        assert_eq!((distinct.len(), self.ended.len()), (self.begun.len(), self.begun.len()));
        assert!(self.begun.iter().all(|id| distinct.contains(id)));
        assert!(self.answered.iter().all(|id| distinct.contains(id)));
        for actor in &self.actors {
            actor.check();
        }
    }
}
