//! `trunkline check`: tells what is wrong in a configuration.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use settings::config::Config;

use crate::{Outcome, faults};

/// Check a configuration, and say all that is wrong with it.
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 all is well, 2 something is wrong.\n`--default` prints a file to begin with."
)]
pub(crate) struct Arguments {
    /// The file.
    #[arg(value_name = "FILE", required_unless_present = "default")]
    file: Option<PathBuf>,
    /// Print a file that says what is meant where nothing is said, with comments, and check nothing.
    #[arg(long, conflicts_with = "file")]
    default: bool,
    /// Print one JSON object instead.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let mut stdout = io::stdout().lock();
    let Some(file) = &arguments.file else {
        write!(stdout, "{}", Config::default_toml())?;
        return Ok(ExitCode::SUCCESS);
    };
    let config = match Config::load(file) {
        Ok(config) => config,
        Err(faults) => return faults::tell(&faults, arguments.json),
    };
    if arguments.json {
        writeln!(stdout, "{}", json!({ "ok": true, "faults": [], "more": 0 }))?;
        return Ok(ExitCode::SUCCESS);
    }
    for listener in &config.sip.listeners {
        writeln!(stdout, "sip: {} {} port {}", listener.transport, listener.address, listener.port)?;
    }
    let digests: Vec<&str> = config.sip.digest.iter().map(|digest| digest.word()).collect();
    writeln!(stdout, "sip: logins by {}, asked for with {}", digests.join(", "), config.sip.challenge)?;
    for realm in &config.media.realms {
        let (first, last) = (realm.ports.first, realm.ports.last);
        writeln!(stdout, "media: realm {}, {} ports {first}-{last}", realm.name, realm.address)?;
    }
    writeln!(stdout, "{}: ok", file.display())?;
    Ok(ExitCode::SUCCESS)
}
