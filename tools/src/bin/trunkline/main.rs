//! The command `trunkline`: what a person at a terminal can ask of the appliance.

#![forbid(unsafe_code)]

mod check;
mod ctl;
mod demo;
mod ending;
mod faults;
mod media;
mod provision;
mod role;
mod route;
mod serve;
mod signaling;
mod srtp;
mod suites;

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

/// What a command ends with: its exit code, or why it could not do its work.
type Outcome = Result<ExitCode, Box<dyn Error>>;

/// An on-premise SIP-trunking media appliance.
#[derive(Parser)]
#[command(name = "trunkline", version, after_help = FIRST_STEPS)]
struct Trunkline {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Arguments),
    Ctl(ctl::Arguments),
    Demo(demo::Arguments),
    Media(media::Arguments),
    Provision(provision::Arguments),
    Route(route::Arguments),
    Serve(serve::Arguments),
    Signaling(signaling::Arguments),
    Srtp(srtp::Arguments),
    Suites(suites::Arguments),
}

fn main() -> ExitCode {
    if let Err(error) = loadgen::role::follow_starter() {
        return failed(&error);
    }
    let outcome = match Trunkline::try_parse() {
        Ok(trunkline) => match trunkline.command {
            Command::Check(arguments) => check::run(&arguments),
            Command::Ctl(arguments) => ctl::run(&arguments),
            Command::Demo(arguments) => demo::run(&arguments),
            Command::Media(arguments) => media::run(arguments),
            Command::Provision(arguments) => provision::run(&arguments),
            Command::Route(arguments) => route::run(&arguments),
            Command::Serve(arguments) => serve::run(&arguments),
            Command::Signaling(arguments) => signaling::run(&arguments),
            Command::Srtp(arguments) => srtp::run(arguments),
            Command::Suites(arguments) => suites::run(&arguments),
        },
        Err(error) => explain(&error),
    };
    outcome.unwrap_or_else(|error| failed(&*error))
}

/// Says why a command could not do its work.
fn failed(error: &(dyn Error + 'static)) -> ExitCode {
    // Whoever closed the pipe (`trunkline suites | head`) has read enough.
    let is_pipe_closed =
        error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
    if !is_pipe_closed {
        // When standard error is closed as well, there is nobody left to tell.
        let _ = writeln!(io::stderr(), "trunkline: {error}");
    }
    ExitCode::from(FAILURE)
}

/// Answers a command line that is no command: with help where it was asked for or is missed, else with the reason.
fn explain(error: &clap::Error) -> Outcome {
    let text = error.to_string();
    if !error.use_stderr() {
        write!(io::stdout(), "{text}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut stderr = io::stderr().lock();
    match text.strip_prefix("error: ") {
        Some(reason) => write!(stderr, "trunkline: {reason}")?,
        None => write!(stderr, "{text}")?,
    }
    if error.kind() == ErrorKind::InvalidSubcommand {
        write!(stderr, "\n{}", Trunkline::command().render_help())?;
    }
    Ok(ExitCode::from(FAILURE))
}

/// The exit code for what could not be done at all: a wrong command line, a file that cannot be read.
const FAILURE: u8 = 2;

const FIRST_STEPS: &str = "\
First steps:
  trunkline demo                     the whole appliance on loopback, proved with a call
  trunkline media --address 127.0.0.1 --control media.sock
                                     relay media here, as clients of the socket say
  trunkline ctl --control media.sock stats
                                     see what it does
  trunkline check trunkline.toml     see what is wrong in a configuration
  trunkline serve --config trunkline.toml
                                     run the appliance
  trunkline provision apply FILE     replace connectors, numbers and carriers with those of a file
  trunkline route +12065550100 --from +12065550101 --connector ID
                                     see where a call goes, and why
  trunkline suites                   see the crypto suites and what this processor runs them on
  trunkline srtp open --suite AES_CM_128_HMAC_SHA1_80 --key - in.pcap out.pcap < key.txt
                                     decrypt a capture with the key from its SDP";
