//! The benches are the files beside `Cargo.toml`; this library is empty because a package must have a target.

#![forbid(unsafe_code)]
