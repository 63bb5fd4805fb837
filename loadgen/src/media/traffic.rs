//! All flows at work: what is sent when, and what becomes of every packet that arrives.
//!
//! Nothing here asks the clock or the network: [`Traffic::send`] and [`Traffic::hear`] are told what time it is, so that
//! tests run hours of traffic in virtual time.

use crypto::{Engine, Opener, Refusal, Sealer};
use wire::demux::{self, Kind};
use wire::rtp::Header;

use crate::media::flow::{Direction, Finding, Flow, HEADER_BYTES, Timeline};
use crate::media::forgery::forger::{self, Forger};
use crate::media::forgery::{Forgery, Strangers};
use crate::media::packet::{BATCH_MAX, Packet, Packets};
use crate::media::ports::Arrivals;
use crate::media::protection::{open, parts, seal};
use crate::media::schedule::{Pace, Schedule};
use crate::media::side::{Side, SideError};
use crate::media::stamp::{FlowId, PAYLOAD_MIN, RunId, STAMP_BYTES, Stamp};
use crate::media::tally::Tally;
use crate::media::window::Seen;

/// The longest payload: with its headers and the longest tag it fits an Ethernet of 1,500 bytes over IPv6.
pub const PAYLOAD_MAX: usize = 1500 - 40 - 8 - HEADER_BYTES - crypto::Suite::RTP_OVERHEAD_MAX;

/// Flows, and what became of their packets in the current run.
pub struct Traffic {
    engine: Engine,
    run: RunId,
    payload_len: usize,
    flows: Vec<Flow>,
    arrivals: Arrivals,
    sealers: Vec<Sealer>,
    openers: Vec<Opener>,
    schedule: Schedule,
    timeline: Timeline,
    outgoing: Packets,
    tallies: [Tally; 2],
    strays: u64,
    reports: u64,
    forger: Option<Forger>,
}

/// What traffic is made of. Flows stand in the order of their identities, and so do their sources.
pub struct Parties {
    /// Who is told from others by this.
    pub run: RunId,
    /// Bytes of each payload.
    pub payload_len: usize,
    /// The flows.
    pub flows: Vec<Flow>,
    /// How many addresses our ports are on.
    pub addresses: usize,
    /// What protects packets.
    pub sealers: Vec<Sealer>,
    /// What opens them at the far end.
    pub openers: Vec<Opener>,
}

/// A good packet on its way through [`Traffic::send`].
#[derive(Clone, Copy)]
struct Leaving {
    flow: FlowId,
    counter: u64,
    header: Header,
}

/// A packet on its way through [`Traffic::hear`].
#[derive(Clone, Copy)]
enum Arrived {
    /// It was counted.
    Counted,
    /// It is RTP, at the port of this flow.
    Media(FlowId, Header),
}

impl Traffic {
    /// Brings the parties together. Nothing is due before [`Traffic::begin`].
    ///
    /// # Panics
    ///
    /// If the payload is shorter than [`PAYLOAD_MIN`] or longer than [`PAYLOAD_MAX`], or a flow is not at its place.
    #[must_use]
    pub fn new(parties: Parties) -> Self {
        let Parties { run, payload_len, flows, addresses, sealers, openers } = parties;
        assert!((PAYLOAD_MIN..=PAYLOAD_MAX).contains(&payload_len), "a payload fits its packet");
        let mut arrivals = Arrivals::new(addresses);
        for (place, flow) in flows.iter().enumerate() {
            assert_eq!(flow.id.place(), place, "flows stand in the order of their identities");
            arrivals.lead(flow.arrives, flow.id);
        }
        let nothing = Pace { flows: 1, interval_ns: 1, packets_per_flow: 0 };
        Self {
            engine: Engine::best(),
            run,
            payload_len,
            flows,
            arrivals,
            sealers,
            openers,
            schedule: Schedule::new(nothing, 0),
            timeline: Timeline { first_counter: 0, first_ticks: 0, interval_ns: 1 },
            outgoing: Packets::new(),
            tallies: Default::default(),
            strays: 0,
            reports: 0,
            forger: None,
        }
    }

    /// Has packets forged beside the good ones. What then comes from the device and is no intact packet counts as a
    /// forged one that was delivered: nobody can tell it from a good one that was damaged.
    ///
    /// # Panics
    ///
    /// If there is no port for strangers on the address of a flow.
    #[must_use]
    pub fn with_forgery(self, forgery: Forgery, strangers: Strangers) -> Self {
        let forger = Forger::new(forgery, strangers, &self.flows, self.payload_len);
        Self { forger: Some(forger), ..self }
    }

    /// Begins a run: from now on the packets of this pace are due, and all counts are zero. Sequence numbers, timestamps
    /// and the state of SRTP go on.
    ///
    /// # Panics
    ///
    /// If the pace is not that of all flows.
    pub fn begin(&mut self, pace: Pace, start_ns: u64) {
        assert_eq!(pace.flows as usize, self.flows.len(), "every flow has its place in the schedule");
        self.timeline = self.timeline.followed_by(self.schedule.pace().packets_per_flow, pace.interval_ns);
        self.schedule = Schedule::new(pace, start_ns);
        self.forger.iter_mut().for_each(|forger| forger.begin(pace, start_ns));
        self.tallies.iter_mut().for_each(Tally::clear);
        self.flows.iter_mut().for_each(|flow| flow.reception.jitter = Default::default());
        (self.strays, self.reports) = (0, 0);
    }

    /// Sends what is due, up to a batch.
    ///
    /// # Errors
    ///
    /// If nothing can be sent any more.
    pub fn send(&mut self, side: &mut dyn Side, now_ns: u64) -> Result<(), SideError> {
        let mut leaving = [None; BATCH_MAX];
        self.outgoing.clear();
        for leaving in &mut leaving {
            if self.forge(now_ns) {
                continue;
            }
            let Some(due) = self.schedule.take(now_ns) else { break };
            let flow = &self.flows[due.flow.place()];
            let counter = self.timeline.first_counter + due.count;
            let stamp = Stamp {
                run: self.run,
                flow: due.flow,
                counter,
                intended_ns: due.intended_ns,
                sent_ns: now_ns,
            };
            let header = flow.sent.header(counter, &self.timeline);
            let packet = self.outgoing.push().expect("there is room for a batch");
            write(packet, flow, &header, &stamp, self.payload_len);
            self.tallies[flow.direction as usize].offered += 1;
            *leaving = Some(Leaving { flow: due.flow, counter, header });
        }
        if self.outgoing.is_empty() {
            return Ok(());
        }
        if !self.sealers.is_empty() {
            self.seal(&leaving);
        }
        side.transmit(self.outgoing.as_mut_slice(), now_ns)
    }

    /// Forges a packet, if one is due before the next good one.
    fn forge(&mut self, now_ns: u64) -> bool {
        let Some(forger) = &mut self.forger else { return false };
        let good_ns = self.schedule.next_due_ns().unwrap_or(u64::MAX);
        if forger.next_due_ns().is_none_or(|due| due > now_ns.min(good_ns)) {
            return false;
        }
        let counter =
            self.timeline.first_counter + self.schedule.taken() / u64::from(self.schedule.pace().flows);
        let packet = self.outgoing.push().expect("there is room for a batch");
        forger.forge(packet, &self.flows, &self.timeline, counter);
        true
    }

    /// Protects the good packets of a batch; forged ones stay as they are.
    fn seal(&mut self, leaving: &[Option<Leaving>; BATCH_MAX]) {
        let (flows, packets) = (&self.flows, self.outgoing.as_mut_slice());
        let sealed = seal(self.engine, &mut self.sealers, packets, |place| {
            let Leaving { flow, header, .. } = leaving[place]?;
            Some((flows[flow.place()].sealer?, header))
        });
        for ((packet, leaving), outcome) in packets.iter_mut().zip(leaving).zip(sealed) {
            let (Some(leaving), Some(outcome)) = (leaving, outcome) else { continue };
            packet.set_len(outcome.expect("a key of this run seals each packet of its one source in order"));
            if let Some(forger) = &mut self.forger {
                forger.overhear(&flows[leaving.flow.place()], leaving.counter, packet.payload());
            }
        }
    }

    /// Verifies what has come, and empties the batch.
    pub fn hear(&mut self, packets: &mut Packets, now_ns: u64) {
        let mut arrived = [Arrived::Counted; BATCH_MAX];
        for (packet, arrived) in packets.as_mut_slice().iter().zip(&mut arrived) {
            *arrived = self.classify(packet);
        }
        if !self.openers.is_empty() {
            self.open(packets.as_mut_slice(), &mut arrived);
        }
        for (packet, arrived) in packets.as_mut_slice().iter().zip(&arrived) {
            let Arrived::Media(id, header) = arrived else { continue };
            let flow = &self.flows[id.place()];
            let finding = flow.judge(self.run, &self.timeline, header, packet.payload(), &packet.remote);
            self.count(*id, finding, now_ns);
        }
        packets.clear();
    }

    /// Finds the flow of a packet by its port, and its header.
    fn classify(&mut self, packet: &Packet) -> Arrived {
        let Some(id) = self.arrivals.find(packet.local) else {
            // A device that answers a stranger.
            let is_from_device = || self.flows.iter().any(|flow| flow.to == packet.remote);
            match &mut self.forger {
                Some(forger) if is_from_device() => forger.count_delivered(),
                _ => self.strays += 1,
            }
            return Arrived::Counted;
        };
        let is_from_device = packet.remote == self.flows[id.place()].from;
        match (demux::classify(packet.payload()), Header::parse(packet.payload())) {
            (Kind::Rtp, Ok(header)) => return Arrived::Media(id, header),
            // No good packet is RTCP.
            (Kind::Rtcp, _) if !is_from_device || self.forger.is_none() => self.reports += 1,
            _ if is_from_device => self.count_damaged(id),
            _ => self.strays += 1,
        }
        Arrived::Counted
    }

    /// Opens what is protected, and counts what cannot be opened.
    fn open(&mut self, packets: &mut [Packet], arrived: &mut [Arrived]) {
        let flows = &self.flows;
        let wish = |place: usize| match &arrived[place] {
            Arrived::Media(id, header) => Some((flows[id.place()].opener?, *header)),
            Arrived::Counted => None,
        };
        let opened = open(self.engine, &mut self.openers, packets, wish);
        for ((packet, arrived), outcome) in packets.iter_mut().zip(arrived).zip(opened) {
            let (Arrived::Media(id, header), Some(outcome)) = (*arrived, outcome) else { continue };
            match outcome.or_else(|refusal| self.open_elsewhere(packet, id, &header).ok_or(refusal)) {
                Ok(len) => packet.set_len(len),
                Err(refusal) => {
                    *arrived = Arrived::Counted;
                    self.count_refused(id, &header, packet, refusal);
                }
            }
        }
    }

    /// Opens a packet of another flow, which its source names, and its key proves.
    fn open_elsewhere(&mut self, packet: &mut Packet, id: FlowId, header: &Header) -> Option<usize> {
        let first = self.flows.first()?.expected.ssrc.0;
        let other =
            self.flows.get(header.ssrc.0.wrapping_sub(first) as usize).filter(|flow| flow.id != id)?;
        let opener = &mut self.openers[other.opener?];
        let len = packet.len();
        opener.open_rtp(&mut packet.payload_and_room()[..len], parts(header)).ok()
    }

    fn count_refused(&mut self, id: FlowId, header: &Header, packet: &Packet, refusal: Refusal) {
        let flow = &self.flows[id.place()];
        if packet.remote != flow.from {
            self.strays += 1;
            return;
        }
        let payload = packet.payload().get(header.header_len()..).unwrap_or_default();
        if self.forger.is_some() && forger::is_marked(payload) {
            // It may look like a copy by its header.
            return self.count_damaged(id);
        }
        match (flow.plausible_counter(header, &self.timeline), refusal) {
            (Some(counter), Refusal::Replayed) => self.count_repeated(id, counter, Seen::Again),
            (Some(counter), Refusal::TooOld) => self.count_repeated(id, counter, Seen::Overdue),
            _ => self.count_damaged(id),
        }
    }

    fn count(&mut self, id: FlowId, finding: Finding, now_ns: u64) {
        let flow = &mut self.flows[id.place()];
        let tally = &mut self.tallies[flow.direction as usize];
        match finding {
            Finding::Intact(stamp) => match flow.reception.hear(stamp.counter, &self.timeline, now_ns) {
                seen @ (Seen::InOrder | Seen::Reordered) => {
                    tally.received += 1;
                    tally.reordered += u64::from(seen == Seen::Reordered);
                    tally.latency.record(now_ns.saturating_sub(stamp.intended_ns));
                    tally.transit.record(now_ns.saturating_sub(stamp.sent_ns));
                }
                seen @ (Seen::Again | Seen::Overdue) => self.count_repeated(id, stamp.counter, seen),
            },
            Finding::Corrupt => self.count_damaged(id),
            // It is missing where it should be: its own direction has the count.
            Finding::Misdelivered(other) => {
                let owner = if other.place() < self.flows.len() { other } else { id };
                self.tally(owner).misdelivered += 1;
            }
            Finding::Stray => self.strays += 1,
        }
    }

    /// Counts a packet from the device that is none of those that were offered.
    fn count_damaged(&mut self, id: FlowId) {
        match &mut self.forger {
            Some(forger) => forger.count_delivered(),
            None => self.tally(id).corrupt += 1,
        }
    }

    /// Counts a packet that has arrived before, or so late that nobody can tell.
    fn count_repeated(&mut self, id: FlowId, counter: u64, seen: Seen) {
        match &mut self.forger {
            Some(forger) if forger.has_copied(&self.flows[id.place()], counter) => forger.count_delivered(),
            _ if seen == Seen::Overdue => self.tally(id).overdue += 1,
            _ => self.tally(id).duplicates += 1,
        }
    }

    fn tally(&mut self, id: FlowId) -> &mut Tally {
        &mut self.tallies[self.flows[id.place()].direction as usize]
    }

    /// Returns when the next packet is to leave, good or forged; none if all have left.
    #[must_use]
    pub fn next_due_ns(&self) -> Option<u64> {
        let forged_ns = self.forger.as_ref().and_then(Forger::next_due_ns);
        self.schedule.next_due_ns().into_iter().chain(forged_ns).min()
    }

    /// Returns who forges packets, if somebody does.
    #[must_use]
    pub fn forger(&self) -> Option<&Forger> {
        self.forger.as_ref()
    }

    /// Returns the schedule of the run.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// Returns the counts of one direction.
    #[must_use]
    pub fn tally_of(&self, direction: Direction) -> &Tally {
        &self.tallies[direction as usize]
    }

    /// Returns the flows.
    #[must_use]
    pub fn flows(&self) -> &[Flow] {
        &self.flows
    }

    /// Returns how many packets came that are none of this run.
    #[must_use]
    pub fn strays(&self) -> u64 {
        self.strays
    }

    /// Returns how many RTCP packets came; nobody looks into them.
    #[must_use]
    pub fn reports(&self) -> u64 {
        self.reports
    }
}

/// Writes a packet in the clear.
#[inline]
fn write(packet: &mut Packet, flow: &Flow, header: &Header, stamp: &Stamp, payload_len: usize) {
    (packet.local, packet.remote) = (flow.leaves, flow.to);
    let bytes = &mut packet.payload_and_room()[..HEADER_BYTES + payload_len];
    let header_len = header.write([], None, bytes).expect("a header without extras has 12 bytes");
    stamp.write(&mut bytes[header_len..]);
    packet.set_len(HEADER_BYTES + payload_len);
}

const _: () =
    assert!(PAYLOAD_MAX >= PAYLOAD_MIN && PAYLOAD_MIN > STAMP_BYTES && BATCH_MAX == crypto::BATCH_MAX);
