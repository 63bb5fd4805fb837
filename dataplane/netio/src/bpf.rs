//! Programs and maps of the kernel's BPF machine, made and loaded without a compiler.
//!
//! [`asm`] turns Rust calls into instructions, [`program`] loads and attaches them, and [`map`] is the memory that
//! programs share with this process. [`sk_lookup`] and [`xdp`] are the two programs: both ask a [`map::PortMap`]
//! whether a packet is for a leased port, and leave everything else to the kernel.

pub mod asm;
pub mod map;
pub mod program;
pub mod sk_lookup;
pub mod xdp;
