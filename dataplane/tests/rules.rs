//! The rules of a data plane that strangers can reach, each by name, on a live call.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "what helps a test speaks and fails as a test does"
)]

#[path = "world/call.rs"]
mod call;
#[path = "world/forgery.rs"]
mod forgery;
#[path = "world/luck.rs"]
mod luck;
#[path = "world/peer.rs"]
mod peer;
#[path = "world/report.rs"]
mod report;
#[expect(dead_code, unreachable_pub, reason = "some of it is for other files of tests")]
#[path = "world/world.rs"]
mod world;

#[path = "rules/attack.rs"]
mod attack;
#[path = "rules/authentication.rs"]
mod authentication;
#[path = "rules/cost.rs"]
mod cost;
#[path = "rules/handover.rs"]
mod handover;
#[path = "rules/indices.rs"]
mod indices;
#[path = "rules/keys.rs"]
mod keys;
#[path = "rules/learning.rs"]
mod learning;
#[path = "rules/ports.rs"]
mod ports;
#[path = "rules/protection.rs"]
mod protection;
#[path = "rules/replay.rs"]
mod replay;
#[path = "rules/reports.rs"]
mod reports;
#[path = "rules/rollover.rs"]
mod rollover;
#[path = "rules/sources.rs"]
mod sources;
#[path = "rules/strangers.rs"]
mod strangers;
#[path = "rules/timeouts.rs"]
mod timeouts;
