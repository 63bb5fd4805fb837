//! `trunkline suites`: what can be negotiated, and what it runs on.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use crypto::{Engine, Spelling, Suite, SuiteName};
use serde_json::json;

use crate::Outcome;

/// List the crypto suites, and the engine that runs them.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Print one JSON object instead.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let mut stdout = io::stdout().lock();
    if arguments.json {
        writeln!(stdout, "{}", as_json())?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(
        stdout,
        "{:<24} {:>3} {:>4} {:>7} {:>8}  also written",
        "suite", "key", "salt", "rtp tag", "rtcp tag"
    )?;
    for suite in Suite::ALL {
        let line = format!(
            "{:<24} {:>3} {:>4} {:>7} {:>8}  {}",
            suite.name(),
            suite.key_len(),
            suite.salt_len(),
            suite.rtp_tag_len(),
            suite.rtcp_tag_len(),
            other_spelling(suite).unwrap_or_default(),
        );
        writeln!(stdout, "{}", line.trim_end())?;
    }
    writeln!(stdout, "\nlengths in bytes; --key takes key and salt together\nengine: {}", Engine::best())?;
    Ok(ExitCode::SUCCESS)
}

fn as_json() -> serde_json::Value {
    let suites = Suite::ALL.map(|suite| {
        json!({
            "name": suite.name(),
            "also_written": other_spelling(suite),
            "key_len": suite.key_len(),
            "salt_len": suite.salt_len(),
            "rtp_tag_len": suite.rtp_tag_len(),
            "rtcp_tag_len": suite.rtcp_tag_len(),
        })
    });
    json!({ "suites": suites, "engine": Engine::best().to_string() })
}

/// Returns the second name of a suite, if it has one.
fn other_spelling(suite: Suite) -> Option<String> {
    let other = SuiteName { suite, spelling: Spelling::Swapped }.to_string();
    (other != suite.name()).then_some(other)
}
