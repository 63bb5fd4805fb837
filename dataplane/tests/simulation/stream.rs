//! What a peer that gets one stream must get: where packets of changing sources stand in it.

use std::collections::BTreeSet;

use crate::hearing::Expected;

/// The stream towards one peer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stream {
    inner: Option<Inner>,
    /// Whether it is sealed, so that no place in it is taken twice.
    pub(crate) is_sealed: bool,
}

#[derive(Clone, Debug)]
struct Inner {
    ssrc: u32,
    /// The sequence number that the source began with, or went on with after another one.
    first: u16,
    highest: u16,
    /// Sequence numbers sent under the key of now.
    sent: BTreeSet<u16>,
    /// Whether another key was there before.
    has_former_key: bool,
}

/// A sealer takes a packet that is so late.
const LATE_MAX: u16 = 64;
/// RFC 3550 appendix A.1: the jump that is a new beginning.
const DROPOUT_MAX: u16 = 3000;

impl Stream {
    /// Whether a packet finds a place.
    pub(crate) fn media(&self, ssrc: u32, sequence: u16) -> Expected {
        let Some(inner) = self.inner.as_ref().filter(|inner| inner.ssrc == ssrc) else {
            return Expected::Must;
        };
        let ahead = sequence.wrapping_sub(inner.highest);
        let behind = ahead.wrapping_neg();
        if ahead >= DROPOUT_MAX && (LATE_MAX..DROPOUT_MAX).contains(&behind) {
            // A single one is a stray, the next one a new beginning.
            return Expected::May;
        }
        let is_late = behind < LATE_MAX && self.is_sealed;
        if !is_late {
            return Expected::Must;
        }
        let since_first = sequence.wrapping_sub(inner.first);
        match inner.sent.contains(&sequence) {
            // What another source has in its place, or what went out under the key before, is not followed here.
            _ if since_first.cast_signed() < 0 => Expected::May,
            true => Expected::Never,
            false if inner.has_former_key => Expected::May,
            false => Expected::Must,
        }
    }

    /// Notes a packet that was sent.
    pub(crate) fn note(&mut self, ssrc: u32, sequence: u16) {
        let fresh = Inner {
            ssrc,
            first: sequence,
            highest: sequence,
            sent: BTreeSet::from([sequence]),
            has_former_key: false,
        };
        let Some(inner) = self.inner.as_mut().filter(|inner| inner.ssrc == ssrc) else {
            self.inner = Some(fresh);
            return;
        };
        let ahead = sequence.wrapping_sub(inner.highest);
        if ahead >= DROPOUT_MAX && ahead.wrapping_neg() >= LATE_MAX {
            *inner = fresh;
            return;
        }
        inner.sent.insert(sequence);
        if ahead < DROPOUT_MAX {
            inner.highest = sequence;
        }
        if inner.sent.len() > 1000 {
            // Half a cycle away a number counts as unsent again.
            let highest = inner.highest;
            inner.sent.retain(|sent| highest.wrapping_sub(*sent) < 500);
            inner.first =
                if highest.wrapping_sub(inner.first) > 500 { highest.wrapping_sub(500) } else { inner.first };
        }
    }

    /// Another key has no places taken.
    pub(crate) fn change_key(&mut self) {
        if let Some(inner) = &mut self.inner {
            inner.sent.clear();
            inner.has_former_key = true;
        }
    }
}
