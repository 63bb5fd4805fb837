//! Signaling and its nodes, what travels between them, and what goes wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use control::{Epoch, Name, SessionId};
use fleet::Settings;
use fleet::ledger::Ledger;
use netem::random::Random;

use crate::judge::{Judge, Known, Stage};
use crate::media::Media;
use crate::spec::{Note, name};

pub(crate) struct World {
    random: Random,
    now: Duration,
    ledger: Ledger,
    settings: Settings,
    media: Vec<Media>,
    /// What outlives signaling: the last wish for each session that is open, and its node.
    journal: BTreeMap<SessionId, (Note, Name)>,
    /// Whether the journal is written behind the wish, as it must not be.
    is_journal_late: bool,
    next_session: u64,
    next_key: u64,
    pub(crate) judge: Judge,
}

const NODES: usize = 3;

fn names() -> Vec<Name> {
    (0..NODES).map(|number| name(&format!("media-{number}"))).collect()
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let settings = Settings {
            opens_waiting_max: if random.below(4) == 0 { 1 } else { 4096 },
            ..Settings::default()
        };
        Self {
            now: Duration::ZERO,
            ledger: Ledger::new(Duration::ZERO, names(), settings),
            settings,
            media: (0..NODES).map(|_| Media::new(4 + random.below(30) as usize)).collect(),
            journal: BTreeMap::new(),
            is_journal_late: random.below(4) == 0,
            next_session: 1,
            next_key: 1,
            judge: Judge::default(),
            random,
        }
    }

    pub(crate) fn step(&mut self) {
        let node = self.random.below(NODES as u64) as usize;
        match self.random.below(1000) {
            0..200 => self.open(),
            200..300 => self.update(),
            300..400 => self.close(),
            400..700 => {
                let count = 1 + self.random.below(20);
                self.work(node, count);
            }
            700..960 => {
                let ms = self.random.below(60);
                self.pass(Duration::from_millis(ms));
            }
            960..970 => self.media[node].tell_quality(),
            970..980 => self.cut(node),
            980..985 => {
                self.media[node].die();
                self.hung_up(node);
            }
            985..990 => self.media[node].is_hung = true,
            990..995 => self.heal(node),
            995..998 => {
                let seconds = 1 + self.random.below(10);
                self.pass_busily(Duration::from_secs(seconds));
            }
            _ => self.restart(),
        }
        self.settle_sockets();
        self.listen();
    }

    fn note(&mut self, session: SessionId, epoch: Epoch) -> Note {
        let has_key = self.random.below(2) == 0;
        self.next_key += 1;
        Note { session, epoch, key: has_key.then_some(self.next_key) }
    }

    fn open(&mut self) {
        // A burst now and then finds queues and windows full.
        let count = if self.random.below(20) == 0 { 50 } else { 1 };
        for _ in 0..count {
            let session = SessionId(self.next_session);
            self.next_session += 1;
            let note = self.note(session, Epoch(1));
            self.judge.expect_open(note);
            self.ledger.open(self.now, note.spec());
        }
    }

    fn any(&mut self, stages: &[Stage]) -> Option<SessionId> {
        let known = self.judge.known.iter().filter(|(_, known)| stages.contains(&known.stage));
        let sessions: Vec<SessionId> = known.map(|(session, _)| *session).collect();
        let which = self.random.below(sessions.len() as u64) as usize;
        sessions.get(which).copied()
    }

    fn update(&mut self) {
        let Some(session) = self.any(&[Stage::Opening, Stage::Open, Stage::Adopting]) else { return };
        let mut note = self.note(session, Epoch(0));
        if self.random.below(2) == 0 {
            // The same keys, as on most re-INVITEs.
            let known = &self.judge.known[&session];
            note.key = known.notes.values().next_back().and_then(|last| last.key);
        }
        // One that was lost meanwhile is not known any more.
        let Some(epoch) = self.ledger.update(self.now, note.spec()) else { return };
        note.epoch = epoch;
        let known = self.judge.known.get_mut(&session).expect("it is one of them");
        let before = known.notes.insert(epoch, note);
        assert!(before.is_none(), "every wish has an epoch of its own");
        if let Some(entry) = self.journal.get_mut(&session).filter(|_| !self.is_journal_late) {
            entry.0 = note;
        }
    }

    fn close(&mut self) {
        let Some(session) = self.any(&[Stage::Opening, Stage::Open, Stage::Adopting]) else { return };
        self.journal.remove(&session);
        self.judge.expect_close(session);
        self.ledger.close(self.now, session);
    }

    /// Carries some messages of one node, in any order of reading, answering and sending.
    fn work(&mut self, node: usize, count: u64) {
        for _ in 0..count {
            self.carry(node);
            let which = self.random.below(1 << 20) as usize;
            self.media[node].read(which);
            self.media[node].answer(which / 7);
            self.deliver(node);
        }
    }

    fn carry(&mut self, node: usize) {
        if let Some(message) = self.ledger.peek_message(node) {
            self.media[node].receive(message);
            self.ledger.message_sent(node);
        }
    }

    fn deliver(&mut self, node: usize) -> bool {
        let Some(message) = self.media[node].send() else { return false };
        self.ledger.handle(self.now, node, &message);
        self.settle_sockets();
        true
    }

    /// The connection is gone, for both.
    fn cut(&mut self, node: usize) {
        if self.ledger.is_connected(node) {
            self.ledger.disconnected(self.now, node);
            self.media[node].leave();
        }
    }

    fn hung_up(&mut self, node: usize) {
        if self.ledger.is_connected(node) {
            self.ledger.disconnected(self.now, node);
        }
    }

    fn heal(&mut self, node: usize) {
        self.media[node].is_alive = true;
        self.media[node].is_hung = false;
    }

    /// What the sockets do by themselves: media sees that signaling has hung up, signaling connects.
    fn settle_sockets(&mut self) {
        for node in 0..NODES {
            if !self.ledger.is_connected(node) {
                self.media[node].leave();
            }
            if self.ledger.wants_connection(self.now, node) {
                if self.media[node].connect() {
                    self.ledger.connected(self.now, node);
                } else {
                    self.ledger.disconnected(self.now, node);
                }
            }
            assert_eq!(self.ledger.is_connected(node), self.media[node].is_connected());
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.ledger.handle_timeout(self.now);
        self.settle_sockets();
    }

    /// Lets time pass while messages travel.
    fn pass_busily(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            let next = self.ledger.next_timeout().unwrap_or(end);
            let wait = next.saturating_sub(self.now).clamp(Duration::from_millis(1), end - self.now);
            self.pass(wait);
            for node in 0..NODES {
                self.work(node, 40);
            }
            self.listen();
        }
    }

    /// Signaling dies, and another one reads the journal, sooner or later.
    fn restart(&mut self) {
        self.listen();
        self.judge.begin_again();
        for media in &mut self.media {
            media.leave();
            if self.is_journal_late {
                // What is read after the list, and stands in no journal, nobody could ever know.
                media.read_all();
            }
        }
        self.ledger = Ledger::new(self.now, names(), self.settings);
        if self.random.below(2) == 0 {
            let seconds = self.random.below(20);
            self.pass_busily(Duration::from_secs(seconds));
        }
        for (note, node) in self.journal.values() {
            self.judge.expect_adoption(*note);
            self.ledger.adopt(self.now, node, note.spec());
        }
    }

    fn listen(&mut self) {
        while let Some(event) = self.ledger.poll_event() {
            self.judge.hear(event);
        }
        self.see_keys();
        self.write_journal();
    }

    fn see_keys(&mut self) {
        let names = names();
        let is_open = |(_, known): &(&SessionId, &Known)| known.stage == Stage::Open;
        let open: Vec<SessionId> =
            self.judge.known.iter().filter(is_open).map(|(session, _)| *session).collect();
        for session in open {
            let Some(node) = self.ledger.node_of(session) else { continue };
            let place = names.iter().position(|name| name == node).expect("it is one of them");
            if let Some((key, begun)) = self.media[place].sessions.get(&session).and_then(|one| one.key) {
                self.judge.see_key(place, key, begun);
            }
        }
    }

    fn write_journal(&mut self) {
        self.journal.retain(|session, _| self.judge.known.contains_key(session));
        for (session, known) in &self.judge.known {
            if known.stage != Stage::Open || (self.journal.contains_key(session) && self.is_journal_late) {
                continue;
            }
            let (Some((_, note)), Some(node)) = (known.notes.last_key_value(), self.ledger.node_of(*session))
            else {
                continue;
            };
            self.journal.insert(*session, (*note, node.clone()));
        }
    }

    /// Nothing goes wrong any more, for as long as grace and patience take.
    pub(crate) fn come_to_rest(&mut self) {
        for node in 0..NODES {
            self.heal(node);
        }
        for _ in 0..2 {
            self.pass_busily(Duration::from_secs(10));
            for media in &mut self.media {
                media.tell_quality();
            }
            self.pass_busily(self.settings.grace + Duration::from_secs(5));
        }
    }

    pub(crate) fn check(&self) {
        self.judge.check_settled();
        for (number, (media, node)) in self.media.iter().zip(names()).enumerate() {
            let wished: BTreeMap<SessionId, _> = self
                .judge
                .known
                .iter()
                .filter(|(session, _)| self.ledger.node_of(**session) == Some(&node))
                .map(|(session, known)| (*session, (known.held, known.ports)))
                .collect();
            let present: BTreeMap<SessionId, _> = media
                .sessions
                .iter()
                .map(|(session, state)| (*session, (Some(state.epoch), Some(state.ports))))
                .collect();
            assert_eq!(present, wished, "node {number}");
        }
        let on_nodes: usize = self.media.iter().map(|media| media.sessions.len()).sum();
        assert_eq!(on_nodes, self.ledger.sessions());
        assert!(self.ledger.nodes().all(|(_, is_up)| is_up));
    }
}
