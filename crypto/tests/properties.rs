//! What holds for every packet and every order of packets, with every suite.

#[expect(dead_code, reason = "snapshots are checked without it")]
#[path = "media/model.rs"]
mod model;
#[path = "media/packets.rs"]
mod packets;
#[path = "media/pair.rs"]
mod pair;
#[path = "media/random.rs"]
mod random;
#[path = "media/reference.rs"]
mod reference;

#[path = "properties/control.rs"]
mod control;
#[path = "properties/forgery.rs"]
mod forgery;
#[path = "properties/handover.rs"]
mod handover;
#[path = "properties/indices.rs"]
mod indices;
#[path = "properties/keys.rs"]
mod keys;
#[path = "properties/losses.rs"]
mod losses;
#[path = "properties/reordering.rs"]
mod reordering;
#[path = "properties/rollover.rs"]
mod rollover;
#[path = "properties/round_trip.rs"]
mod round_trip;
#[path = "properties/snapshots.rs"]
mod snapshots;
#[path = "properties/sources.rs"]
mod sources;
