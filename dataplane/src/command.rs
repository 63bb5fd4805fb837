//! What the control thread and a worker say to each other: bounded queues, and parcels that travel there and back.
//!
//! A worker neither allocates nor frees: the parcel in which a session arrives returns with the reply, and what the
//! worker has no more use for returns in it.

use std::sync::Arc;

use control::{Event, SessionId, SessionSummary};
use crossbeam::queue::ArrayQueue;
use netio::{Endpoint, LeaseError, Statistics};

use crate::relay::Counters;
use crate::session::Session;
use crate::table::Slot;

/// Room for a session on its way.
pub type Parcel = Box<Option<Session>>;

/// Pairs a reply with its command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(pub u32);

/// What a worker is to do. Commands are carried out in order, between two batches.
pub enum Command {
    /// Relay the session in the parcel, in this slot.
    Open(Ticket, Slot, Parcel),
    /// Make the session in this slot what the parcel says.
    Update(Ticket, Slot, Parcel),
    /// End the session in this slot.
    Close(Ticket, Slot, Parcel),
    /// Tell about the session in this slot.
    Describe(Ticket, Slot, SessionId),
    /// Tell the counters.
    Report(Ticket),
    /// End the thread.
    Stop,
}

/// What a worker says.
pub enum Reply {
    /// The session is relayed; the parcel is empty.
    Opened(Ticket, Parcel),
    /// A port could not be leased; the session is in the parcel, and nothing has changed.
    NotLeased(Ticket, Parcel, LeaseError),
    /// The session follows its wish; the parcel has what is left over.
    Updated(Ticket, Parcel),
    /// The slot has no such session.
    Unknown(Ticket, Parcel),
    /// The session is in the parcel.
    Closed(Ticket, Parcel),
    /// What was asked, if the session is there.
    Described(Ticket, Option<Description>),
    /// What was asked.
    Reported(Ticket, Report),
    /// Something happened.
    Event(Event),
    /// The worker has ended, for this reason if it was not told to.
    Ended(Option<netio::DriverError>),
}

/// What a session is and does right now.
#[derive(Clone, Copy, Debug)]
pub struct Description {
    /// Where media goes.
    pub remotes: [Endpoint; 2],
    /// What it relayed so far.
    pub summary: SessionSummary,
}

/// What a worker has counted.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// Sessions that it relays.
    pub sessions: u32,
    /// Packets, and why some were not forwarded.
    pub counters: Counters,
    /// What the driver counted.
    pub driver: Statistics,
    /// Turns of the loop.
    pub turns: u64,
    /// Times that the books of worker and driver did not agree: zero, or a defect.
    pub miscounted: u64,
}

/// The queues between the control thread and one worker.
#[derive(Clone)]
pub struct Mailbox {
    /// Commands.
    pub inbox: Arc<ArrayQueue<Command>>,
    /// Replies and events.
    pub outbox: Arc<ArrayQueue<Reply>>,
}

impl Mailbox {
    /// So many commands may be on their way to a worker, and so many replies on their way back.
    pub const COMMANDS_MAX: usize = 1024;

    /// So many events may wait besides.
    pub const EVENTS_MAX: usize = 4096;

    /// Makes empty queues.
    #[must_use]
    pub fn new() -> Self {
        Self {
            inbox: Arc::new(ArrayQueue::new(Self::COMMANDS_MAX)),
            outbox: Arc::new(ArrayQueue::new(Self::COMMANDS_MAX + Self::EVENTS_MAX)),
        }
    }
}

impl Default for Mailbox {
    fn default() -> Self {
        Self::new()
    }
}
