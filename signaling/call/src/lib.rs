//! Calls between two legs: the B2BUA, without a socket.
//!
//! An [`Engine`] hears what has happened ([`Input`]) and says what is to be done ([`Output`]), in this order. It opens no
//! socket, asks no clock and throws no dice: the same inputs at the same times from the same seed give the same outputs.

#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

mod arrival;
mod call;
mod clock;
mod counters;
mod crossing;
mod desk;
mod engine;
mod fingerprint;
mod flow;
mod forwarding;
mod input;
mod leg;
mod load;
mod manipulation;
mod media_plan;
mod moment;
mod output;
mod random;
mod setup;
mod summary;

pub use counters::{Count, Counters};
pub use engine::Engine;
pub use input::{Input, MediaEvent, ResolveFailure};
pub use manipulation::{Forbidden, Manipulation, Message, Part, Scope, Travel};
pub use moment::Moment;
pub use output::{Note, Output, Wish};
pub use setup::{ChallengeStatus, Limits, Listener, Setup};
pub use summary::{Attempt, AttemptId, CallId, Disposition, Ended, Status};
