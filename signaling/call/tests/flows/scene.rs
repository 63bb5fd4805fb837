//! An engine between peers that do what a test says, in virtual time and over a network without faults.

mod peer;
mod records;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use call::{
    Attempt, AttemptId, Ended, Engine, Input, Listener, MediaEvent, Moment, Note, Output, Setup, Wish,
};
use control::{Name, Ports, Reason, SessionId, SessionSpec};
use sip::flow::{Destination, Flow, Protocol, Target};
use trunk::records::Records;
use trunk::snapshot::Snapshot;

pub(crate) use peer::{Peer, sdp};
pub(crate) use records::*;

/// Where the engine is.
pub(crate) const HERE: [u8; 4] = [192, 0, 2, 200];
/// The wall clock at the start.
pub(crate) const EPOCH: Duration = Duration::from_secs(1_700_000_000);

/// More than any test repeats.
const HEARD_MAX: usize = 16;

/// What media was told, and says.
#[derive(Default)]
pub(crate) struct Media {
    pub(crate) wishes: Vec<SessionSpec>,
    pub(crate) open: HashMap<SessionId, u32>,
    pub(crate) closed: Vec<SessionId>,
    pub(crate) opened: usize,
    pub(crate) refuses: Option<Reason>,
    pub(crate) is_silent: bool,
    /// Whether each session has ports of its own.
    pub(crate) spreads: bool,
}

/// What was told of attempts, in order.
#[derive(Default)]
pub(crate) struct Journal {
    pub(crate) begun: Vec<Attempt>,
    pub(crate) resumed: Vec<Attempt>,
    pub(crate) answered: Vec<AttemptId>,
    pub(crate) ended: Vec<Ended>,
    pub(crate) notes: Vec<Note>,
}

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) now: Duration,
    pub(crate) media: Media,
    pub(crate) journal: Journal,
    pub(crate) names: HashMap<String, SocketAddr>,
    /// Names whose addresses the test says itself.
    pub(crate) holds: Vec<String>,
    /// What was looked up.
    pub(crate) looked_up: Vec<String>,
    /// How hosts want to be talked to that may choose.
    pub(crate) chosen: Option<Protocol>,
    /// The number of the last question of the engine.
    pub(crate) last_query: u64,
    /// Messages of the engine, as text, with their destination.
    pub(crate) wire: Vec<(SocketAddr, String)>,
    /// Messages of the engine that go to an address rather than back.
    pub(crate) targets: Vec<(Target, String)>,
    /// The ways back of the others.
    pub(crate) flows: Vec<Flow>,
    /// The first messages that the engine has heard.
    pub(crate) heard: Vec<Vec<u8>>,
    /// Messages to the engine that are on their way.
    inbox: VecDeque<(Flow, Vec<u8>)>,
    /// Messages of the engine that are dropped: so many of those that begin so.
    pub(crate) loses: Vec<(String, usize)>,
    /// How long the engine has worked, by the clock of this machine.
    pub(crate) busy: Duration,
}

pub(crate) fn setup(records: &Records) -> Setup {
    let snapshot = Arc::new(Snapshot::build(records).unwrap_or_else(|faults| panic!("{faults}")));
    let listener = |protocol, port| Listener {
        protocol,
        local: SocketAddr::from((HERE, port)),
        advertised: format!("192.0.2.200:{port}"),
    };
    let listeners =
        vec![listener(Protocol::Udp, 5060), listener(Protocol::Tcp, 5060), listener(Protocol::Tls, 5061)];
    let mut setup =
        Setup::new(snapshot, listeners, Name::new("customers").unwrap(), Name::new("carriers").unwrap());
    setup.probe_interval = None;
    setup
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(setup(&records()))
    }

    pub(crate) fn of(setup: Setup) -> Self {
        let names = [("pbx1.example", [192, 0, 2, 11]), ("pbx2.example", [192, 0, 2, 12])];
        let names = names.map(|(name, host)| (name.to_owned(), SocketAddr::from((host, 5060))));
        Self {
            engine: Engine::new(setup, [7; 32]),
            now: Duration::from_secs(1),
            media: Media::default(),
            journal: Journal::default(),
            names: names.into(),
            holds: Vec::new(),
            looked_up: Vec::new(),
            chosen: None,
            last_query: 0,
            wire: Vec::new(),
            targets: Vec::new(),
            flows: Vec::new(),
            heard: Vec::new(),
            inbox: VecDeque::new(),
            loses: Vec::new(),
            busy: Duration::ZERO,
        }
    }

    pub(crate) fn moment(&self) -> Moment {
        Moment { elapsed: self.now, unix: EPOCH + self.now }
    }

    /// Delivers everything until nobody has anything to say.
    pub(crate) fn settle(&mut self, peers: &mut [&mut Peer]) {
        loop {
            for peer in peers.iter_mut() {
                while let Some(transmit) = peer.transactions.poll_transmit() {
                    self.inbox.push_back((peer.flow(&transmit.to), transmit.bytes.to_vec()));
                }
            }
            let mut is_quiet = true;
            while let Some((flow, bytes)) = self.inbox.pop_front() {
                is_quiet = false;
                self.hear(Input::Received { flow, bytes: &bytes });
                if self.heard.len() < HEARD_MAX {
                    self.heard.push(bytes);
                }
            }
            while let Some(output) = self.engine.poll() {
                is_quiet = false;
                self.act(output, peers);
            }
            for peer in peers.iter_mut() {
                peer.collect();
            }
            if is_quiet {
                return;
            }
        }
    }

    /// Lets time pass, timer by timer.
    pub(crate) fn pass(&mut self, duration: Duration, peers: &mut [&mut Peer]) {
        let end = self.now + duration;
        self.settle(peers);
        loop {
            let timeouts = peers.iter().map(|peer| peer.transactions.next_timeout());
            let next = timeouts.chain([self.engine.next_timeout()]).flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            self.hear(Input::Timer);
            for peer in peers.iter_mut() {
                peer.now = self.now;
                peer.transactions.handle_timeout(self.now);
            }
            self.settle(peers);
        }
        self.now = end;
        for peer in peers.iter_mut() {
            peer.now = end;
        }
        self.settle(peers);
    }

    /// Has the network bring bytes of a peer, which has forgotten them.
    pub(crate) fn said_again(&mut self, peer: &Peer, bytes: &[u8]) {
        self.hear(Input::Received { flow: peer.flow(&Destination::Target(peer.target())), bytes });
        self.settle(&mut []);
    }

    /// Tells the engine something.
    pub(crate) fn hear(&mut self, input: Input<'_>) {
        let moment = self.moment();
        let started = Instant::now();
        self.engine.handle(moment, input);
        self.busy += started.elapsed();
    }

    fn act(&mut self, output: Output, peers: &mut [&mut Peer]) {
        match output {
            Output::Send { to, bytes } => self.deliver(&to, &bytes, peers),
            Output::Resolve { query, host, protocols, .. } => {
                self.last_query = query;
                if self.holds.contains(&host) {
                    return self.looked_up.push(host);
                }
                let found = self.names.get(&host).map(|address| vec![*address]);
                self.looked_up.push(host);
                let addresses = found.ok_or(call::ResolveFailure::NotFound);
                let protocol = self.chosen.filter(|it| protocols.contains(it)).unwrap_or(protocols[0]);
                self.hear(Input::Resolved { query, protocol, addresses });
            }
            Output::Media(wish) => self.grant(wish),
            Output::Begin(attempt) => self.journal.begun.push(attempt),
            Output::Resumed(attempt) => self.journal.resumed.push(attempt),
            Output::Answered { attempt, .. } => self.journal.answered.push(attempt),
            Output::End(ended) => self.journal.ended.push(ended),
            Output::Note(note) => self.journal.notes.push(note),
        }
    }

    fn deliver(&mut self, to: &Destination, bytes: &[u8], peers: &mut [&mut Peer]) {
        let remote = match to {
            Destination::Flow(flow) => flow.remote,
            Destination::Target(target) => target.remote,
        };
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        match to {
            Destination::Target(target) => self.targets.push((target.clone(), text.clone())),
            Destination::Flow(flow) => self.flows.push(flow.clone()),
        }
        for (start, count) in &mut self.loses {
            if *count > 0 && text.starts_with(start.as_str()) {
                *count -= 1;
                return;
            }
        }
        self.wire.push((remote, text));
        if let Some(peer) = peers.iter_mut().find(|peer| peer.address == remote) {
            peer.now = self.now;
            peer.receive(bytes);
        }
    }

    fn grant(&mut self, wish: Wish) {
        let (spec, is_first) = match wish {
            Wish::Open(spec) => (spec, true),
            Wish::Update(spec) => (spec, false),
            Wish::Close(session) => {
                assert!(self.media.open.remove(&session).is_some(), "closed once, and after it was opened");
                return self.media.closed.push(session);
            }
        };
        let (session, epoch) = (spec.id, spec.epoch);
        spec.check().unwrap();
        let before = self.media.open.insert(session, epoch.0);
        assert_eq!(before.is_none(), is_first, "opened once");
        assert!(before.is_none_or(|before| before < epoch.0), "epochs rise");
        self.media.opened += usize::from(is_first);
        self.media.wishes.push(*spec);
        if self.media.is_silent {
            return;
        }
        if let Some(reason) = self.media.refuses {
            return self.hear(Input::Media(MediaEvent::Refused { session, reason }));
        }
        let next = if self.media.spreads { u16::try_from(2 * (self.media.opened - 1)).unwrap() } else { 0 };
        let ports = Ports { a: (HERE, 20_000 + next).into(), b: (HERE, 30_000 + next).into() };
        self.hear(Input::Media(if is_first {
            MediaEvent::Opened { session, epoch, ports }
        } else {
            MediaEvent::Applied { session, epoch }
        }));
    }

    /// What the engine and its transactions have counted, by word.
    pub(crate) fn counted(&self) -> Vec<String> {
        let counters = self.engine.counters();
        let transactions = self.engine.transaction_counters().iter();
        let transactions = transactions.map(|(reason, number)| (reason.word(), number));
        let counts = counters.iter().chain(counters.reasons()).chain(counters.faults()).chain(transactions);
        let met = counts.filter(|(_, number)| *number > 0);
        met.map(|(word, number)| if number == 1 { word.to_owned() } else { format!("{word}={number}") })
            .collect()
    }

    /// The messages of the engine to a peer, by their first words.
    pub(crate) fn said_to(&self, peer: &Peer) -> Vec<String> {
        let of_peer = self.wire.iter().filter(|(remote, _)| *remote == peer.address);
        of_peer.map(|(_, text)| first_words(text)).collect()
    }

    /// After all copies are gone nothing may be left.
    pub(crate) fn is_over(&mut self, peers: &mut [&mut Peer]) {
        self.pass(Duration::from_secs(120), peers);
        assert!(self.engine.is_idle(), "something is kept");
        assert_eq!(self.engine.transactions(), 0);
        assert!(self.media.open.is_empty(), "a session is open");
        let begun: Vec<_> = self.journal.begun.iter().map(|attempt| attempt.id).collect();
        let ended: Vec<_> = self.journal.ended.iter().map(|ended| ended.attempt.id).collect();
        assert_eq!(begun.len(), ended.len());
        assert!(begun.iter().all(|id| ended.iter().filter(|other| *other == id).count() == 1));
    }

    /// The status and the message of the only record.
    pub(crate) fn end(&self) -> (call::Status, &str) {
        let [ended] = &self.journal.ended[..] else { panic!("records: {:?}", self.journal.ended) };
        (ended.status, &ended.message)
    }
}

/// The method of a request, the status of a response with its method.
pub(crate) fn first_words(text: &str) -> String {
    let mut words = text.split([' ', '\r']);
    let first = words.next().unwrap_or_default();
    if first != "SIP/2.0" {
        return first.to_owned();
    }
    let method = text.lines().find_map(|line| line.strip_prefix("CSeq: ")?.split(' ').nth(1));
    format!("{} {}", words.next().unwrap_or_default(), method.unwrap_or_default())
}
