//! A sender and a receiver that have the same key.

use crypto::{Opener, Parts, Refusal, Sealer, Suite, WindowSize};

use super::packets::{Optional, master, parts, rtp};

pub(crate) struct Pair {
    pub(crate) suite: Suite,
    pub(crate) sealer: Sealer,
    pub(crate) opener: Opener,
}

/// An RTP packet before and after it was sealed.
#[derive(Clone)]
pub(crate) struct Sealed {
    pub(crate) plain: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) parts: Parts,
}

/// The source that sends where only one does.
pub(crate) const SSRC: u32 = 0x1234_5678;

impl Pair {
    pub(crate) fn new(suite: Suite) -> Self {
        Self::with_window(suite, WindowSize::default().packets())
    }

    pub(crate) fn with_window(suite: Suite, packets: u16) -> Self {
        let size = WindowSize::new(packets).expect("a test names a size that exists");
        let key = master(suite);
        Self { suite, sealer: Sealer::new(&key), opener: Opener::with_window(&key, size) }
    }

    /// Seals the packet that a source sends with a sequence number.
    pub(crate) fn seal(&mut self, ssrc: u32, sequence: u16) -> Sealed {
        seal(&mut self.sealer, self.suite, ssrc, sequence).expect("a test seals what may be sealed")
    }

    /// Seals the packet of the one source with an index that is less than half a cycle away from the last.
    pub(crate) fn seal_at(&mut self, index: u64) -> Sealed {
        self.seal(SSRC, index as u16)
    }

    /// Seals and opens the packet of the one source with an index.
    pub(crate) fn deliver(&mut self, index: u64) {
        let sealed = self.seal_at(index);
        assert_eq!(sealed.open(&mut self.opener), Ok(()), "{}: index {index}", self.suite);
    }

    /// Lets both sides go up to an index, in steps of less than half a cycle.
    pub(crate) fn deliver_rising_to(&mut self, index: u64) {
        (0..index).step_by(0x7fff).for_each(|index| self.deliver(index));
        self.deliver(index);
    }

    /// Lets the sender go on from one index until another is within its reach, while nothing arrives.
    pub(crate) fn lose_up_to(&mut self, mut from: u64, index: u64) {
        const STEP: u64 = 0x7fff;
        while from + STEP < index {
            from += STEP;
            self.seal_at(from);
        }
    }
}

/// Seals a small packet.
pub(crate) fn seal(sealer: &mut Sealer, suite: Suite, ssrc: u32, sequence: u16) -> Result<Sealed, Refusal> {
    let plain = rtp(ssrc, sequence, Optional::default(), &sequence.to_be_bytes().repeat(10));
    let parts = parts(&plain);
    let mut bytes = plain.clone();
    bytes.resize(plain.len() + suite.rtp_tag_len(), 0);
    let sealed_len = sealer.seal_rtp(&mut bytes, plain.len(), parts)?;
    assert_eq!(sealed_len, bytes.len(), "{suite}");
    Ok(Sealed { plain, bytes, parts })
}

impl Sealed {
    /// Opens a copy of the packet; asserts that it is the plain one then, or as it was if it is refused.
    pub(crate) fn open(&self, opener: &mut Opener) -> Result<(), Refusal> {
        let mut bytes = self.bytes.clone();
        let opened = opener.open_rtp(&mut bytes, self.parts);
        match opened {
            Ok(len) => assert_eq!(bytes[..len], self.plain, "an opened packet is the one that was sealed"),
            Err(refusal) => assert_eq!(bytes, self.bytes, "{refusal}: a refused packet is as it came"),
        }
        opened.map(drop)
    }
}
