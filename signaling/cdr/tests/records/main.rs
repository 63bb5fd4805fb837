//! From the first byte of a call to the object in the bucket, and everything that may come between.

#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]

mod bucket;
mod damage;
mod disk;
mod folder;
mod full;
mod golden;
mod journal;
mod kill;
mod moto;
mod properties;
mod sample;
mod segments;
mod tmpfs;
mod web;
