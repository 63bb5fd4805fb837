//! The transaction layer in virtual time: what it sends and tells, and when.

mod bench;

mod cancelling;
mod limits;
mod lost_ways;
mod matching;
mod races;
mod shedding;
mod timers;
