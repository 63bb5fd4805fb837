//! What must become of each packet, told by a set of all that was delivered (RFC 3711 section 3.3.2).

use std::collections::BTreeSet;

use crypto::Refusal;

pub(crate) struct Model {
    window: u64,
    /// The highest index delivered, plus one.
    next: u64,
    /// Everything below counts as delivered.
    floor: u64,
    delivered: BTreeSet<u64>,
}

impl Model {
    pub(crate) fn new(window: u16) -> Self {
        Self { window: window.into(), next: 0, floor: 0, delivered: BTreeSet::new() }
    }

    /// Tells what must become of the authentic packet with this index.
    pub(crate) fn judge(&self, index: u64) -> Result<(), Refusal> {
        if index + self.window < self.next {
            Err(Refusal::TooOld)
        } else if index < self.floor || self.delivered.contains(&index) {
            Err(Refusal::Replayed)
        } else {
            Ok(())
        }
    }

    /// Notes that the packet with this index was delivered.
    pub(crate) fn deliver(&mut self, index: u64) {
        assert!(self.delivered.insert(index), "index {index} was delivered twice");
        self.next = self.next.max(index + 1);
    }

    /// Returns the highest index delivered, plus one.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Forgets what exactly was delivered, as who goes on behind a snapshot does.
    pub(crate) fn close(&mut self) {
        self.floor = self.next;
    }
}
