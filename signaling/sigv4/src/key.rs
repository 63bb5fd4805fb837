//! From a secret to a signature.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::credential::{Credential, TERMINATOR};

type Mac256 = Zeroizing<[u8; 32]>;

/// Signs a text with the key that a secret gives for one day, region and service.
pub(crate) fn signature(secret: &[u8], credential: &Credential, text: &str) -> Mac256 {
    let secret = Zeroizing::new([b"AWS4", secret].concat());
    let day = mac(&secret, &credential.day);
    let region = mac(&*day, &credential.region);
    let service = mac(&*region, &credential.service);
    let key = mac(&*service, TERMINATOR);
    mac(&*key, text)
}

fn mac(key: &[u8], text: &str) -> Mac256 {
    let mut keyed = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    keyed.update(text.as_bytes());
    Zeroizing::new(keyed.finalize().into_bytes().into())
}

/// Hashes bytes to lower-case hexadecimal digits.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Writes bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = |byte: &u8| [byte >> 4, byte & 15].map(|nibble| char::from_digit(u32::from(nibble), 16));
    bytes.iter().flat_map(digits).flatten().collect()
}
