//! Packets in and out, in batches: five drivers behind one trait.
//!
//! A worker owns one driver and calls it once a turn: [`Driver::receive`] fills a [`Batch`], the worker decides over
//! every [`Frame`] in place, and [`Driver::transmit`] sends those that got a [`Route`] and takes all back. Frames are
//! memory of the driver; nothing is copied between receiving and sending.
//!
//! [`choose`] says which of the drivers can start here, and what the faster ones lack.
//!
//! This crate knows ports and addresses, but neither sessions nor RTP. It holds the only unsafe code of the media
//! plane besides `numa`: raw system calls in `sys.rs` and below, ring buffers shared with the kernel, and the memory
//! behind frames.

pub mod bpf;
pub mod netlink;

mod address;
mod choice;
mod descriptors;
mod driver;
mod error;
mod frame;
mod headers;
mod leases;
mod memory;
mod mmsg;
mod packet;
mod patience;
mod pool;
mod raw;
mod setup;
mod sys;
mod uring;
mod waker;
mod xdp;

pub use address::{Endpoint, LocalPort};
pub use choice::{Choice, DriverName, UnknownDriver, choose, obstacle};
pub use driver::{Driver, Statistics};
pub use error::{DriverError, LeaseError, SetupError};
pub use frame::{BATCH_MAX, Batch, FRAME_BYTES, Frame, HEADROOM, Route, VOICE_TRAFFIC_CLASS};
pub use memory::Memory;
pub use mmsg::Mmsg;
pub use packet::PacketSocket;
pub use setup::{ADDRESSES_MAX, Setup};
pub use uring::sklookup::UringSklookup;
pub use uring::sockets::UringSockets;
pub use waker::Waker;
pub use xdp::Afxdp;
