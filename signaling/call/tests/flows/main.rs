//! Calls between scripted peers, in virtual time.

#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]

mod answerers;
mod bug_map;
mod changes;
mod cost;
mod faults;
mod foreign;
mod forwarded;
mod inbound;
mod load;
mod login;
mod loops;
mod mishaps;
mod names;
mod outbound;
mod parts;
mod races;
mod refusals;
mod rings;
mod scene;
mod service;
mod suites;
mod torture;
mod widening;
