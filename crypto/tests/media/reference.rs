//! SRTP a second time: written after the standards, with the ciphers of the RustCrypto crates and nothing of
//! ours, so that both can be held against each other. The published vectors hold for this one too.

use aes::{Aes128Enc, Aes192Enc, Aes256Enc};
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use cipher::{BlockCipherEncrypt, KeyInit};
use crypto::Suite;
use hmac::{Hmac, Mac};
use sha1::Sha1;

/// Which labels the keys are derived with (RFC 3711 section 4.3.2): the first of three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    Rtp = 0,
    Rtcp = 3,
}

/// The keys that protect the packets of one channel.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SessionKeys {
    pub(crate) encryption: Vec<u8>,
    pub(crate) authentication: Vec<u8>,
    pub(crate) salt: Vec<u8>,
}

impl SessionKeys {
    /// RFC 3711 sections 4.3.1 and 4.3.3, with a key derivation rate of zero.
    pub(crate) fn derive(suite: Suite, inline: &[u8], channel: Channel) -> Self {
        let (master_key, master_salt) = inline.split_at(suite.key_len());
        let key = |step: u8, len: usize| {
            // RFC 7714 section 11: a salt of 96 bits has 16 zero bits behind it.
            let mut x = [0; 16];
            x[..master_salt.len()].copy_from_slice(master_salt);
            // The key identifier is as long as the salt, the label eight bits above its 48 bits of index.
            x[14 - 6 - 1] ^= channel as u8 + step;
            keystream(master_key, x, len)
        };
        // RFC 3711 section 5.2: the authentication key has 160 bits.
        Self {
            encryption: key(0, suite.key_len()),
            authentication: key(1, 20),
            salt: key(2, suite.salt_len()),
        }
    }

    /// RFC 3711 section 3.1 or RFC 7714 section 8, with the 48-bit index that the packet has.
    pub(crate) fn seal_rtp(&self, suite: Suite, packet: &[u8], header_len: usize, index: u64) -> Vec<u8> {
        let (header, payload) = packet.split_at(header_len);
        if suite.is_aead() {
            let sealed = self.gcm(&packet[8..12], index, header, payload);
            return [header, &sealed].concat();
        }
        let mut sealed = [header, &self.counter_mode(&packet[8..12], index, payload)].concat();
        let rollover = (index >> 16) as u32;
        let tag = self.hmac(&[&sealed, &rollover.to_be_bytes()]);
        sealed.extend(&tag[..suite.rtp_tag_len()]);
        sealed
    }

    /// RFC 3711 section 3.4 or RFC 7714 section 9, with the 31-bit index that the packet has.
    pub(crate) fn seal_rtcp(&self, suite: Suite, packet: &[u8], index: u32) -> Vec<u8> {
        let (header, rest) = packet.split_at(8);
        let word = (1 << 31 | index).to_be_bytes();
        if suite.is_aead() {
            let sealed = self.gcm(&packet[4..8], index.into(), &[header, &word].concat(), rest);
            return [header, &sealed, &word].concat();
        }
        let mut sealed = [header, &self.counter_mode(&packet[4..8], index.into(), rest), &word].concat();
        let tag = self.hmac(&[&sealed]);
        sealed.extend(&tag[..suite.rtcp_tag_len()]);
        sealed
    }

    /// RFC 7714 sections 8.1 and 9.1 for the nonce; returns ciphertext and tag.
    pub(crate) fn gcm(&self, ssrc: &[u8], index: u64, associated: &[u8], plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0; 12];
        nonce[2..6].copy_from_slice(ssrc);
        nonce[6..].copy_from_slice(&index.to_be_bytes()[2..]);
        nonce.iter_mut().zip(&self.salt).for_each(|(byte, salt)| *byte ^= salt);
        let payload = Payload { msg: plain, aad: associated };
        match self.encryption.len() {
            16 => Aes128Gcm::new_from_slice(&self.encryption).map(|gcm| gcm.encrypt(&nonce.into(), payload)),
            _ => Aes256Gcm::new_from_slice(&self.encryption).map(|gcm| gcm.encrypt(&nonce.into(), payload)),
        }
        .expect("a key of GCM has 16 or 32 bytes")
        .expect("a packet is not too long for GCM")
    }

    /// RFC 3711 section 4.1.1: salt, source and index are added where they stand above the block counter.
    fn counter_mode(&self, ssrc: &[u8], index: u64, plain: &[u8]) -> Vec<u8> {
        let mut iv = [0; 16];
        iv[4..8].copy_from_slice(ssrc);
        iv[8..14].copy_from_slice(&index.to_be_bytes()[2..]);
        iv.iter_mut().zip(&self.salt).for_each(|(byte, salt)| *byte ^= salt);
        keystream(&self.encryption, iv, plain.len()).iter().zip(plain).map(|(key, byte)| key ^ byte).collect()
    }

    fn hmac(&self, parts: &[&[u8]]) -> [u8; 20] {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.authentication).expect("HMAC takes any key");
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }
}

/// RFC 3711 section 4.1.1: the encryptions of `iv`, `iv` plus one, `iv` plus two and so on.
pub(crate) fn keystream(key: &[u8], iv: [u8; 16], len: usize) -> Vec<u8> {
    fn blocks<C: BlockCipherEncrypt<BlockSize = cipher::consts::U16> + KeyInit>(
        key: &[u8],
        iv: [u8; 16],
        len: usize,
    ) -> Vec<u8> {
        let aes = C::new_from_slice(key).expect("the length of the key has chosen the cipher");
        let first = u128::from_be_bytes(iv);
        let count = len.div_ceil(16) as u128;
        let mut keystream: Vec<u8> = (first..first + count)
            .flat_map(|counter| {
                let mut block = counter.to_be_bytes().into();
                aes.encrypt_block(&mut block);
                <[u8; 16]>::from(block)
            })
            .collect();
        keystream.truncate(len);
        keystream
    }
    match key.len() {
        16 => blocks::<Aes128Enc>(key, iv, len),
        24 => blocks::<Aes192Enc>(key, iv, len),
        _ => blocks::<Aes256Enc>(key, iv, len),
    }
}
