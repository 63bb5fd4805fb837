#![no_main]
#[path = "../../../dataplane/control/tests/bodies/control_message.rs"]
mod body;
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
