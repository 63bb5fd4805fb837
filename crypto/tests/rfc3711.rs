//! The published vectors of RFC 3711: AES in counter mode with 128 bits.

use crypto::Suite;

#[path = "media/published.rs"]
mod published;

use published::reader;

const VECTORS: &str = include_str!("vectors/rfc3711.txt");

#[test]
fn the_reference_gives_the_keystream_of_appendix_b2() {
    published::assert_keystream(&reader::find(VECTORS, "keystream of AES-CM with 128 bits"));
}

#[test]
fn the_reference_derives_the_keys_of_appendix_b3() {
    let vector = reader::find(VECTORS, "key derivation with 128 bits");
    published::assert_keys(&vector, Suite::AesCm128HmacSha1_80);
    // HMAC-SHA1 takes 20 bytes of the authentication key; the others are published and derived all the same.
    let mut x = [0; 16];
    x[..14].copy_from_slice(vector.field("master_salt"));
    x[7] ^= 1;
    let authentication = vector.field("authentication");
    assert_eq!(
        published::reference::keystream(vector.field("master_key"), x, authentication.len()),
        authentication
    );
}

#[test]
fn the_keys_of_appendix_b3_protect_packets_with_long_tags() {
    let vector = reader::find(VECTORS, "key derivation with 128 bits");
    published::assert_packets(&vector, Suite::AesCm128HmacSha1_80);
}

#[test]
fn the_keys_of_appendix_b3_protect_packets_with_short_tags() {
    let vector = reader::find(VECTORS, "key derivation with 128 bits");
    published::assert_packets(&vector, Suite::AesCm128HmacSha1_32);
}
