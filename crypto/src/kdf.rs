//! Session keys from a master key (RFC 3711 section 4.3, RFC 6188 section 3, RFC 7714 section 11).

use crate::MasterKey;
use crate::cipher::keystream_portable;

/// What a derived key is for: the label of RFC 3711 section 4.3.2.
#[derive(Clone, Copy)]
pub(crate) enum Label {
    RtpEncryption = 0,
    RtpAuthentication = 1,
    RtpSalt = 2,
    RtcpEncryption = 3,
    RtcpAuthentication = 4,
    RtcpSalt = 5,
}

/// Fills `output` with the session key for `label`.
///
/// The key derivation rate is always zero: SDES has no way to ask for another that anyone uses, and one
/// derivation then serves the whole life of a master key.
pub(crate) fn derive(master: &MasterKey, label: Label, output: &mut [u8]) {
    // RFC 3711 section 4.3.3: the generator is AES in counter mode over zeros, its input block being the
    // master salt XOR the label in byte 7, shifted left by the 16 bits of the block counter.
    let mut iv = [0; 16];
    iv[..14].copy_from_slice(&master.salt());
    iv[7] ^= label as u8;
    output.fill(0);
    // RFC 6188 section 3: the generator uses AES with the size of the master key.
    keystream_portable(master.key(), iv, 0, output);
}
