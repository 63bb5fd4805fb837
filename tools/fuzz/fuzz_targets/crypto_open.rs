#![no_main]
#[path = "../../../crypto/tests/bodies/crypto_open.rs"]
mod body;
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
