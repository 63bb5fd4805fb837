//! SRTCP, one packet at a time (RFC 3711 section 3.4, RFC 7714 section 9).
//!
//! A flow has one RTCP packet in five seconds, so that clarity and room win over speed here: the session keys are
//! derived when a packet comes, and counter mode and HMAC are those of the RustCrypto crates.

use crate::cipher::{AesKey, Engine, GhashKey, keystream_portable, tag_of_parts};
use crate::kdf::{Label, derive};
use crate::key::{Secret, is_same_tag};
use crate::rtp_keys::{counter_mode_iv, gcm_iv};
use crate::srtp::PACKET_LEN_MAX;
use crate::{MasterKey, Refusal, Suite};

/// RFC 3711 section 3.4: the index has 31 bits and a key protects no more packets than that.
pub(crate) const RTCP_INDEX_MAX: u32 = (1 << 31) - 1;

/// The bit above the index: the packet is encrypted.
const ENCRYPTED: u32 = 1 << 31;

/// What stays readable: the first header with the source of the sender.
const HEADER_LEN: usize = 8;

/// The index with its bit.
const INDEX_LEN: usize = 4;

/// The session keys of one direction of RTCP.
pub(crate) struct RtcpKeys {
    key: Secret<32>,
    authentication: Secret<20>,
    salt: Secret<16>,
    suite: Suite,
}

impl RtcpKeys {
    pub(crate) fn derive(master: &MasterKey) -> Self {
        let suite = master.suite();
        let mut keys =
            Self { key: Secret([0; 32]), authentication: Secret([0; 20]), salt: Secret([0; 16]), suite };
        derive(master, Label::RtcpEncryption, &mut keys.key.0[..suite.key_len()]);
        derive(master, Label::RtcpAuthentication, &mut keys.authentication.0);
        derive(master, Label::RtcpSalt, &mut keys.salt.0[..suite.salt_len()]);
        keys
    }

    /// Takes the session keys of GCM as RFC 7714 publishes them.
    #[cfg(test)]
    pub(crate) fn of_gcm_session(suite: Suite, key: &[u8], salt: &[u8]) -> Self {
        let mut keys =
            Self { key: Secret([0; 32]), authentication: Secret([0; 20]), salt: Secret([0; 16]), suite };
        keys.key.0[..key.len()].copy_from_slice(key);
        keys.salt.0[..12].copy_from_slice(salt);
        keys
    }

    fn key(&self) -> &[u8] {
        &self.key.0[..self.suite.key_len()]
    }

    /// Adds the keystream of one packet to what is behind its header.
    fn apply_keystream(&self, ssrc: u32, index: u32, data: &mut [u8]) {
        if self.suite.is_aead() {
            // RFC 7714 section 9.1: block 1 masks the tag, the data begin at block 2.
            keystream_portable(self.key(), gcm_iv(&self.salt, ssrc, index.into()), 2, data);
        } else {
            keystream_portable(self.key(), counter_mode_iv(&self.salt, ssrc, index.into()), 0, data);
        }
    }

    /// Computes the tag of an encrypted packet.
    fn tag(&self, ssrc: u32, index: u32, packet: &[u8]) -> [u8; 20] {
        let word = (ENCRYPTED | index).to_be_bytes();
        if !self.suite.is_aead() {
            // RFC 3711 section 3.4: the tag covers the packet and the index word behind it.
            return tag_of_parts(&self.authentication.0, &[packet, &word]);
        }
        // RFC 7714 section 9.2: header and index word are the associated data.
        let (header, ciphertext) = packet.split_at(HEADER_LEN);
        let mut associated = [0; HEADER_LEN + INDEX_LEN];
        associated[..HEADER_LEN].copy_from_slice(header);
        associated[HEADER_LEN..].copy_from_slice(&word);
        let keys = (&AesKey::new(self.key()), &GhashKey::of_aes_key(self.key()));
        let iv = gcm_iv(&self.salt, ssrc, index.into());
        let mut tag = [0; 20];
        tag[..16].copy_from_slice(&Engine::best().gcm_tag(keys, iv, &associated, ciphertext));
        tag
    }
}

/// How much longer a packet becomes.
fn overhead(suite: Suite) -> usize {
    suite.rtcp_tag_len() + INDEX_LEN
}

/// Returns where index word and tag begin behind a packet of this length.
///
/// With HMAC the tag comes last; with GCM it belongs to the ciphertext, and the index word comes last
/// (RFC 7714 section 9.2).
fn trailer(suite: Suite, len: usize) -> (usize, usize) {
    if suite.is_aead() { (len + suite.rtcp_tag_len(), len) } else { (len, len + INDEX_LEN) }
}

/// What a received packet says of itself, before any of it is believed.
pub(crate) struct Claim {
    pub(crate) ssrc: u32,
    pub(crate) index: u32,
    /// The length without index and tag.
    pub(crate) len: usize,
}

/// Reads source and index of a received packet.
pub(crate) fn read_claim(suite: Suite, packet: &[u8]) -> Result<Claim, Refusal> {
    let Some(len) = packet.len().checked_sub(overhead(suite)).filter(|len| *len >= HEADER_LEN) else {
        return Err(Refusal::Truncated);
    };
    if packet.len() > PACKET_LEN_MAX {
        return Err(Refusal::TooLong);
    }
    let (index_at, _) = trailer(suite, len);
    let word = word_at(packet, index_at);
    if word & ENCRYPTED == 0 {
        return Err(Refusal::Unencrypted);
    }
    Ok(Claim { ssrc: word_at(packet, 4), index: word & !ENCRYPTED, len })
}

/// Checks the tag of a received packet.
pub(crate) fn verify(keys: &RtcpKeys, packet: &[u8], claim: &Claim) -> Result<(), Refusal> {
    let (_, tag_at) = trailer(keys.suite, claim.len);
    let tag_len = keys.suite.rtcp_tag_len();
    let expected = keys.tag(claim.ssrc, claim.index, &packet[..claim.len]);
    let fits = is_same_tag(&packet[tag_at..tag_at + tag_len], &expected[..tag_len]);
    if fits { Ok(()) } else { Err(Refusal::BadTag) }
}

/// Decrypts a packet whose tag was checked.
pub(crate) fn decrypt(keys: &RtcpKeys, packet: &mut [u8], claim: &Claim) {
    keys.apply_keystream(claim.ssrc, claim.index, &mut packet[HEADER_LEN..claim.len]);
}

/// Checks that a packet can be sealed in its buffer; returns its source.
pub(crate) fn check_room(suite: Suite, buffer: &[u8], len: usize) -> Result<u32, Refusal> {
    if len.saturating_add(overhead(suite)) > PACKET_LEN_MAX {
        return Err(Refusal::TooLong);
    }
    if len < HEADER_LEN || len > buffer.len() {
        return Err(Refusal::Truncated);
    }
    if buffer.len() - len < overhead(suite) {
        return Err(Refusal::BufferFull);
    }
    Ok(word_at(buffer, 4))
}

/// Encrypts and authenticates a packet whose room was checked; returns its new length.
pub(crate) fn seal(keys: &RtcpKeys, buffer: &mut [u8], len: usize, ssrc: u32, index: u32) -> usize {
    keys.apply_keystream(ssrc, index, &mut buffer[HEADER_LEN..len]);
    let tag_len = keys.suite.rtcp_tag_len();
    let tag = keys.tag(ssrc, index, &buffer[..len]);
    let (index_at, tag_at) = trailer(keys.suite, len);
    buffer[index_at..index_at + INDEX_LEN].copy_from_slice(&(ENCRYPTED | index).to_be_bytes());
    buffer[tag_at..tag_at + tag_len].copy_from_slice(&tag[..tag_len]);
    len + overhead(keys.suite)
}

/// Reads the big-endian word at `offset`; the callers have checked that it is there.
fn word_at(packet: &[u8], offset: usize) -> u32 {
    u32::from_be_bytes(*packet[offset..].first_chunk().expect("the length was checked before"))
}
