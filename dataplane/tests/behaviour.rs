//! What a call can count on: media and reports between all kinds of peers, through every change of mind of signaling.

#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "what helps a test speaks and fails as a test does"
)]

#[expect(dead_code, reason = "some of it is for the rules")]
#[path = "world/call.rs"]
mod call;
#[expect(dead_code, reason = "some of it is for the rules")]
#[path = "world/peer.rs"]
mod peer;
#[expect(dead_code, reason = "some of it is for the rules")]
#[path = "world/report.rs"]
mod report;
#[expect(dead_code, unreachable_pub, reason = "some of it is for the rules")]
#[path = "world/world.rs"]
mod world;

#[path = "behaviour/ends.rs"]
mod ends;
#[path = "behaviour/events.rs"]
mod events;
#[path = "behaviour/hold.rs"]
mod hold;
#[path = "behaviour/moves.rs"]
mod moves;
#[path = "behaviour/pairs.rs"]
mod pairs;
#[path = "behaviour/quality.rs"]
mod quality;
#[path = "behaviour/rekeying.rs"]
mod rekeying;
#[path = "behaviour/streams.rs"]
mod streams;
