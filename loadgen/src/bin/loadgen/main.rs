//! The command `loadgen`: load for a node, and a verdict on what it did with it.

#![forbid(unsafe_code)]

mod calls;
mod media;

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a command ends with: its exit code, or why it could not do its work.
type Outcome = Result<ExitCode, Box<dyn Error>>;

/// Offers load to a running node, and judges what comes out.
#[derive(Parser)]
#[command(name = "loadgen", version, after_help = FIRST_STEPS)]
struct Loadgen {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Calls(calls::Arguments),
    Media(media::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Loadgen::try_parse() {
        Ok(Loadgen { command: Command::Calls(arguments) }) => calls::run(&arguments),
        Ok(Loadgen { command: Command::Media(arguments) }) => media::run(&arguments),
        Err(error) => explain(&error),
    };
    outcome.unwrap_or_else(|error| {
        // When standard error is closed, there is nobody left to tell.
        let _ = writeln!(io::stderr(), "loadgen: {error}");
        ExitCode::from(FAILURE)
    })
}

/// Answers a command line that is no command: with help where it was asked for, else with the reason.
fn explain(error: &clap::Error) -> Outcome {
    let text = error.to_string();
    if !error.use_stderr() {
        write!(io::stdout(), "{text}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let reason = text.strip_prefix("error: ").unwrap_or(&text);
    write!(io::stderr(), "loadgen: {reason}")?;
    Ok(ExitCode::from(FAILURE))
}

/// The exit code for what could not be done at all: a wrong command line, no media process, no port.
const FAILURE: u8 = 2;

/// The exit code of who was stopped at once.
const STOPPED: u8 = 130;

const FIRST_STEPS: &str = "\
First steps:
  loadgen media --control media.sock                     100 sessions over loopback for ten seconds
  loadgen media --control media.sock --suite-a AES_CM_128_HMAC_SHA1_80
                                                         the same, with side A protected
  loadgen media --control media.sock --search            the largest rate without loss
  loadgen calls --start                                  an appliance of its own, and 100 calls a second for ten seconds
  loadgen calls --start --search                         the largest rate of calls";
