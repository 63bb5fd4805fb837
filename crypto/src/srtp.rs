//! SRTP over batches of packets (RFC 3711 section 3.3, RFC 7714 section 8).
//!
//! [`open_batch`] and [`seal_batch`] are written as the phases that a packet goes through; a single packet is
//! a batch of one. The state of a source is in `opener.rs` and `sealer.rs`, the ciphers behind `cipher.rs`.

use core::ops::IndexMut;

use crate::cipher::{Engine, HmacKey, LANES_MAX, Message};
use crate::key::is_same_tag;
use crate::rtp_keys::{RtpKeys, TagKey};
use crate::{Opener, Refusal, Sealer};

/// The most packets that one batch takes; more are taken in several.
pub const BATCH_MAX: usize = 64;

/// The longest packet: a UDP datagram counts its length in 16 bits.
///
/// It is also what makes the 16-bit block counter enough: 65,535 bytes are 4,096 blocks.
pub(crate) const PACKET_LEN_MAX: usize = 65_535;

/// What the transforms need to know of an RTP header. The caller has parsed it; this crate does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Bytes that stay readable: fixed header, contributing sources and extension.
    pub header_len: usize,
    /// The synchronisation source.
    pub ssrc: u32,
    /// The sequence number.
    pub sequence: u16,
}

/// One packet of a batch: where it is, whose it is, and in the end what became of it.
pub struct Job<'b> {
    /// The place of the packet's sealer or opener in the table that comes with the batch.
    pub slot: usize,
    parts: Parts,
    buffer: &'b mut [u8],
    /// Where the packet ends without its tag.
    end: usize,
    /// The index that the packet is sealed with, or tried with.
    index: u64,
    /// Whether the tag at that index is to be computed together with those of the batch.
    wants_tag: bool,
    authentic: bool,
    outcome: Result<usize, Refusal>,
}

impl<'b> Job<'b> {
    /// Describes the packet in the first `len` bytes of `buffer`.
    ///
    /// For sealing, [`Suite::rtp_tag_len`](crate::Suite::rtp_tag_len) more bytes must follow in the buffer.
    #[inline]
    pub fn new(slot: usize, buffer: &'b mut [u8], len: usize, parts: Parts) -> Self {
        let outcome = if len > PACKET_LEN_MAX {
            Err(Refusal::TooLong)
        } else if parts.header_len > len || len > buffer.len() {
            Err(Refusal::Truncated)
        } else {
            Ok(len)
        };
        Self { slot, parts, buffer, end: len, index: 0, wants_tag: true, authentic: false, outcome }
    }

    /// Returns the new length of the packet, or why it was refused.
    ///
    /// A refused packet must not be forwarded; its bytes are then those that came in.
    ///
    /// # Errors
    ///
    /// The reason of the refusal.
    #[inline]
    pub fn outcome(&self) -> Result<usize, Refusal> {
        self.outcome
    }

    /// Returns the whole buffer.
    #[inline]
    pub fn buffer(&self) -> &[u8] {
        self.buffer
    }

    #[inline]
    fn body(&mut self) -> &mut [u8] {
        &mut self.buffer[self.parts.header_len..self.end]
    }

    #[inline]
    fn is_pending(&self) -> bool {
        self.outcome.is_ok()
    }

    /// Writes the tag behind the packet.
    #[inline]
    fn append(&mut self, tag: &[u8]) {
        self.buffer[self.end..self.end + tag.len()].copy_from_slice(tag);
    }

    /// Compares the tag of the packet with the one it should have.
    #[inline]
    fn compare(&mut self, tag: &[u8]) {
        self.authentic = is_same_tag(&self.buffer[self.end..self.end + tag.len()], tag);
    }
}

/// Protects every packet with the sealer in its slot.
///
/// # Panics
///
/// If a job names a slot that the table does not have.
pub fn seal_batch<T>(engine: Engine, sealers: &mut T, jobs: &mut [Job<'_>])
where
    T: IndexMut<usize, Output = Sealer> + ?Sized,
{
    for jobs in jobs.chunks_mut(BATCH_MAX) {
        for job in jobs.iter_mut().filter(|job| job.is_pending()) {
            let sealer = &mut sealers[job.slot];
            job.outcome = assign(sealer, job);
        }
        for job in jobs.iter_mut().filter(|job| job.is_pending()) {
            let keys = &sealers[job.slot].rtp;
            let iv = keys.iv(job.parts.ssrc, job.index);
            engine.aes.apply_keystream(&keys.aes, iv, keys.first_block, job.body());
        }
        let sealers = &*sealers;
        each_tag(engine, |slot| &sealers[slot].rtp, jobs, |job, tag| job.append(tag));
    }
}

/// Takes the index of a packet for good, once it is sure that the packet can be sealed.
fn assign(sealer: &mut Sealer, job: &mut Job<'_>) -> Result<usize, Refusal> {
    let sealed_len = job.end + sealer.rtp.tag_len();
    if sealed_len > PACKET_LEN_MAX {
        return Err(Refusal::TooLong);
    }
    if sealed_len > job.buffer.len() {
        return Err(Refusal::BufferFull);
    }
    job.index = sealer.assign(job.parts.ssrc, job.parts.sequence)?;
    Ok(sealed_len)
}

/// Checks and decrypts every packet with the opener in its slot.
///
/// Nothing of an opener changes for a packet that is refused, but for the budget of second tries.
///
/// # Panics
///
/// If a job names a slot that the table does not have.
pub fn open_batch<T>(engine: Engine, openers: &mut T, jobs: &mut [Job<'_>])
where
    T: IndexMut<usize, Output = Opener> + ?Sized,
{
    for jobs in jobs.chunks_mut(BATCH_MAX) {
        for job in jobs.iter_mut().filter(|job| job.is_pending()) {
            job.outcome = examine(&openers[job.slot], job);
        }
        let known = &*openers;
        each_tag(engine, |slot| &known[slot].rtp, jobs, |job, tag| job.compare(tag));
        for job in jobs.iter_mut().filter(|job| job.is_pending()) {
            job.outcome = admit(engine, &mut openers[job.slot], job);
        }
        for job in jobs.iter_mut().filter(|job| job.is_pending()) {
            let keys = &openers[job.slot].rtp;
            let iv = keys.iv(job.parts.ssrc, job.index);
            engine.aes.apply_keystream(&keys.aes, iv, keys.first_block, job.body());
        }
    }
}

/// The checks that cost little: lengths, source, estimated index, replay window.
fn examine(opener: &Opener, job: &mut Job<'_>) -> Result<usize, Refusal> {
    let Some(end) = job.end.checked_sub(opener.rtp.tag_len()).filter(|end| *end >= job.parts.header_len)
    else {
        return Err(Refusal::Truncated);
    };
    let guess = opener.guess(job.parts.ssrc, job.parts.sequence)?;
    job.end = end;
    job.index = guess.index;
    // What cannot be new is left to `admit`, which may look for it one rollover ahead.
    job.wants_tag = guess.newness.is_ok();
    Ok(end)
}

/// The verdict on a packet whose tag has been computed, and the only change of state.
fn admit(engine: Engine, opener: &mut Opener, job: &mut Job<'_>) -> Result<usize, Refusal> {
    let guess = opener.guess(job.parts.ssrc, job.parts.sequence)?;
    let is_tried = job.wants_tag && job.index == guess.index;
    // An earlier packet of this batch may have moved the guess since.
    if guess.newness.is_ok() && !is_tried {
        verify(engine, opener, job, guess.index);
    }
    let refusal = match guess.newness {
        Ok(()) if job.authentic => None,
        Ok(()) => Some(Refusal::BadTag),
        // Networks repeat packets of their own accord: a copy costs nothing.
        Err(Refusal::Replayed) => return Err(Refusal::Replayed),
        Err(refusal) => Some(refusal),
    };
    if let Some(refusal) = refusal {
        // After a long silence the sender may be one rollover ahead; each try is paid for.
        let ahead = opener.spend_recovery(guess.index).ok_or(refusal)?;
        verify(engine, opener, job, ahead);
        if !job.authentic {
            return Err(refusal);
        }
    }
    opener.record(job.parts.ssrc, job.index)?;
    Ok(job.end)
}

/// Checks the tag of one packet at another index.
fn verify(engine: Engine, opener: &Opener, job: &mut Job<'_>, index: u64) {
    (job.index, job.wants_tag) = (index, true);
    each_tag(engine, |_| &opener.rtp, core::slice::from_mut(job), |job, tag| job.compare(tag));
}

/// Computes the tag of every pending packet that wants one, and hands it to `finish`.
///
/// Packets with HMAC are gathered until they fill the lanes; a GCM packet keeps the processor busy by itself.
fn each_tag<'k>(
    engine: Engine,
    keys_of: impl Fn(usize) -> &'k RtpKeys,
    jobs: &mut [Job<'_>],
    finish: impl Fn(&mut Job<'_>, &[u8]),
) {
    let mut lanes = [0; LANES_MAX];
    let mut filled = 0;
    for place in 0..jobs.len() {
        let job = &mut jobs[place];
        if !job.is_pending() || !job.wants_tag {
            continue;
        }
        let keys = keys_of(job.slot);
        match &keys.tag_key {
            TagKey::Ghash(ghash) => {
                let (header, rest) = job.buffer.split_at(job.parts.header_len);
                let ciphertext = &rest[..job.end - header.len()];
                let iv = keys.iv(job.parts.ssrc, job.index);
                let tag = engine.gcm_tag((&keys.aes, ghash), iv, header, ciphertext);
                finish(job, &tag[..keys.tag_len()]);
            }
            TagKey::Hmac(_) => {
                lanes[filled] = place;
                filled += 1;
                if filled == LANES_MAX {
                    finish_lanes(engine, &keys_of, jobs, &lanes, &finish);
                    filled = 0;
                }
            }
        }
    }
    finish_lanes(engine, &keys_of, jobs, &lanes[..filled], &finish);
}

/// Authenticates the packets at these places side by side.
fn finish_lanes<'k>(
    engine: Engine,
    keys_of: &impl Fn(usize) -> &'k RtpKeys,
    jobs: &mut [Job<'_>],
    places: &[usize],
    finish: &impl Fn(&mut Job<'_>, &[u8]),
) {
    let mut tags = [[0; 20]; LANES_MAX];
    let tags = &mut tags[..places.len()];
    {
        let mut messages = [Message { key: HmacKey::unused(), packet: &[], rollover: 0 }; LANES_MAX];
        let messages = &mut messages[..places.len()];
        for (message, place) in messages.iter_mut().zip(places) {
            let job = &jobs[*place];
            if let TagKey::Hmac(key) = &keys_of(job.slot).tag_key {
                // RFC 3711 section 4.2: the rollover counter is authenticated behind the packet.
                *message =
                    Message { key, packet: &job.buffer[..job.end], rollover: (job.index >> 16) as u32 };
            }
        }
        engine.sha1.tags(messages, tags);
    }
    for (place, tag) in places.iter().zip(tags) {
        let job = &mut jobs[*place];
        finish(job, &tag[..keys_of(job.slot).tag_len()]);
    }
}
