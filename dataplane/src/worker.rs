//! One worker: a driver, the sessions that it relays, and a loop over both.

use core::time::Duration;

use control::SideName;
use crypto::Engine;
use netio::{Batch, Driver, DriverError, LeaseError};

use crate::clock::{Clock, Now};
use crate::command::{Command, Description, Mailbox, Parcel, Reply, Report, Ticket};
use crate::event::Events;
use crate::relay::{Counters, Ledger, relay_batch};
use crate::retired::Retired;
use crate::session::{Session, Side};
use crate::sweep::Sweep;
use crate::table::{Slot, Table};

/// What a worker is made of.
pub struct Worker<D> {
    driver: D,
    table: Table,
    retired: Retired,
    engine: Engine,
    batch: Batch,
    ledger: Ledger,
    sweep: Sweep,
    mailbox: Mailbox,
    is_busy_polling: bool,
    turns: u64,
    miscounted: u64,
}

/// How a worker works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habits {
    /// Whether it never sleeps.
    pub busy_poll: bool,
    /// How often it tells the quality of a session; never if zero.
    pub quality_interval_s: u32,
}

/// What a turn was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Whether the control thread has something to read.
    pub has_replied: bool,
    /// Whether the worker was told to end.
    pub is_last: bool,
}

/// Commands in one turn: a lease may cost 10 microseconds, and packets wait meanwhile.
const COMMANDS_PER_TURN: usize = 16;

/// How long a worker with sessions sleeps at most: the sweep has to go on.
const NAP: Duration = Duration::from_millis(20);

/// How long one without sessions does.
const SLEEP: Duration = Duration::from_secs(1);

impl<D: Driver> Worker<D> {
    /// Puts a worker together.
    pub fn new(driver: D, table: Table, mailbox: Mailbox, habits: Habits) -> Self {
        Self {
            driver,
            table,
            retired: Retired::new(),
            engine: Engine::best(),
            batch: Batch::new(),
            ledger: Ledger { counters: Counters::default(), events: Events::with_room(Mailbox::EVENTS_MAX) },
            sweep: Sweep::new(habits.quality_interval_s),
            mailbox,
            is_busy_polling: habits.busy_poll,
            turns: 0,
            miscounted: 0,
        }
    }

    /// Works until told to end, or until the driver cannot go on; `notify` wakes the control thread.
    pub fn run(mut self, clock: Clock, notify: impl Fn()) {
        let ended = loop {
            match self.turn(self.patience(), || clock.now()) {
                Ok(turn) => {
                    if turn.has_replied {
                        notify();
                    }
                    if turn.is_last {
                        break None;
                    }
                }
                Err(error) => break Some(error),
            }
        };
        // There is room: one reply for each command, and this one more than commands end.
        drop(self.mailbox.outbox.force_push(Reply::Ended(ended)));
        notify();
    }

    fn patience(&self) -> Duration {
        if self.is_busy_polling || !self.mailbox.inbox.is_empty() {
            Duration::ZERO
        } else if self.table.is_empty() {
            SLEEP
        } else {
            NAP
        }
    }

    /// One trip of the loop: receive, relay, send, obey, sweep.
    ///
    /// # Errors
    ///
    /// If the driver cannot work any more.
    pub fn turn(&mut self, wait: Duration, clock: impl FnOnce() -> Now) -> Result<Turn, DriverError> {
        self.turns += 1;
        self.driver.receive(&mut self.batch, wait)?;
        let now = clock();
        if !self.batch.is_empty() {
            relay_batch(
                self.engine,
                &mut self.table,
                &mut self.retired,
                self.batch.frames(),
                now,
                &mut self.ledger,
            );
        }
        self.driver.transmit(&mut self.batch)?;
        self.check_books();
        let mut turn = Turn { has_replied: false, is_last: false };
        for _ in 0..COMMANDS_PER_TURN {
            let Some(command) = self.mailbox.inbox.pop() else { break };
            let Some(reply) = self.obey(command) else {
                turn.is_last = true;
                break;
            };
            turn.has_replied = true;
            self.reply(reply);
        }
        self.sweep.run(&mut self.table, &mut self.retired, now, &mut self.ledger.events);
        turn.has_replied |= self.tell_events();
        Ok(turn)
    }

    /// Returns the driver: where a simulation puts packets in and takes them out.
    pub fn driver(&mut self) -> &mut D {
        &mut self.driver
    }

    /// Every packet that the driver handed over is forwarded or dropped for a reason, or there is a defect.
    fn check_books(&mut self) {
        let Counters { received, forwarded, drops } = &self.ledger.counters;
        let is_right =
            *received == *forwarded + drops.total() && *received == self.driver.statistics().received;
        debug_assert!(is_right, "received is forwarded and dropped: {:?}", self.ledger.counters);
        self.miscounted += u64::from(!is_right);
    }

    fn obey(&mut self, command: Command) -> Option<Reply> {
        Some(match command {
            Command::Open(ticket, slot, parcel) => self.open(ticket, slot, parcel),
            Command::Update(ticket, slot, mut parcel) => {
                match (self.table.session_mut(slot), parcel.as_mut()) {
                    (Some(session), Some(wish)) if session.id == wish.id => {
                        session.follow(wish, &mut self.retired);
                        Reply::Updated(ticket, parcel)
                    }
                    _ => Reply::Unknown(ticket, parcel),
                }
            }
            Command::Close(ticket, slot, parcel) => self.close(ticket, slot, parcel),
            Command::Describe(ticket, slot, id) => {
                let session = self.table.session_mut(slot).filter(|session| session.id == id);
                Reply::Described(ticket, session.map(|session| session.description()))
            }
            Command::Report(ticket) => Reply::Reported(ticket, self.report()),
            Command::Stop => return None,
        })
    }

    fn open(&mut self, ticket: Ticket, slot: Slot, mut parcel: Parcel) -> Reply {
        let Some(session) = parcel.as_ref() else { return Reply::Unknown(ticket, parcel) };
        if let Err(error) = self.lease(session) {
            return Reply::NotLeased(ticket, parcel, error);
        }
        let is_in = self.table.insert(slot, &mut parcel);
        debug_assert!(is_in, "the control thread knows which slots are free");
        Reply::Opened(ticket, parcel)
    }

    /// Leases all ports of a session, or none.
    fn lease(&mut self, session: &Session) -> Result<(), LeaseError> {
        let ports = || session.sides.iter().flat_map(Side::ports).map(|(port, _)| port);
        for (leased, port) in ports().enumerate() {
            if let Err(error) = self.driver.lease(port) {
                ports().take(leased).for_each(|port| self.driver.release(port));
                return Err(error);
            }
        }
        Ok(())
    }

    fn close(&mut self, ticket: Ticket, slot: Slot, mut parcel: Parcel) -> Reply {
        if !self.table.remove(slot, &mut parcel) {
            return Reply::Unknown(ticket, parcel);
        }
        for side in parcel.iter_mut().flat_map(|session| &mut session.sides) {
            side.ports().for_each(|(port, _)| self.driver.release(port));
            self.retired.end(side.retiree.take());
        }
        Reply::Closed(ticket, parcel)
    }

    fn report(&self) -> Report {
        Report {
            sessions: self.table.len(),
            counters: self.ledger.counters,
            driver: self.driver.statistics(),
            turns: self.turns,
            miscounted: self.miscounted,
        }
    }

    fn reply(&self, reply: Reply) {
        let pushed = self.mailbox.outbox.push(reply);
        debug_assert!(pushed.is_ok(), "there is room for a reply to every command");
    }

    /// Hands events on, as far as the room for replies is left; true if there were any.
    fn tell_events(&mut self) -> bool {
        let outbox = &self.mailbox.outbox;
        let mut has_told = false;
        while outbox.len() < Mailbox::EVENTS_MAX {
            let Some(event) = self.ledger.events.pop() else { break };
            has_told |= outbox.push(Reply::Event(event)).is_ok();
        }
        has_told
    }
}

impl Session {
    /// Returns what it is and does right now.
    fn description(&self) -> Description {
        let [a, b] = &self.sides;
        Description { remotes: [a.peer.remote, b.peer.remote], summary: self.summary() }
    }

    /// Returns what it relayed so far.
    #[must_use]
    pub fn summary(&self) -> control::SessionSummary {
        let from = |side: SideName| self.sides[side as usize].reception.summary();
        control::SessionSummary { from: [from(SideName::A), from(SideName::B)] }
    }
}
