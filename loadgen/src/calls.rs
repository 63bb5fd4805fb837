//! Calls through a running signaling process: one side plays the PBX, the other the carrier, and every message between
//! them is timed by one clock.
//!
//! ```text
//! schedule -> traffic: pbx  --INVITE--> device --INVITE--> traffic: carrier
//!             (script, letter)                            (script, letter)
//! ```
//!
//! Start reading at `calls/traffic.rs`: what is sent when, and what becomes of every message that arrives.

pub mod appliance;
pub mod call;
pub mod figures;
pub mod glance;
pub mod letter;
pub mod link;
pub mod number;
pub mod plan;
pub mod process;
pub mod report;
pub mod run;
pub mod sockets;
pub mod talk;
pub mod traffic;
