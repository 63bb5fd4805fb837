#![no_main]
#[path = "../../../signaling/sdp/tests/bodies/sdp_parse.rs"]
mod body;
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
