//! Signatures both ways: the published ones, every refusal, and what holds for all.

mod letter;
mod properties;
mod refusals;
mod suite;
