//! The receiving side: sources, their rollover counters and what was seen of them.

use crate::cipher::Engine;
use crate::replay::Windows;
use crate::rollover::{INDEX_MAX, estimate};
use crate::rtp_keys::RtpKeys;
use crate::snapshot::{OpenerSnapshot, OpenerSource};
use crate::srtcp::RtcpKeys;
use crate::{Job, MasterKey, Parts, Refusal, WindowSize, open_batch, srtcp};

/// How many sources may send under one key: more than a call has at a time, few enough to be part of it.
pub(crate) const SOURCES_MAX: usize = 8;

/// Second tries that an opener starts with, and can save up.
const RECOVERIES_MAX: u8 = 4;

/// Checks and decrypts what one side of a call sends.
///
/// A source that was never heard is admitted with its first authentic packet, never before. When the table of
/// sources is full, packets of another one are refused: to forget a source would let its old packets in again.
pub struct Opener {
    sources: [Source; SOURCES_MAX],
    windows: Windows,
    sources_len: u8,
    recoveries: u8,
    pub(crate) rtp: RtpKeys,
    master: MasterKey,
}

/// What is known of one synchronisation source.
#[derive(Clone, Copy)]
struct Source {
    ssrc: u32,
    /// The highest RTCP index accepted, plus one.
    rtcp_next: u32,
    /// Bit `n` says whether RTCP index `rtcp_next - 1 - n` was seen.
    rtcp_seen: u64,
    /// The highest RTP index accepted, plus one. Which ones below it were seen is in the windows.
    rtp_next: u64,
}

/// What a packet looks like before its tag is checked.
pub(crate) struct Guess {
    /// The index that it probably has.
    pub(crate) index: u64,
    /// Whether a packet with this index can be new.
    pub(crate) newness: Result<(), Refusal>,
}

impl Source {
    const EMPTY: Self = Self { ssrc: 0, rtcp_next: 0, rtcp_seen: 0, rtp_next: 0 };
}

impl Opener {
    /// Makes an opener with the usual replay window of 128 packets.
    #[must_use]
    pub fn new(key: &MasterKey) -> Self {
        Self::with_window(key, WindowSize::default())
    }

    /// Makes an opener with a wider replay window.
    ///
    /// The bits for it are the same for every size: with 128 packets each of eight sources has a window, with
    /// 1024 only the one heard last. A source without a window is still heard, but only in rising order.
    #[must_use]
    pub fn with_window(key: &MasterKey, size: WindowSize) -> Self {
        Self {
            sources: [Source::EMPTY; SOURCES_MAX],
            windows: Windows::new(size),
            sources_len: 0,
            recoveries: RECOVERIES_MAX,
            rtp: RtpKeys::derive(key),
            master: key.kept(),
        }
    }

    /// Checks and decrypts one RTP packet in place; returns its length without the tag.
    ///
    /// # Errors
    ///
    /// The reason of the refusal; the packet has not changed then, nor has the opener but for its budget of tries.
    pub fn open_rtp(&mut self, packet: &mut [u8], parts: Parts) -> Result<usize, Refusal> {
        let len = packet.len();
        let mut job = Job::new(0, packet, len, parts);
        open_batch(Engine::best(), core::slice::from_mut(self), core::slice::from_mut(&mut job));
        job.outcome()
    }

    /// Tells whether both were made with the same key.
    #[must_use]
    pub fn same_key_as(&self, other: &Self) -> bool {
        self.master.same_as(&other.master)
    }

    /// Checks and decrypts one RTCP packet in place; returns its length without index and tag.
    ///
    /// # Errors
    ///
    /// The reason of the refusal; neither packet nor opener have changed then.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, Refusal> {
        let claim = srtcp::read_claim(self.master.suite(), packet)?;
        self.examine_rtcp(claim.ssrc, claim.index)?;
        let keys = RtcpKeys::derive(&self.master);
        srtcp::verify(&keys, packet, &claim)?;
        self.admit_rtcp(claim.ssrc, claim.index)?;
        srtcp::decrypt(&keys, packet, &claim);
        Ok(claim.len)
    }

    /// Gives back tries that were spent on packets of another rollover.
    ///
    /// A packet whose tag does not fit, or whose index is too old, is tried once one rollover ahead, since the
    /// sender may have gone on during a long silence. Each such try costs an HMAC that a forger could ask for as
    /// often as he likes; the owner of the opener therefore grants tries at its own pace. At most four are saved
    /// up.
    pub fn grant_recoveries(&mut self, tries: u8) {
        self.recoveries = self.recoveries.saturating_add(tries).min(RECOVERIES_MAX);
    }

    /// Returns what another process needs to go on opening: indices, but no keys.
    #[must_use]
    pub fn export(&self) -> OpenerSnapshot {
        OpenerSnapshot::of_table(|place| {
            let Source { ssrc, rtcp_next, rtp_next, .. } = *self.known().get(place)?;
            Some(OpenerSource { ssrc, rtcp_next, rtp_next })
        })
    }

    /// Goes on where a snapshot ended: what it had reached or passed is not accepted again.
    pub fn import(&mut self, snapshot: &OpenerSnapshot) {
        self.sources_len = 0;
        self.windows = Windows::new(self.windows.size());
        for imported in snapshot.sources() {
            self.sources[usize::from(self.sources_len)] = Source {
                ssrc: imported.ssrc,
                rtcp_next: imported.rtcp_next,
                rtcp_seen: u64::MAX,
                rtp_next: imported.rtp_next,
            };
            self.sources_len += 1;
        }
    }

    /// Finds the index that a packet probably has, and whether it can be new. Changes nothing.
    #[inline]
    pub(crate) fn guess(&self, ssrc: u32, sequence: u16) -> Result<Guess, Refusal> {
        let Some(place) = self.find(ssrc) else {
            let index = u64::from(sequence);
            return if self.has_room() {
                Ok(Guess { index, newness: Ok(()) })
            } else {
                Err(Refusal::SourcesFull)
            };
        };
        let next = self.sources[place].rtp_next;
        let index = estimate(next, sequence).ok_or(Refusal::KeyExhausted)?;
        Ok(Guess { index, newness: self.windows.check(place, next, index) })
    }

    /// Takes one from the budget of tries; returns the index one rollover ahead, if both exist.
    ///
    /// After a silence of half a cycle a new packet looks like an old one, after a longer one like a forged one.
    pub(crate) fn spend_recovery(&mut self, estimate: u64) -> Option<u64> {
        let ahead = estimate + (1 << 16);
        let left = self.recoveries.checked_sub(1).filter(|_| ahead <= INDEX_MAX)?;
        self.recoveries = left;
        Some(ahead)
    }

    /// Records a packet that is authentic and new.
    #[inline]
    pub(crate) fn record(&mut self, ssrc: u32, index: u64) -> Result<(), Refusal> {
        let place = self.find_or_add(ssrc)?;
        let source = &mut self.sources[place];
        debug_assert!(self.windows.check(place, source.rtp_next, index).is_ok(), "nothing is recorded twice");
        source.rtp_next = self.windows.mark(place, source.rtp_next, index);
        Ok(())
    }

    fn examine_rtcp(&self, ssrc: u32, index: u32) -> Result<(), Refusal> {
        match self.find(ssrc) {
            Some(place) => self.sources[place].check_rtcp_replay(index),
            None => self.has_room().then_some(()).ok_or(Refusal::SourcesFull),
        }
    }

    fn admit_rtcp(&mut self, ssrc: u32, index: u32) -> Result<(), Refusal> {
        let place = self.find_or_add(ssrc)?;
        let source = &mut self.sources[place];
        if index >= source.rtcp_next {
            let step = index + 1 - source.rtcp_next;
            source.rtcp_seen = source.rtcp_seen.checked_shl(step).unwrap_or(0);
            source.rtcp_next = index + 1;
        }
        source.rtcp_seen |= 1 << (source.rtcp_next - 1 - index);
        Ok(())
    }

    fn known(&self) -> &[Source] {
        &self.sources[..usize::from(self.sources_len)]
    }

    fn has_room(&self) -> bool {
        self.known().len() < SOURCES_MAX
    }

    #[inline]
    fn find(&self, ssrc: u32) -> Option<usize> {
        self.known().iter().position(|source| source.ssrc == ssrc)
    }

    fn find_or_add(&mut self, ssrc: u32) -> Result<usize, Refusal> {
        if let Some(place) = self.find(ssrc) {
            return Ok(place);
        }
        let place = usize::from(self.sources_len);
        let source = self.sources.get_mut(place).ok_or(Refusal::SourcesFull)?;
        *source = Source { ssrc, ..Source::EMPTY };
        self.sources_len += 1;
        Ok(place)
    }
}

impl Source {
    /// RFC 3711 section 3.3.2 asks for a window of at least 64 packets; at one RTCP packet in five seconds
    /// that is five minutes.
    fn check_rtcp_replay(&self, index: u32) -> Result<(), Refusal> {
        let Some(age) = self.rtcp_next.checked_sub(index + 1) else {
            return Ok(());
        };
        if age >= u64::BITS {
            return Err(Refusal::TooOld);
        }
        if self.rtcp_seen >> age & 1 == 1 { Err(Refusal::Replayed) } else { Ok(()) }
    }
}
