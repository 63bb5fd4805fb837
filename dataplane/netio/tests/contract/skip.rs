//! Tests that lack something say so.

use std::io::Write;

/// Says what a test lacks: straight to the descriptor, as what a passing test prints is not shown, and in one piece, as
/// others may do so at the same time.
pub(crate) fn skip(lacking: &str) {
    let line = format!("SKIPPED: {lacking}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("stderr is open");
}
