//! Where memory and threads live.
//!
//! A packet costs most when its core, its memory and its network card sit on different nodes of the machine.
//! This crate reads how the machine is built ([`topology`], [`nic`]), decides who works where ([`plan`], a
//! pure function), puts threads there ([`pin`]) and takes memory there ([`arena`]). Whatever the kernel
//! refuses is told as data, never passed over.
//!
//! Words: a *CPU* is what Linux numbers and a thread is pinned to; a *core* is one physical core, which shows
//! one CPU, or two when SMT is on (its *siblings*); a *node* is a piece of memory with the cores beside it.

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
compile_error!("numa speaks to 64-bit Linux only");

pub mod arena;
pub mod cpu_set;
pub mod errno;
pub mod nic;
pub mod pin;
pub mod plan;
pub mod prefetch;
pub mod slots;
pub mod topology;
pub mod tree;

mod sys;
