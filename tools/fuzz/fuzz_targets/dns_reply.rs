#![no_main]
#[path = "../../../signaling/transport/tests/bodies/dns_reply.rs"]
mod body;
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
