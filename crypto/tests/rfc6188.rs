//! The published vectors of RFC 6188: AES in counter mode with 192 and 256 bits.

use crypto::Suite;

#[path = "media/published.rs"]
mod published;

use published::reader;

const VECTORS: &str = include_str!("vectors/rfc6188.txt");

#[test]
fn the_reference_gives_the_keystreams_of_sections_7_1_and_7_3() {
    for bits in [192, 256] {
        published::assert_keystream(&reader::find(VECTORS, &format!("keystream of AES-CM with {bits} bits")));
    }
}

#[test]
fn the_reference_derives_the_keys_of_section_7_2() {
    published::assert_keys(&keys_of_256_bits(), Suite::AesCm256HmacSha1_80);
}

#[test]
fn the_reference_derives_the_keys_of_section_7_4() {
    published::assert_keys(&keys_of_192_bits(), Suite::AesCm192HmacSha1_80);
}

#[test]
fn the_keys_of_section_7_2_protect_packets() {
    published::assert_packets(&keys_of_256_bits(), Suite::AesCm256HmacSha1_80);
    published::assert_packets(&keys_of_256_bits(), Suite::AesCm256HmacSha1_32);
}

#[test]
fn the_keys_of_section_7_4_protect_packets() {
    published::assert_packets(&keys_of_192_bits(), Suite::AesCm192HmacSha1_80);
    published::assert_packets(&keys_of_192_bits(), Suite::AesCm192HmacSha1_32);
}

fn keys_of_256_bits() -> reader::Vector {
    reader::find(VECTORS, "key derivation with 256 bits")
}

fn keys_of_192_bits() -> reader::Vector {
    reader::find(VECTORS, "key derivation with 192 bits")
}
