#![no_main]
#[path = "../../../signaling/sigv4/tests/bodies/sigv4_claim.rs"]
mod body;
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| drop(body::check(bytes)));
