//! A phone: it calls and answers over SIP, speaks a melody that nobody else can have made, and judges what it hears.
//!
//! A phone is a thread with a line (`line.rs`); each of its calls has a voice, which is another one (`voice.rs`). Whoever
//! owns the phone gives orders, and is told what becomes of them.

pub mod melody;

mod call;
mod description;
mod desk;
mod ear;
mod letter;
pub(crate) mod line;
mod mouth;
mod voice;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crypto::Suite;

use crate::media::clock::Clock;
use desk::{Desk, Order};
pub use ear::{Heard, Passage};
pub use line::{Line, Message};
use melody::Part;
pub use voice::{Agreed, Voice};

/// What a phone is, and how it behaves.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The number that it calls from.
    pub own_number: String,
    /// The host of the addresses that it calls.
    pub server_name: String,
    /// Where its calls go.
    pub server: SocketAddr,
    /// What it logs in with, if it is asked to.
    pub login: Option<(String, String)>,
    /// Where it hears.
    pub media_address: IpAddr,
    /// How its media is protected; the only way that it takes.
    pub suite: Option<Suite>,
    /// How long it rings before it answers; none if it never does.
    pub answers_after: Option<Duration>,
    /// What it says.
    pub part: Part,
    /// What it measures with.
    pub clock: Clock,
}

/// A call of a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CallNumber {
    /// One that somebody else has made; they are counted.
    Incoming(u32),
    /// One of its own; they are counted.
    Outgoing(u32),
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// This phone hung up.
    HungUp,
    /// The other one did.
    HungUpByPeer,
    /// It was refused with a status.
    Refused(u16),
    /// Something went wrong.
    Failed(String),
}

/// What a phone tells.
#[derive(Clone, Debug)]
pub enum Told {
    /// It rings: here for a call that came, over there for one of its own.
    Ringing {
        /// Which.
        call: CallNumber,
    },
    /// Somebody has answered.
    Up {
        /// Which.
        call: CallNumber,
        /// How long that took, since the INVITE.
        setup: Duration,
    },
    /// A change was agreed upon: hold, resume.
    Changed {
        /// Which.
        call: CallNumber,
    },
    /// Something is not as it should be.
    Trouble {
        /// Which.
        call: CallNumber,
        /// What.
        what: String,
    },
    /// It is over.
    Over {
        /// Which.
        call: CallNumber,
        /// How.
        how: End,
        /// What was heard in all.
        heard: Box<Heard>,
    },
}

/// A phone. Dropped or [stopped](Phone::stop), it hangs up.
pub struct Phone {
    address: SocketAddr,
    orders: Sender<Order>,
    told: Receiver<Told>,
    thread: JoinHandle<io::Result<()>>,
    outgoing: u32,
}

impl Phone {
    /// Puts a phone on a line.
    ///
    /// # Errors
    ///
    /// If there are no threads or no random numbers.
    pub fn new(setup: Setup, line: Line) -> io::Result<Self> {
        let address = line.local();
        let (orders, received) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let thread = thread::Builder::new().name(format!("phone {}", setup.own_number)).spawn(move || {
            // Transactions stay with the thread that made them.
            Desk::new(setup, line, tell)?.run(&received)
        })?;
        Ok(Self { address, orders, told, thread, outgoing: 0 })
    }

    /// Returns the own end of the line.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Calls a number.
    pub fn dial(&mut self, number: &str) -> CallNumber {
        self.outgoing += 1;
        let call = CallNumber::Outgoing(self.outgoing);
        self.order(Order::Dial { call, number: number.to_owned() });
        call
    }

    /// Presses keys.
    pub fn press(&self, call: CallNumber, keys: &[u8]) {
        self.order(Order::Press { call, keys: keys.to_vec() });
    }

    /// Holds a call, or goes on with it.
    pub fn hold(&self, call: CallNumber, on: bool) {
        self.order(Order::Hold { call, on });
    }

    /// Hangs up.
    pub fn hang_up(&self, call: CallNumber) {
        self.order(Order::HangUp { call });
    }

    /// Returns how many packets of the melody this phone has heard in a call so far.
    #[must_use]
    pub fn heard(&self, call: CallNumber) -> u64 {
        let (answer, count) = mpsc::channel();
        self.order(Order::Count { call, answer });
        count.recv().unwrap_or(0)
    }

    /// Returns what it tells next, if it does in time.
    #[must_use]
    pub fn listen(&self, wait: Duration) -> Option<Told> {
        self.told.recv_timeout(wait).ok()
    }

    /// Waits for something that it tells; what it tells before is passed over.
    pub fn wait<T>(&self, wait: Duration, wanted: impl Fn(Told) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + wait;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if let Some(found) = wanted(self.told.recv_timeout(left).ok()?) {
                return Some(found);
            }
        }
    }

    /// Hangs up all calls, and waits until they are over.
    ///
    /// # Errors
    ///
    /// What ended the line before.
    ///
    /// # Panics
    ///
    /// If the phone did.
    pub fn stop(self) -> io::Result<()> {
        drop(self.orders);
        self.thread.join().expect("a phone has no reason to panic")
    }

    fn order(&self, order: Order) {
        // A phone that has ended tells why when it is stopped.
        let _ = self.orders.send(order);
    }
}
