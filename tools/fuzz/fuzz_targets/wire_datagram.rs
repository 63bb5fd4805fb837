#![no_main]
#[path = "../../../dataplane/wire/tests/bodies/wire_datagram.rs"]
mod body;
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
