//! Which target comes next, given what happened at the one before.
//!
//! Another target is tried as long as nobody can have heard the phone ring and nobody has said no: after an error of the
//! transport, when nothing is heard for [`PROVISIONAL_TIMEOUT`], and on 408, 500, 502, 503 and 504. A 18x, any other 4xx and
//! a 6xx end it: the call has arrived, whatever comes of it.

mod dead_hosts;

use std::time::Duration;

use crate::{route::TARGETS_MAX, snapshot::Side};

pub use dead_hosts::{DeadHosts, PEERS_MAX};

/// How long an INVITE may stay without any response before the next target is tried. Timer B would be 32 s
/// (RFC 3261 section 17.1.1.2), and nobody listens to silence for so long.
pub const PROVISIONAL_TIMEOUT: Duration = Duration::from_secs(4);

/// How long a connection may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// What happened at a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// [`PROVISIONAL_TIMEOUT`] has passed since the INVITE.
    NoProvisional,
    /// It responded.
    Response {
        /// The status.
        status: u16,
    },
    /// It cannot be reached, or the connection is lost.
    TransportError,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// No other target: the call has its end, or its beginning.
    Stop(Stop),
    /// Send the INVITE to the target at this place of the list, and set the timer.
    Try(usize),
    /// Nothing.
    Wait,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Somebody answered.
    Answered,
    /// No target is left.
    Exhausted,
    /// The target was lost while the phone was ringing.
    Lost,
    /// Somebody refused.
    Refused {
        /// The status.
        status: u16,
    },
}

impl Stop {
    /// Gives the status for whoever calls; `None` if the call was answered.
    ///
    /// A customer whose call no carrier takes hears 503 and tries its other trunk. A carrier hears 480 instead: 503 would
    /// mean that we are down, and it would keep back the calls to everybody else, too (RFC 3261 section 21.5.4).
    pub const fn status(self, toward: Side) -> Option<u16> {
        match (self, toward) {
            (Self::Answered, _) => None,
            (Self::Refused { status }, _) => Some(status),
            (Self::Exhausted | Self::Lost, Side::Customer) => Some(503),
            (Self::Exhausted | Self::Lost, Side::Carrier) => Some(480),
        }
    }
}

/// Follows one call along its targets. Each is tried once at most.
#[derive(Clone, Debug)]
pub struct Failover {
    state: State,
    targets: usize,
    /// One bit per target.
    tried: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing was sent.
    Idle,
    /// 100 was heard.
    Proceeding { target: usize },
    /// 18x was heard.
    Ringing { target: usize },
    /// It is over.
    Stopped(Stop),
    /// Nothing was heard.
    Trying { target: usize },
}

/// What a response means for the next target.
enum Meaning {
    Answer,
    Failure,
    Progress,
    Refusal,
    Ringing,
}

impl Failover {
    /// Takes the number of targets; more than [`TARGETS_MAX`] are not tried.
    pub fn new(targets: usize) -> Self {
        Self { state: State::Idle, targets: targets.min(TARGETS_MAX), tried: 0 }
    }

    /// Begins with the first target that is not at rest; those that are come last, for a host that was dead may live again.
    pub fn begin(&mut self, is_resting: impl Fn(usize) -> bool) -> Next {
        match self.state {
            State::Idle => self.next(is_resting),
            State::Proceeding { .. } | State::Ringing { .. } | State::Trying { .. } => Next::Wait,
            State::Stopped(stop) => Next::Stop(stop),
        }
    }

    /// Hears what happened at a target. What comes late, from one that was given up, is nothing.
    pub fn heard(&mut self, target: usize, event: Event, is_resting: impl Fn(usize) -> bool) -> Next {
        match self.state {
            State::Trying { target: current } if current == target => self.trying(target, event, is_resting),
            State::Proceeding { target: current } if current == target => {
                self.proceeding(target, event, is_resting)
            }
            State::Ringing { target: current } if current == target => self.ringing(event),
            State::Idle | State::Proceeding { .. } | State::Ringing { .. } | State::Trying { .. } => {
                Next::Wait
            }
            State::Stopped(stop) => Next::Stop(stop),
        }
    }

    fn trying(&mut self, target: usize, event: Event, is_resting: impl Fn(usize) -> bool) -> Next {
        match event {
            Event::NoProvisional | Event::TransportError => self.next(is_resting),
            Event::Response { status } => self.response(target, status, is_resting),
        }
    }

    fn proceeding(&mut self, target: usize, event: Event, is_resting: impl Fn(usize) -> bool) -> Next {
        match event {
            // The timer was running when 100 came.
            Event::NoProvisional => Next::Wait,
            Event::TransportError => self.next(is_resting),
            Event::Response { status } => self.response(target, status, is_resting),
        }
    }

    fn ringing(&mut self, event: Event) -> Next {
        match event {
            Event::NoProvisional => Next::Wait,
            Event::TransportError => self.stop(Stop::Lost),
            Event::Response { status } => match meaning(status) {
                Meaning::Answer => self.stop(Stop::Answered),
                Meaning::Failure | Meaning::Refusal => self.stop(Stop::Refused { status }),
                Meaning::Progress | Meaning::Ringing => Next::Wait,
            },
        }
    }

    fn response(&mut self, target: usize, status: u16, is_resting: impl Fn(usize) -> bool) -> Next {
        match meaning(status) {
            Meaning::Answer => self.stop(Stop::Answered),
            Meaning::Failure => self.next(is_resting),
            Meaning::Progress => self.wait(State::Proceeding { target }),
            Meaning::Refusal => self.stop(Stop::Refused { status }),
            Meaning::Ringing => self.wait(State::Ringing { target }),
        }
    }

    fn next(&mut self, is_resting: impl Fn(usize) -> bool) -> Next {
        let untried = || (0..self.targets).filter(|target| !self.is_tried(*target));
        let Some(target) = untried().find(|target| !is_resting(*target)).or_else(|| untried().next()) else {
            return self.stop(Stop::Exhausted);
        };
        self.tried |= bit(target);
        self.state = State::Trying { target };
        Next::Try(target)
    }

    fn is_tried(&self, target: usize) -> bool {
        self.tried & bit(target) != 0
    }

    fn wait(&mut self, state: State) -> Next {
        self.state = state;
        Next::Wait
    }

    fn stop(&mut self, stop: Stop) -> Next {
        self.state = State::Stopped(stop);
        Next::Stop(stop)
    }
}

fn meaning(status: u16) -> Meaning {
    match status {
        100 => Meaning::Progress,
        101..=199 => Meaning::Ringing,
        200..=299 => Meaning::Answer,
        408 | 500 | 502 | 503 | 504 => Meaning::Failure,
        // A redirection, 3xx, is a no from here: whoever follows one asks for a decision of its own.
        _ => Meaning::Refusal,
    }
}

fn bit(target: usize) -> u64 {
    const { assert!(TARGETS_MAX == u64::BITS as usize, "a bit for each target") };
    u32::try_from(target).ok().and_then(|target| 1_u64.checked_shl(target)).unwrap_or_default()
}
