//! The transport on real sockets of the loopback device, each rule a test. Ports are chosen by the kernel.

#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]

mod certificates;
mod datagrams;
mod guests;
mod limits;
mod scene;
mod strangers;
mod streams;
mod tls;
