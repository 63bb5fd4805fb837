//! One simulation from the first call to the last: time goes on, packets travel, and every turn is looked at.

use std::collections::BTreeMap;
use std::time::Duration;

use dataplane::command::{Command, Reply, Report, Ticket};
use netem::random::Random;
use netio::BATCH_MAX;

use crate::attacker;
use crate::call::Call;
use crate::figures::Figures;
use crate::happenings::{self, Digit};
use crate::hearing::Expected;
use crate::network::Datagram;
use crate::plant::{Output, Plant};
use crate::record::{Kind, LONE_GOODBYE, Records};
use crate::sabotage::Sabotage;
use crate::script::Action;
use crate::stage::{self, Effect};
use crate::tap::{Found, Tap};
use crate::verdict::{Checked, Invariant};

/// The world of one seed.
pub(crate) struct Simulation {
    pub(crate) seed: u64,
    pub(crate) random: Random,
    pub(crate) plant: Plant,
    pub(crate) calls: Vec<Call>,
    pub(crate) digits: Vec<Digit>,
    pub(crate) sabotage: Option<Sabotage>,
    pub(crate) commands: Vec<(Command, Effect)>,
    pub(crate) last_session: u64,
    pub(crate) last_port: u16,
    pub(crate) figures: Figures,
    records: Records,
    /// What is done, by time and by the order in which it was planned.
    timeline: BTreeMap<(u64, usize), (usize, Action)>,
    /// The longest turn, in milliseconds.
    pace_ms: u64,
}

/// A packet that arrives, with its call and side.
type Arrival = (usize, usize, Datagram);

/// Media of this many milliseconds may be under way when the calls end.
const DRAIN_US: u64 = 900_000;

/// Plays a seed.
pub(crate) fn play(seed: u64, sabotage: Option<Sabotage>) -> Checked<Figures> {
    let mut simulation = Simulation::new(seed, sabotage);
    let end_us = simulation.timeline.last_key_value().map_or(0, |((at_us, _), _)| *at_us) + 400_000;
    while simulation.plant.now_us < end_us {
        simulation.step()?;
    }
    simulation.end()
}

impl Simulation {
    fn new(seed: u64, sabotage: Option<Sabotage>) -> Self {
        let mut random = Random::new(seed);
        // One in four begins shortly before the milliseconds of the clock come round.
        let begin_us = if random.below(4) == 0 { (1 << 32) * 1000 - 2_500_000 } else { 5_000_000 };
        let (calls, scripts) = stage::set(seed, &mut random);
        let timeline = scripts.into_iter().enumerate();
        let timeline =
            timeline.map(|(order, (slot, (at_us, action)))| ((begin_us + at_us, order), (slot, action)));
        Self {
            seed,
            plant: Plant::new(begin_us, random.below(2) as u32),
            calls,
            digits: Vec::new(),
            sabotage,
            commands: Vec::new(),
            last_session: 0,
            last_port: 9_998,
            figures: Figures::default(),
            records: Records::default(),
            timeline: timeline.collect(),
            pace_ms: 1 + random.below(20),
            random,
        }
    }

    /// Lets some milliseconds pass.
    fn step(&mut self) -> Checked {
        self.plant.now_us += 1000 * (1 + self.random.below(self.pace_ms));
        while let Some(entry) = self.timeline.first_entry().filter(|entry| entry.key().0 <= self.plant.now_us)
        {
            let (slot, action) = entry.remove();
            self.act(slot, action);
        }
        self.talk();
        let mut arrivals = self.arrivals();
        loop {
            let rest = arrivals.split_off(arrivals.len().min(BATCH_MAX));
            self.turn(&arrivals, rest.is_empty())?;
            if rest.is_empty() {
                break;
            }
            arrivals = rest;
        }
        happenings::check_told(&self.calls, self.plant.now_us)?;
        self.hear()
    }

    /// Every peer says what it has to say.
    fn talk(&mut self) {
        let now_us = self.plant.now_us;
        let now = Duration::from_micros(now_us);
        for call in self.calls.iter_mut().filter(|call| call.is_ringing) {
            for side in &mut call.sides {
                let (peer, random) = (&mut side.peer, &mut self.random);
                let lease = side.port.port;
                if now_us < peer.quiet_until_us {
                    continue;
                }
                if peer.next_media_us <= now_us {
                    let packet = peer.speak(now_us, &mut self.records, random);
                    side.path.up.send(now, Datagram { lease, ..packet });
                }
                if peer.next_report_us <= now_us {
                    let packet = peer.report(now_us, side.manner.is_muxed, &mut self.records, random);
                    side.path.up.send(now, Datagram { lease, ..packet });
                }
            }
        }
    }

    /// Takes what has travelled as far as the worker, and what strangers send.
    fn arrivals(&mut self) -> Vec<Arrival> {
        let now = Duration::from_micros(self.plant.now_us);
        let mut arrivals = Vec::new();
        for call in &mut self.calls {
            for (number, side) in call.sides.iter_mut().enumerate() {
                while let Some(packet) = side.path.up.poll(now) {
                    // The checksum of UDP guards what nothing else does.
                    if !packet.is_damaged || packet.seal.is_some() {
                        arrivals.push((call.slot, number, packet));
                    }
                }
                if call.is_loud && call.is_open && self.random.below(6) == 0 {
                    let forged = attacker::forge(side, &side.captures, &mut self.random);
                    arrivals.extend(forged.map(|packet| (call.slot, number, packet)));
                }
            }
        }
        arrivals
    }

    /// Works one turn with these arrivals, and looks at everything that it did.
    fn turn(&mut self, arrivals: &[Arrival], is_last: bool) -> Checked {
        let mut arrived = Vec::with_capacity(arrivals.len());
        for arrival in arrivals {
            let (slot, number, packet) = arrival;
            let side = &self.calls[*slot].sides[*number];
            let mut at = side.port;
            at.port = packet.lease + u16::from(packet.is_for_reports);
            if self.plant.inject(at, packet.from, &packet.bytes) {
                arrived.push(arrival);
            }
        }
        let commands = if is_last { core::mem::take(&mut self.commands) } else { Vec::new() };
        let mut effects = Vec::new();
        for (command, effect) in commands {
            self.plant.command(command);
            effects.push(effect);
        }
        self.plant.command(Command::Report(Ticket(0)));
        let (mut outputs, mut replies) = self.plant.turn();
        if let Some(sabotage) = self.sabotage {
            sabotage.spoil(self, &mut outputs, &mut replies);
        }
        self.look(&arrived, outputs)?;
        // Commands are obeyed before the sweep tells anything.
        for effect in effects {
            self.take_effect(effect)?;
        }
        for reply in &replies {
            self.read(reply)?;
        }
        Ok(())
    }

    /// Holds what came out against what came in.
    fn look(&mut self, arrived: &[&Arrival], outputs: Vec<Output>) -> Checked {
        let mut found = Vec::new();
        let mut goodbyes: Vec<_> = arrived.iter().filter_map(|arrival| self.lone_goodbye(arrival)).collect();
        for output in outputs {
            self.figures.note(&output);
            let (slot, number, mut packet) = self.recognise(&output)?;
            if packet.record.is_none() {
                let place = goodbyes.iter().position(|(at, _)| *at == (slot, 1 - number));
                packet.record = place.map(|place| goodbyes.remove(place).1);
            }
            found.push(((slot, number, packet), output));
        }
        let mut came: BTreeMap<usize, u32> = BTreeMap::new();
        for (_, _, packet) in found.iter().map(|(packet, _)| packet) {
            let record =
                packet.record.ok_or_else(|| Invariant::Intact.violated("an empty report out of nothing"))?;
            *came.entry(record).or_default() += 1;
        }
        let doors_before: Vec<_> =
            self.calls.iter().map(|call| call.sides.each_ref().map(|s| s.door.clone())).collect();
        // Reports are relayed behind the media of their batch.
        let is_report =
            |packet: &Datagram| packet.bytes.get(1).is_some_and(|second| (192..=223).contains(second));
        let (reports, media): (Vec<&Arrival>, Vec<_>) =
            arrived.iter().partition(|(.., packet)| is_report(packet));
        for (slot, number, packet) in media.into_iter().chain(reports) {
            self.judge(*slot, *number, packet, &mut came)?;
        }
        let surplus = came.into_iter().find(|(_, count)| *count > 0);
        Invariant::Intact
            .holds(surplus.is_none(), || format!("forwarded, though it did not come: {surplus:?}"))?;
        for ((slot, number, found), output) in found {
            self.send_on((slot, number), found, output, &doors_before[slot][number])?;
        }
        Ok(())
    }

    /// A goodbye without anything else loses its number on the way: side, and record.
    fn lone_goodbye(&self, (slot, number, packet): &Arrival) -> Option<((usize, usize), usize)> {
        let record = packet.record?;
        match self.records.get(record)?.kind {
            Kind::Report { form: LONE_GOODBYE } => Some(((*slot, *number), record)),
            Kind::Media(_) | Kind::Report { .. } => None,
        }
    }

    /// Finds whom an output is for, and what it is.
    fn recognise(&mut self, output: &Output) -> Checked<(usize, usize, Found)> {
        let calls = self.calls.iter_mut().filter(|call| call.is_open);
        let mut sides =
            calls.flat_map(|call| call.sides.iter_mut().enumerate().map(|(n, s)| (call.slot, n, s)));
        let found = sides.find(|(_, _, side)| {
            let ours = [side.port, side.local(!side.manner.is_muxed)];
            ours.contains(&output.from)
        });
        let (slot, number, side) = found.ok_or_else(|| {
            Invariant::Addresses.violated(format!("sent from a port of no call: {output:?}"))
        })?;
        let found = Tap::hear((slot, number), side, self.seed, &output.bytes, &self.records)?;
        Ok((slot, number, found))
    }

    fn judge(
        &mut self,
        slot: usize,
        number: usize,
        packet: &Datagram,
        came: &mut BTreeMap<usize, u32>,
    ) -> Checked {
        let now_us = self.plant.now_us;
        let call = &mut self.calls[slot];
        let Some(id) = packet.record else {
            self.figures.forged += 1;
            call.sides[number].heard.bad_tags += 1;
            return Ok(());
        };
        let record = self.records.get_mut(id);
        record.arrived += 1;
        let count = came.entry(id).or_default();
        // Of two copies the one that is whole goes on.
        let has_come = *count > 0 && !packet.is_damaged;
        *count -= u32::from(has_come);
        record.forwarded += u32::from(has_come);
        let judgement = call.judge(number, packet, record, has_come, now_us)?;
        match judgement.expected {
            Expected::Must => self.figures.must += 1,
            Expected::May => self.figures.may += 1,
            Expected::Never => self.figures.never += 1,
        }
        let most = if record.key.is_some() { 1 } else { record.arrived };
        Invariant::Intact.holds(record.forwarded <= most, || format!("sent on too often: {record:?}"))?;
        if judgement.accepted == Expected::Must {
            call.sides[number].captures.keep(packet);
        }
        if let Kind::Media(written) = &record.kind
            && let Some(digit) = written.digit.and_then(|digit| self.digits.get_mut(digit))
        {
            digit.is_heard |= judgement.accepted == Expected::Must;
            digit.is_perhaps_heard |= judgement.accepted != Expected::Never;
        }
        Ok(())
    }

    fn read(&mut self, reply: &Reply) -> Checked {
        match reply {
            Reply::Event(event) => {
                self.figures.events += 1;
                self.figures.mix(format!("{event:?}").as_bytes());
                happenings::check(event, &mut self.calls, &mut self.digits, self.plant.now_us)
            }
            Reply::Reported(_, report) => self.check_books(report),
            Reply::Opened(_, parcel) => {
                Invariant::Base.holds(parcel.is_none(), || "a session came back that was opened".to_owned())
            }
            Reply::Updated(..) | Reply::Closed(..) => Ok(()),
            Reply::NotLeased(..) | Reply::Unknown(..) | Reply::Described(..) | Reply::Ended(_) => {
                Err(Invariant::Base.violated("a command was not carried out, or an event lost"))
            }
        }
    }

    fn check_books(&mut self, report: &Report) -> Checked {
        let counters = &report.counters;
        self.figures.forwarded = counters.forwarded;
        self.figures.dropped = counters.drops.total();
        let is_right = counters.received == self.plant.injected
            && counters.received == counters.forwarded + counters.drops.total()
            && counters.forwarded == report.driver.sent
            && report.miscounted == 0;
        Invariant::Books.holds(is_right, || format!("{} were sent: {report:?}", self.plant.injected))
    }

    fn take_effect(&mut self, effect: Effect) -> Checked {
        let now_us = self.plant.now_us;
        let (slot, wishes) = match effect {
            Effect::Open(slot, wishes) => {
                let call = &mut self.calls[slot];
                call.is_open = true;
                call.sides.iter_mut().zip(wishes).for_each(|(side, wish)| side.open(wish, now_us));
                return Ok(());
            }
            Effect::Close(slot) => {
                let call = &mut self.calls[slot];
                call.is_open = false;
                let kept = call.ports().into_iter().find(|port| self.plant.is_leased(*port));
                return Invariant::Base
                    .holds(kept.is_none(), || format!("{kept:?} is leased without its call"));
            }
            Effect::Follow(slot, wishes) => (slot, wishes),
        };
        let call = &mut self.calls[slot];
        call.timeout_told_us = None;
        call.sides.iter_mut().zip(wishes).for_each(|(side, wish)| side.follow(wish, now_us));
        Ok(())
    }

    /// Ends all calls, and looks whether anything is left.
    fn end(mut self) -> Checked<Figures> {
        let drained_us = self.plant.now_us + DRAIN_US;
        self.calls
            .iter_mut()
            .flat_map(|call| &mut call.sides)
            .for_each(|side| side.peer.quiet_until_us = u64::MAX);
        while self.plant.now_us < drained_us {
            self.step()?;
        }
        happenings::check_digits(&self.digits)?;
        let kept = usize::from(self.sabotage.is_some_and(Sabotage::leaves_a_call));
        (kept..self.calls.len()).for_each(|slot| self.close(slot));
        self.turn(&[], true)?;
        let leased = self.plant.leased();
        Invariant::Base.holds(leased == 0, || format!("{leased} ports are leased without a call"))?;
        self.plant.command(Command::Report(Ticket(0)));
        let (outputs, replies) = self.plant.turn();
        let sessions = replies.iter().find_map(|reply| {
            let Reply::Reported(_, report) = reply else { return None };
            Some(report.sessions)
        });
        Invariant::Base
            .holds(outputs.is_empty() && sessions == Some(0), || format!("{sessions:?} sessions are left"))?;
        Ok(self.figures)
    }
}
