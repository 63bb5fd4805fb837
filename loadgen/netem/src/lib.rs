//! An impaired network, sans-IO and seeded.
//!
//! A [`link::Link`] carries packets one way in virtual time: the caller says what time it is, hands packets
//! in and takes out what has arrived. The same [`profile::Profile`], seed and calls give the same transcript
//! on every machine, for ever: all arithmetic is on integers, and the generator ([`random`]) is part of this
//! crate.
//!
//! A packet meets, in this order:
//!
//! | station | what may happen | counted as |
//! |---|---|---|
//! | size | larger than the MTU | [`Lost::TooBig`](counts::Lost::TooBig) |
//! | queue | full, while the rate drains it | [`Lost::QueueFull`](counts::Lost::QueueFull) |
//! | blackout | its last bit would leave while the link is down | [`Lost::Blackout`](counts::Lost::Blackout) |
//! | burst | the channel is in a bad state | [`Lost::Burst`](counts::Lost::Burst) |
//! | loss | bad luck | [`Lost::Random`](counts::Lost::Random) |
//! | duplication | a second copy travels on its own | `duplicated` |
//! | line | holds as many as it may | [`Lost::LineFull`](counts::Lost::LineFull) |
//! | corruption | a copy is changed | `corrupted` |
//! | flight | delayed, with jitter; may overtake if the profile says so | `delivered` |
//!
//! Lost packets have used the rate, as on a real wire. Each kind of luck of each packet is drawn from a
//! stream of its own, so turning one kind on leaves the luck of the others as it was.

#![forbid(unsafe_code)]

pub mod chance;
pub mod counts;
pub mod link;
pub mod packet;
pub mod profile;
pub mod random;

mod flight;
mod rate;
