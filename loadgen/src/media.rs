//! Media through a running node: sessions opened over its control socket, packets offered, and every one verified.

pub mod books;
pub mod clock;
pub mod flow;
pub mod forgery;
pub mod jitter;
pub mod latency;
pub mod packet;
pub mod permission;
pub mod ports;
pub mod protection;
pub mod report;
pub mod run;
pub mod schedule;
pub mod search;
pub mod sessions;
pub mod side;
pub mod stamp;
pub mod tally;
pub mod traffic;
pub mod window;
