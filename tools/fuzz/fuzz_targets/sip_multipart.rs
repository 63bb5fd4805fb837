#![no_main]
#[path = "../../../signaling/sip/tests/bodies/sip_multipart.rs"]
mod body;
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
