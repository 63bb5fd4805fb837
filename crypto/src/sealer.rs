//! The sending side: which indices were used.

use crate::cipher::Engine;
use crate::rollover::{INDEX_MAX, estimate};
use crate::rtp_keys::RtpKeys;
use crate::snapshot::{Reserve, SealerSnapshot, SealerSource};
use crate::srtcp::{RTCP_INDEX_MAX, RtcpKeys};
use crate::{Job, MasterKey, Parts, Refusal, seal_batch, srtcp};

/// How many sources one key protects: the relay gives each direction one, whatever is behind it, and a second may
/// report.
pub(crate) const SOURCES_MAX: usize = 2;

/// How far behind the highest index a packet may still be sealed, if its index is unused: the plain packets
/// come from a network that reorders them too.
const REORDER_MAX: u64 = u64::BITS as u64;

/// RFC 3711 section 3.3.1: no estimate lies further ahead, save one that would have to lie before index zero.
const AHEAD_MAX: u64 = 1 << 15;

/// Protects what leaves on one side of a call.
///
/// An index never protects two packets: what would repeat one is refused. The table of sources never forgets
/// one, because a forgotten source would start at index zero again.
pub struct Sealer {
    sources: [Source; SOURCES_MAX],
    sources_len: u8,
    /// Whether somebody holds a snapshot of this sealer, so that it may use reserved indices only.
    is_exported: bool,
    pub(crate) rtp: RtpKeys,
    master: MasterKey,
}

/// What was sent for one synchronisation source.
#[derive(Clone, Copy)]
struct Source {
    ssrc: u32,
    /// The next RTCP index to use.
    rtcp_next: u32,
    /// RTCP indices below this one are reserved.
    rtcp_mark: u32,
    /// The highest RTP index used, plus one.
    rtp_next: u64,
    /// RTP indices below this one are reserved.
    rtp_mark: u64,
    /// Bit `n` says whether RTP index `rtp_next - 1 - n` was used.
    rtp_used: u64,
}

impl Sealer {
    /// Makes a sealer that has sent nothing yet. A key must never have two of them.
    #[must_use]
    pub fn new(key: &MasterKey) -> Self {
        Self {
            sources: [Source::new(0); SOURCES_MAX],
            sources_len: 0,
            is_exported: false,
            rtp: RtpKeys::derive(key),
            master: key.kept(),
        }
    }

    /// Encrypts and authenticates the RTP packet in the first `len` bytes in place; returns the new length.
    ///
    /// # Errors
    ///
    /// The reason of the refusal; the packet has not changed, and no index is used.
    pub fn seal_rtp(&mut self, buffer: &mut [u8], len: usize, parts: Parts) -> Result<usize, Refusal> {
        let mut job = Job::new(0, buffer, len, parts);
        seal_batch(Engine::best(), core::slice::from_mut(self), core::slice::from_mut(&mut job));
        job.outcome()
    }

    /// Tells whether both were made with the same key.
    #[must_use]
    pub fn same_key_as(&self, other: &Self) -> bool {
        self.master.same_as(&other.master)
    }

    /// Encrypts and authenticates the RTCP packet in the first `len` bytes in place; returns the new length.
    ///
    /// # Errors
    ///
    /// The reason of the refusal; the packet has not changed, and no index is used.
    pub fn seal_rtcp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, Refusal> {
        let ssrc = srtcp::check_room(self.master.suite(), buffer, len)?;
        let source = self.find_or_add(ssrc)?;
        let index = source.rtcp_next;
        if index > RTCP_INDEX_MAX {
            return Err(Refusal::KeyExhausted);
        }
        if index >= source.rtcp_mark {
            return Err(Refusal::NotReserved);
        }
        source.rtcp_next = index + 1;
        Ok(srtcp::seal(&RtcpKeys::derive(&self.master), buffer, len, ssrc, index))
    }

    /// Returns what another process needs to go on sealing, and reserves indices for the time until the next
    /// export.
    ///
    /// From now on this sealer seals only so many packets of each source: whoever imports the snapshot starts
    /// behind them, and so never repeats one that was sent after the export. Export again, early enough, to go
    /// on, and see that the snapshot reaches whoever may take over before you use what it reserves. A source that
    /// was not known yet is refused as not reserved until the next export, which includes it.
    pub fn export(&mut self, reserve: Reserve) -> SealerSnapshot {
        self.is_exported = true;
        let known = &mut self.sources[..usize::from(self.sources_len)];
        SealerSnapshot::of_table(|place| {
            let source = known.get_mut(place)?;
            source.rtp_mark = source.rtp_next.saturating_add(reserve.rtp.into()).min(INDEX_MAX + 1);
            source.rtcp_mark = source.rtcp_next.saturating_add(reserve.rtcp).min(RTCP_INDEX_MAX + 1);
            let Source { ssrc, rtcp_mark, rtp_mark, .. } = *source;
            Some(SealerSource { ssrc, rtcp_mark, rtp_mark })
        })
    }

    /// Goes on behind the marks of a snapshot: every index below them counts as used.
    pub fn import(&mut self, snapshot: &SealerSnapshot) {
        self.sources_len = 0;
        for imported in snapshot.sources() {
            self.sources[usize::from(self.sources_len)] = Source {
                rtcp_next: imported.rtcp_mark,
                rtp_next: imported.rtp_mark,
                rtp_used: u64::MAX,
                ..Source::new(imported.ssrc)
            };
            self.sources_len += 1;
        }
    }

    /// Returns the sequence number that continues a source without a gap or a repeated index, if it has sent and
    /// may go on.
    #[must_use]
    pub fn next_sequence(&self, ssrc: u32) -> Option<u16> {
        let source =
            self.sources[..usize::from(self.sources_len)].iter().find(|source| source.ssrc == ssrc)?;
        (1..=INDEX_MAX).contains(&source.rtp_next).then_some((source.rtp_next & 0xffff) as u16)
    }

    /// Takes the index of a packet for good.
    #[inline]
    pub(crate) fn assign(&mut self, ssrc: u32, sequence: u16) -> Result<u64, Refusal> {
        self.find_or_add(ssrc)?.assign(sequence)
    }

    fn find_or_add(&mut self, ssrc: u32) -> Result<&mut Source, Refusal> {
        let known = usize::from(self.sources_len);
        let place = self.sources[..known].iter().position(|source| source.ssrc == ssrc).unwrap_or(known);
        let source = self.sources.get_mut(place).ok_or(Refusal::SourcesFull)?;
        if place == known {
            *source = Source::new(ssrc);
            if self.is_exported {
                (source.rtp_mark, source.rtcp_mark) = (0, 0);
            }
            self.sources_len += 1;
        }
        Ok(source)
    }
}

impl Source {
    const fn new(ssrc: u32) -> Self {
        Self {
            ssrc,
            rtcp_next: 0,
            rtcp_mark: RTCP_INDEX_MAX + 1,
            rtp_next: 0,
            rtp_mark: INDEX_MAX + 1,
            rtp_used: 0,
        }
    }

    #[inline]
    fn assign(&mut self, sequence: u16) -> Result<u64, Refusal> {
        // A source without any reservation has sent nothing yet, however often it was refused.
        let next = if self.rtp_mark > 0 { self.rtp_next } else { 0 };
        let index = estimate(next, sequence).ok_or(Refusal::KeyExhausted)?;
        if next > 0 && index.saturating_sub(next) >= AHEAD_MAX {
            // It is late, and from before cycle zero, where this key has no index.
            return Err(Refusal::IndexUsed);
        }
        if index >= self.rtp_mark {
            // The next export reserves from here on, wherever a source begins or jumps to.
            (self.rtp_next, self.rtp_used) = (index, u64::MAX);
            return Err(Refusal::NotReserved);
        }
        let Some(age) = (self.rtp_next).checked_sub(index + 1) else {
            let step = index + 1 - self.rtp_next;
            self.rtp_used = if step < REORDER_MAX { self.rtp_used << step | 1 } else { 1 };
            self.rtp_next = index + 1;
            return Ok(index);
        };
        if age >= REORDER_MAX || self.rtp_used >> age & 1 == 1 {
            return Err(Refusal::IndexUsed);
        }
        self.rtp_used |= 1 << age;
        Ok(index)
    }
}
