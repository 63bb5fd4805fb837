//! `trunkline signaling`: the signaling process.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use ::signaling::node::{Node, Setup};
use clap::Args;
use serde_json::json;
use settings::config::Config;

use crate::{Outcome, ending};

/// Negotiate calls over SIP, and have media processes relay them.
#[derive(Args)]
#[command(after_help = NOTES)]
pub(crate) struct Arguments {
    /// The configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The control socket of a media process, instead of those of the configuration; may be given several times.
    #[arg(long, value_name = "SOCKET")]
    media: Vec<PathBuf>,
    /// How long calls may go on after SIGTERM, in seconds.
    #[arg(long, value_name = "S", default_value_t = 5)]
    patience: u64,
    /// Print one JSON object when everything is open, instead of lines.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let config = match Config::load(&arguments.config) {
        Ok(config) => config,
        Err(faults) => return crate::faults::tell(&faults, arguments.json),
    };
    let media = if arguments.media.is_empty() { &config.media.control } else { &arguments.media };
    if media.is_empty() {
        return Err(
            "wanted the control socket of a media process, found none; start `trunkline media`, and name \
                    its socket with --media or as media.control"
                .into(),
        );
    }
    // Until the end of this function: what is said last is written then.
    let _log = telemetry::log::start(config.log.format, config.log.level.clone());
    let node = Node::open(&Setup { config: &config, media })?;
    let stop = node.stop();
    // Before anybody is told that it is there, and may end it.
    let asked = stop.clone();
    ending::when_asked(move |_signal| asked.ask())?;
    announce(&node, arguments.json)?;
    node.run(&stop, Duration::from_secs(arguments.patience))?;
    Ok(ExitCode::SUCCESS)
}

/// Says where messages come in: whoever started the process waits for it.
fn announce(node: &Node, as_json: bool) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let word = |protocol: sip::flow::Protocol| protocol.via_word().to_ascii_lowercase();
    if as_json {
        let listeners: Vec<_> = node
            .listeners()
            .iter()
            .map(|bound| json!({ "protocol": word(bound.protocol), "address": bound.address.to_string() }))
            .collect();
        writeln!(stdout, "{}", json!({ "sip": listeners }))?;
    } else {
        for bound in node.listeners() {
            writeln!(stdout, "sip {}: {}", word(bound.protocol), bound.address)?;
        }
        writeln!(stdout, "ready")?;
    }
    stdout.flush()
}

const NOTES: &str = "\
SIGTERM ends it in order: no call is taken any more, those that are up may go on for --patience seconds.
What belongs to connectors, numbers and carriers comes from `trunkline provision apply`, and holds at once.";
