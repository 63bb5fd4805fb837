//! SRTP and SRTCP: bytes in, bytes out.
//!
//! Two verbs, two types. A [`Sealer`] protects what leaves on one side of a call, an [`Opener`] checks and
//! decrypts what arrives on it. Both work in the caller's buffer and never allocate after they are made.
//!
//! ```
//! use crypto::{MasterKey, Opener, Parts, Sealer, Suite};
//!
//! let suite = Suite::AesCm128HmacSha1_80;
//! let key = || MasterKey::from_bytes(suite, &[7; 30]).expect("16 bytes of key and 14 of salt");
//! let mut sealer = Sealer::new(&key());
//! let mut opener = Opener::new(&key());
//!
//! let mut packet = [0u8; 64];
//! packet[..12].copy_from_slice(&[0x80, 0, 0, 1, 0, 0, 0, 160, 0, 0, 0, 9]);
//! let parts = Parts { header_len: 12, ssrc: 9, sequence: 1 };
//!
//! let sealed_len = sealer.seal_rtp(&mut packet, 20, parts)?;
//! assert_eq!(sealed_len, 20 + 10);
//! assert_eq!(opener.open_rtp(&mut packet[..sealed_len], parts)?, 20);
//! # Ok::<(), crypto::Refusal>(())
//! ```
//!
//! The life of an arriving packet is the order of the phases in [`open_batch`]: cheap checks, tag, replay
//! window again, and only then a change of state and the decryption. A packet that fails is told why by a
//! [`Refusal`] and leaves no trace in the opener.
//!
//! Start reading at `srtp.rs`; the instructions of the processor are behind `cipher.rs`.

#![deny(unsafe_code)]

#[cfg(not(target_arch = "x86_64"))]
compile_error!("Trunkline runs on x86-64: build with --target x86_64-unknown-linux-gnu");

#[expect(
    unsafe_code,
    reason = "instructions of the processor, each proved by a token that only its detection makes"
)]
mod cipher;
mod kdf;
mod key;
mod opener;
#[cfg(test)]
mod published;
mod refusal;
mod replay;
mod rollover;
mod rtp_keys;
mod sealer;
mod snapshot;
mod srtcp;
mod srtp;
mod suite;

pub use cipher::Engine;
pub use key::{KeyLengthError, MasterKey};
pub use opener::Opener;
pub use refusal::Refusal;
pub use replay::{WindowSize, WindowSizeError};
pub use sealer::Sealer;
pub use snapshot::{OpenerSnapshot, OpenerSource, Reserve, SealerSnapshot, SealerSource, Snapshot};
pub use srtp::{BATCH_MAX, Job, Parts, open_batch, seal_batch};
pub use suite::{Spelling, Suite, SuiteName, UnknownSuite};
