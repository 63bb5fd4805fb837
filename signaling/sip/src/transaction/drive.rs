//! Does what the machines tell.

use core::time::Duration;
use std::rc::Rc;

use super::entry::{Cancel, Entry, Machine, Step};
use super::event::{ClientId, Event, Failure, ServerId, Transmit};
use super::secret::Key;
use super::step::{Output, Timer};
use super::table::Slot;
use super::{Reason, Transactions, key, send};
use crate::error::WriteError;
use crate::flow::{Destination, Protocol};

/// What a step is about.
#[derive(Default)]
pub(super) struct Matter {
    /// The message to be sent.
    pub(super) bytes: Option<Rc<[u8]>>,
    /// The message to be told.
    pub(super) event: Option<Event>,
}

impl From<Rc<[u8]>> for Matter {
    fn from(bytes: Rc<[u8]>) -> Self {
        Self { bytes: Some(bytes), event: None }
    }
}

impl From<Event> for Matter {
    fn from(event: Event) -> Self {
        Self { bytes: None, event: Some(event) }
    }
}

impl Transactions {
    /// Begins a transaction.
    pub(super) fn begin(&mut self, machine: Machine, destination: Destination) -> Slot {
        let key = key::destination(&self.secret, &destination);
        let entry = Entry { timers: super::clock::Timers::default(), kept: None, machine };
        self.table.insert(entry, destination, key)
    }

    /// Takes a step of a transaction, and does what it tells.
    pub(super) fn advance(
        &mut self,
        now: Duration,
        slot: Slot,
        matter: impl Into<Matter>,
        step: impl FnOnce(&mut Machine) -> Option<Step>,
    ) {
        let Some(step) = self.table.get_mut(slot).and_then(|entry| step(&mut entry.machine)) else { return };
        self.carry_out(now, slot, matter.into(), step.outputs);
        if step.over {
            self.end(slot);
        }
    }

    /// Takes the step of a timer.
    pub(super) fn fire(&mut self, now: Duration, slot: Slot, timer: Timer) {
        self.advance(now, slot, Matter::default(), |machine| machine.fire(timer));
    }

    /// Does what is told, in its order.
    pub(super) fn carry_out(
        &mut self,
        now: Duration,
        slot: Slot,
        mut matter: Matter,
        outputs: &'static [Output],
    ) {
        let reliable = self.table.destination(slot).is_some_and(|to| protocol(to).is_reliable());
        for &output in outputs {
            match output {
                Output::Send => self.send(slot, matter.bytes.take()),
                Output::Repeat => self.repeat(slot),
                Output::Acknowledge => send::acknowledge_failure(self, slot, matter.event.as_ref()),
                Output::Tell => self.events.extend(matter.event.take()),
                Output::TellTimeout => self.fail(slot, Failure::Timeout),
                Output::TellTransport => self.fail(slot, Failure::Transport),
                Output::TellAckMissing => self.events.push_back(Event::AckMissing { id: ServerId(slot) }),
                Output::TellLost => self.tell_lost(slot),
                Output::Forget => self.forget(slot),
                Output::Start(timer) => {
                    let timers = self.table.get_mut(slot).map(|entry| &mut entry.timers);
                    if timers.is_some_and(|timers| timers.start(now, timer, reliable)) {
                        self.fire(now, slot, timer);
                    }
                }
                Output::Double(_) | Output::Slow(_) | Output::StopRepeating | Output::StopEnding => {
                    self.reset(now, slot, output);
                }
            }
        }
        if matter.event.is_some() {
            self.counters.add(Reason::ResponseRepeated);
        }
        self.clock.arm(&mut self.table, slot);
    }

    /// Changes a timer that runs.
    fn reset(&mut self, now: Duration, slot: Slot, output: Output) {
        let Some(Entry { timers, .. }) = self.table.get_mut(slot) else { return };
        if let Output::Double(timer) = output {
            timers.double(now, timer);
        } else if let Output::Slow(timer) = output {
            timers.slow(now, timer);
        } else if output == Output::StopRepeating {
            timers.stop_repeating();
        } else {
            debug_assert_eq!(output, Output::StopEnding, "the others are carried out where they are told");
            timers.stop_ending();
        }
    }

    /// Sends bytes to a destination.
    pub(super) fn transmit(&mut self, to: Destination, bytes: Rc<[u8]>) {
        self.transmits.push_back(Transmit { to, bytes });
    }

    /// Sends bytes, and keeps them for copies.
    pub(super) fn send(&mut self, slot: Slot, bytes: Option<Rc<[u8]>>) {
        self.keep(slot, bytes);
        self.repeat(slot);
    }

    /// Keeps bytes for copies in place of those before.
    pub(super) fn keep(&mut self, slot: Slot, bytes: Option<Rc<[u8]>>) {
        let Some(entry) = self.table.get_mut(slot) else { return };
        let count = |bytes: &Option<Rc<[u8]>>| bytes.as_ref().map_or(0, |bytes| bytes.len());
        let more = self.kept_bytes.saturating_add(count(&bytes));
        self.kept_bytes = more.saturating_sub(count(&entry.kept));
        entry.kept = bytes;
    }

    fn repeat(&mut self, slot: Slot) {
        let kept = self.table.get(slot).and_then(|entry| entry.kept.clone());
        if let Some((bytes, to)) = kept.zip(self.table.destination(slot).cloned()) {
            self.transmit(to, bytes);
        }
    }

    fn forget(&mut self, slot: Slot) {
        self.keep(slot, None);
        if let Some(Entry { machine: Machine::InviteClient(client), .. }) = self.table.get_mut(slot) {
            client.invite = None;
        }
    }

    /// Tells that a request has no answer; that of a CANCEL of ours nobody waits for.
    fn fail(&mut self, slot: Slot, why: Failure) {
        match self.table.get(slot).map(|entry| &entry.machine) {
            Some(Machine::NonInviteClient(client)) if client.cancels.is_some() => {}
            Some(_) => self.events.push_back(Event::Failed { id: ClientId(slot), why }),
            None => debug_assert!(false, "a transaction that fails is there"),
        }
    }

    fn tell_lost(&mut self, slot: Slot) {
        let asker = self.table.get_mut(slot).and_then(|entry| entry.machine.asker_mut());
        if let Some(asker) = asker.filter(|asker| !asker.lost) {
            asker.lost = true;
            self.events.push_back(Event::ResponseLost { id: ServerId(slot) });
        }
    }

    /// Ends a transaction, and takes out all that leads to it.
    pub(super) fn end(&mut self, slot: Slot) {
        self.keep(slot, None);
        let Some(mut entry) = self.table.remove(slot) else { return };
        if let Some(asker) = entry.machine.asker_mut() {
            let (key, merged, host) = (asker.key, asker.merged, asker.host);
            self.servers.remove(&key);
            // A later request may have taken it over.
            if let Some(merged) = merged.filter(|merged| self.servers.get(merged) == Some(&slot)) {
                self.servers.remove(&merged);
            }
            self.release_host(host);
        }
        match entry.machine {
            Machine::InviteServer(server) => {
                if let Some(ack) = server.ack {
                    self.servers.remove(&ack);
                }
            }
            // What answers the CANCEL is found by the INVITE only.
            Machine::InviteClient(client) => {
                if let Cancel::Sent(cancel) = client.cancel {
                    self.end(cancel);
                }
            }
            Machine::NonInviteClient(_) | Machine::NonInviteServer(_) => {}
        }
    }

    fn release_host(&mut self, host: Key) {
        let Some(count) = self.hosts.get_mut(&host) else { return };
        *count = count.saturating_sub(1);
        if *count == 0 {
            self.hosts.remove(&host);
        }
    }
}

/// Writes a message to be sent more than once.
pub(super) fn bytes(
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), WriteError>,
) -> Result<Rc<[u8]>, WriteError> {
    /// Most messages of a call fit.
    const USUAL_LEN: usize = 2048;
    let mut out = Vec::with_capacity(USUAL_LEN);
    write(&mut out)?;
    Ok(out.into())
}

pub(super) const fn protocol(destination: &Destination) -> Protocol {
    match destination {
        Destination::Flow(flow) => flow.protocol,
        Destination::Target(target) => target.protocol,
    }
}
