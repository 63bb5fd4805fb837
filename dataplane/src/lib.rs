//! The media process: pinned workers that relay, encrypt and decrypt.

#![forbid(unsafe_code)]

pub mod clock;
pub mod command;
mod continuity;
mod desk;
mod digits;
pub mod drop;
mod event;
mod link;
pub mod node;
pub mod port;
mod quality;
mod random;
pub mod registry;
pub mod relay;
mod report;
mod retired;
pub mod session;
mod sweep;
pub mod table;
pub mod worker;

pub use continuity::Continuity;
pub use quality::Reception;
