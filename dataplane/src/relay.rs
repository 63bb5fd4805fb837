//! What becomes of a batch of packets: the one hot path of the process.
//!
//! `relay_batch` is the table of contents. Each step looks at every packet before the next step begins, so that the
//! cache misses of 64 packets overlap and the ciphers fill their lanes. A packet that fails a step has its reason and
//! takes part in no later one.

mod report;
mod source;

use crypto::{BATCH_MAX, Engine, Job, Parts, Refusal, open_batch, seal_batch};
use netio::{Frame, Route};
use wire::demux::{self, Kind};
use wire::rtp::{self, PayloadType, Sequence, Ssrc, Timestamp};

use crate::clock::Now;
use crate::continuity::Position;
use crate::digits;
use crate::drop::{Drop, Drops};
use crate::event::Events;
use crate::quality::Arrival;
use crate::relay::source::Origin;
use crate::retired::Retired;
use crate::session::Flow;
use crate::table::{Openers, Place, Sealers, Table};

/// What a worker counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Packets taken from the driver.
    pub received: u64,
    /// Packets given a route.
    pub forwarded: u64,
    /// Packets given none.
    pub drops: Drops,
}

/// What a worker notes: in numbers, and to be told.
pub(crate) struct Ledger {
    pub(crate) counters: Counters,
    pub(crate) events: Events,
}

/// One packet on its way through the steps.
#[derive(Clone, Copy)]
struct Work {
    /// The side that it came from.
    place: Place,
    state: State,
    origin: Origin,
    header: rtp::Header,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Media that goes on.
    Media,
    /// A report; it is done in one step, there being few.
    Report(Flow),
    /// It ends here.
    Dropped(Drop),
}

/// Decides over every frame of a batch: each gets a route, or a reason that is counted.
pub(crate) fn relay_batch(
    engine: Engine,
    table: &mut Table,
    retired: &mut Retired,
    frames: &mut [Frame],
    now: Now,
    ledger: &mut Ledger,
) {
    for frames in frames.chunks_mut(BATCH_MAX) {
        let mut works = [Work::dropped(Drop::NotLeased); BATCH_MAX];
        let works = &mut works[..frames.len()];
        find(table, frames, works);
        screen(table, frames, works, now);
        open(engine, table, frames, works);
        reopen(table, retired, frames, works);
        accept(table, frames, works, now, &mut ledger.events);
        rewrite(table, frames, works, now);
        seal(engine, table, frames, works);
        report::relay(table, retired, frames, works, now);
        conclude(table, frames, works, &mut ledger.counters);
    }
}

impl Work {
    fn dropped(reason: Drop) -> Self {
        let zero = rtp::Header::new(PCMU, Sequence(0), Timestamp(0), Ssrc(0));
        Self { place: Place::NOWHERE, state: State::Dropped(reason), origin: Origin::Peer, header: zero }
    }

    #[inline]
    fn is_media(&self) -> bool {
        self.state == State::Media
    }

    #[inline]
    fn drop(&mut self, reason: Drop) {
        self.state = State::Dropped(reason);
    }
}

/// Finds the side that every packet is for, by its port, and what it is, by its first bytes.
fn find(table: &Table, frames: &[Frame], works: &mut [Work]) {
    for (frame, work) in frames.iter().zip(works) {
        let Some((place, flow)) = table.find(frame.local) else { continue };
        table.prefetch(place);
        work.place = place;
        work.state = match (demux::classify(frame.payload()), flow) {
            (Kind::Rtp, Flow::Rtp) => State::Media,
            (Kind::Rtcp, flow) => State::Report(flow),
            (Kind::Rtp, Flow::Rtcp) => State::Dropped(Drop::WrongFlow),
            (Kind::Stun | Kind::Zrtp | Kind::Dtls | Kind::TurnChannel | Kind::Unknown, _) => {
                State::Dropped(Drop::NotMedia)
            }
        };
    }
}

/// Drops what is not wanted, not media, or from somewhere else: checks that cost little and change next to nothing.
fn screen(table: &mut Table, frames: &[Frame], works: &mut [Work], now: Now) {
    for (frame, work) in frames.iter().zip(works).filter(|(_, work)| work.is_media()) {
        let side = table.side_mut(work.place);
        if !side.accepts {
            work.drop(Drop::Held);
            continue;
        }
        let Ok(header) = rtp::Header::parse(frame.payload()) else {
            work.drop(Drop::Malformed);
            continue;
        };
        work.header = header;
        match source::screen(&mut side.peer, Flow::Rtp, &frame.source, side.opener.is_some(), now) {
            Ok(origin) => {
                work.origin = origin;
                table.prefetch_keys(work.place);
            }
            Err(reason) => work.drop(reason),
        }
    }
}

/// Checks the tags of protected packets and decrypts them.
fn open(engine: Engine, table: &mut Table, frames: &mut [Frame], works: &mut [Work]) {
    let mut jobs = Jobs::new();
    for (at, (frame, work)) in frames.iter_mut().zip(works.iter()).enumerate() {
        if work.is_media() && table.side(work.place).opener.is_some() {
            let len = frame.len();
            jobs.add(at, Job::new(work.place.number(), frame.payload_and_room(), len, work.parts()));
        }
    }
    open_batch(engine, &mut Openers(table), jobs.as_mut_slice());
    let outcomes = jobs.outcomes();
    settle(outcomes, frames, works);
}

/// Tries the key before the last on what the last one refused: packets that were on their way when it changed.
fn reopen(table: &mut Table, retired: &mut Retired, frames: &mut [Frame], works: &mut [Work]) {
    for (frame, work) in frames.iter_mut().zip(works) {
        let State::Dropped(
            Drop::BadTag
            | Drop::Replayed
            | Drop::TooOld
            | Drop::SourcesFull
            | Drop::Truncated
            | Drop::KeyExhausted,
        ) = work.state
        else {
            continue;
        };
        let retiree = table.side(work.place).retiree;
        let Some(opener) = retiree.and_then(|retiree| retired.opener(retiree)) else { continue };
        let len = frame.len();
        if let Ok(len) = opener.open_rtp(&mut frame.payload_and_room()[..len], work.parts()) {
            frame.set_len(len);
            work.state = State::Media;
            if work.origin == Origin::Unproven {
                // It is late, and so perhaps from where the peer is no more: nothing is learned from it.
                work.origin = Origin::Former;
                source::refund(&mut table.side_mut(work.place).peer);
            }
        }
    }
}

/// Takes an accepted packet for what it is: whoever sent it is the peer, and the reception counts it.
fn accept(table: &mut Table, frames: &[Frame], works: &mut [Work], now: Now, events: &mut Events) {
    for (frame, work) in frames.iter().zip(works).filter(|(_, work)| work.is_media()) {
        let session = table.session(work.place);
        let side = &mut session.sides[work.place.side() as usize];
        let rtp::Header { ssrc, sequence, timestamp, payload_type, .. } = work.header;
        match work.origin {
            // Also the peer: an earlier packet of the batch may have shown it elsewhere.
            Origin::Peer | Origin::Unproven if side.opener.is_some() => {
                source::learn_proven(&mut side.peer, work.origin, frame.source);
            }
            Origin::Peer => side.peer.heard.add(Flow::Rtp),
            Origin::Unproven => {
                if !source::learn_plain(&mut side.peer, frame.source, ssrc.0, sequence.0) {
                    work.drop(Drop::WrongSource);
                    continue;
                }
            }
            Origin::Former => {}
        }
        if side.reception.packets == 0 {
            events.first_media(session.id, work.place.side(), frame.source);
        }
        let payload = work.header.payload(frame.payload()).unwrap_or_default();
        let is_event = u8::from(payload_type) == side.telephone_event;
        let arrival = Arrival {
            ssrc: ssrc.0,
            sequence: sequence.0,
            timestamp: timestamp.0,
            is_timed: !is_event,
            payload_len: payload.len(),
        };
        side.reception.count(arrival, now);
        if is_event && let Some(digit) = digits::finished(payload, ssrc.0, timestamp.0, &mut side.told_digits)
        {
            events.digit(session.id, work.place.side(), digit);
        }
    }
}

/// Makes of every packet what the other side is to get.
fn rewrite(table: &mut Table, frames: &mut [Frame], works: &mut [Work], now: Now) {
    for (frame, work) in frames.iter_mut().zip(works).filter(|(_, work)| work.is_media()) {
        let near = table.side(work.place);
        let payload_type = near.mapped(work.header.payload_type);
        let clock_rate = near.reception.clock_rate;
        let far = table.side_mut(work.place.across());
        if !far.sends {
            work.drop(Drop::FarHeld);
            continue;
        }
        if far.peer.remote.port() == 0 {
            work.drop(Drop::NoRemote);
            continue;
        }
        let header = &mut work.header;
        let mut position =
            Position { ssrc: header.ssrc.0, sequence: header.sequence.0, timestamp: header.timestamp.0 };
        if let Some(stream) = &mut far.continuity {
            let Some(placed) = stream.place(position, clock_rate, now.ms()) else {
                work.drop(Drop::OutOfSequence);
                continue;
            };
            position = placed;
        }
        header.payload_type = payload_type;
        header.ssrc = Ssrc(position.ssrc);
        header.sequence = Sequence(position.sequence);
        header.timestamp = Timestamp(position.timestamp);
        let Ok(mut patch) = rtp::Patch::new(frame.payload_and_room()) else { continue };
        patch.set_payload_type(header.payload_type);
        patch.set_ssrc(header.ssrc);
        patch.set_sequence(header.sequence);
        patch.set_timestamp(header.timestamp);
    }
}

/// Protects what goes to a protected side.
fn seal(engine: Engine, table: &mut Table, frames: &mut [Frame], works: &mut [Work]) {
    let mut jobs = Jobs::new();
    for (at, (frame, work)) in frames.iter_mut().zip(works.iter()).enumerate() {
        let far = work.place.across();
        if work.is_media() && table.side(far).sealer.is_some() {
            let len = frame.len();
            jobs.add(at, Job::new(far.number(), frame.payload_and_room(), len, work.parts()));
        }
    }
    seal_batch(engine, &mut Sealers(table), jobs.as_mut_slice());
    let outcomes = jobs.outcomes();
    settle(outcomes, frames, works);
}

/// Gives every packet that is left its way out, and counts all of them: what came in is forwarded or dropped.
fn conclude(table: &mut Table, frames: &mut [Frame], works: &[Work], counters: &mut Counters) {
    for (frame, work) in frames.iter_mut().zip(works) {
        counters.received += 1;
        let far = match work.state {
            State::Dropped(reason) => {
                counters.drops.count(reason);
                if work.place != Place::NOWHERE {
                    table.side_mut(work.place).reception.count_drop(reason);
                }
                continue;
            }
            State::Media | State::Report(_) => table.side(work.place.across()),
        };
        counters.forwarded += 1;
        if work.is_media() {
            let traffic_class = far.traffic_class;
            frame.route = Some(Route { from: far.port, to: far.peer.remote, traffic_class });
        }
    }
}

impl Work {
    fn parts(&self) -> Parts {
        let rtp::Header { ssrc, sequence, .. } = self.header;
        Parts { header_len: self.header.header_len(), ssrc: ssrc.0, sequence: sequence.0 }
    }
}

/// Stands in a header that was not read.
const PCMU: PayloadType = match PayloadType::new(0) {
    Some(payload_type) => payload_type,
    None => unreachable!(),
};

/// The jobs of a batch, and which frame each is about.
struct Jobs<'f> {
    jobs: [Job<'f>; BATCH_MAX],
    frames: [u8; BATCH_MAX],
    len: usize,
}

/// What became of jobs: frame, and new length or refusal.
struct Outcomes {
    outcomes: [(u8, Result<usize, Refusal>); BATCH_MAX],
    len: usize,
}

impl<'f> Jobs<'f> {
    fn new() -> Self {
        let none = Parts { header_len: 0, ssrc: 0, sequence: 0 };
        Self { jobs: core::array::from_fn(|_| Job::new(0, &mut [], 0, none)), frames: [0; BATCH_MAX], len: 0 }
    }

    #[inline]
    fn add(&mut self, frame: usize, job: Job<'f>) {
        self.jobs[self.len] = job;
        self.frames[self.len] = frame as u8;
        self.len += 1;
    }

    fn as_mut_slice(&mut self) -> &mut [Job<'f>] {
        &mut self.jobs[..self.len]
    }

    fn outcomes(self) -> Outcomes {
        let outcomes = core::array::from_fn(|at| (self.frames[at], self.jobs[at].outcome()));
        Outcomes { outcomes, len: self.len }
    }
}

/// Takes over what became of jobs.
fn settle(outcomes: Outcomes, frames: &mut [Frame], works: &mut [Work]) {
    for (frame, outcome) in &outcomes.outcomes[..outcomes.len] {
        match outcome {
            Ok(len) => frames[usize::from(*frame)].set_len(*len),
            Err(refusal) => works[usize::from(*frame)].drop((*refusal).into()),
        }
    }
}
