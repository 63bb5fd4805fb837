//! `trunkline demo`: the whole appliance on loopback, and a call through it that is verified bit by bit.
//!
//! A phone calls over TLS with SRTP, another one is called over UDP with RTP, and in between are two processes: media and
//! signaling, as on a server. Nothing is asked of whoever types it: no privileges, no configuration, no network.

mod appliance;
mod call;
mod folder;
mod interruption;
mod record;
mod wav;

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;

use crate::{FAILURE, Outcome};
use appliance::Appliance;
use folder::Folder;
use interruption::Interruption;

/// Start the appliance on loopback, and prove it with a call.
///
/// A phone calls over TLS with SRTP, another one answers over UDP with RTP: audio, keys, hold, resume, hang up, and the call
/// detail record. Needs no privileges, no configuration and no network.
#[derive(Args)]
#[command(after_help = NOTES)]
pub(crate) struct Arguments {
    /// Speak for a few tenths of a second only.
    #[arg(long)]
    fast: bool,
    /// How many calls at a time.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=500))]
    calls: u16,
    /// Write what the phone that was called has heard, to listen to it.
    #[arg(long, value_name = "FILE")]
    wav: Option<PathBuf>,
    /// Leave the appliance running after the verdict, until Ctrl-C.
    #[arg(long)]
    forever: bool,
    /// Where the appliance keeps its files; a temporary folder without it.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Print only JSON: the verdict and its checks; with --forever a line before that says what is where.
    #[arg(long)]
    json: bool,
}

/// One thing that was to be proved.
pub(crate) struct Check {
    name: &'static str,
    ok: bool,
    detail: String,
}

impl Check {
    pub(crate) fn new(name: &'static str, ok: bool, detail: impl Into<String>) -> Self {
        Self { name, ok, detail: detail.into() }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    show(arguments).or_else(|error| {
        if !arguments.json {
            return Err(error);
        }
        tell(&[Check::new("start", false, error.to_string())])?;
        Ok(ExitCode::from(FAILURE))
    })
}

fn show(arguments: &Arguments) -> Outcome {
    let started = Instant::now();
    let mut screen = Screen { is_quiet: arguments.json };
    screen.line("DEMO - not for production: everything is on loopback, and gone afterwards")?;
    // What cannot be written in the end is better known before the beginning.
    let wav = arguments.wav.as_ref().map(|path| {
        let refused = |error| format!("--wav {}: wanted a file to write, found: {error}", path.display());
        File::create(path).map_err(refused)
    });
    let wav = wav.transpose()?;
    let folder = Folder::make(arguments.data.as_deref())?;
    let interruption = Interruption::expect(&folder)?;
    let appliance = Appliance::start(&folder.path)?;
    if arguments.json && arguments.forever {
        writeln!(io::stdout(), "{}", appliance.whereabouts())?;
    }
    let checks = prove(&appliance, arguments, wav, &mut screen)?;
    let verdict = verdict(&checks);
    if arguments.json {
        tell(&checks)?;
    } else {
        let passed = checks.iter().filter(|check| check.ok).count();
        let seconds = started.elapsed().as_secs_f64();
        screen.line(&format!("{verdict}: {passed} of {} checks in {seconds:.1} s", checks.len()))?;
    }
    if arguments.forever {
        screen.line(&format!("still up, until Ctrl-C:\n{}", appliance.invitation()))?;
        interruption.wait();
    }
    appliance.stop()?;
    Ok(ExitCode::from(u8::from(verdict != PASS)))
}

fn verdict(checks: &[Check]) -> &'static str {
    if checks.iter().all(|check| check.ok) { PASS } else { "FAIL" }
}

/// Tells programs what came of it.
fn tell(checks: &[Check]) -> io::Result<()> {
    let as_json = |Check { name, ok, detail }: &Check| json!({ "name": name, "ok": ok, "detail": detail });
    let list: Vec<_> = checks.iter().map(as_json).collect();
    writeln!(io::stdout(), "{}", json!({ "verdict": verdict(checks), "checks": list }))
}

/// Proves all there is to prove; what cannot be tried is not proved.
fn prove(
    appliance: &Appliance,
    arguments: &Arguments,
    wav: Option<File>,
    screen: &mut Screen,
) -> io::Result<Vec<Check>> {
    let earlier = record::earlier(appliance)?;
    let failed = |name, error: Box<dyn Error>| vec![Check::new(name, false, error.to_string())];
    let talk = if arguments.fast { Duration::from_millis(400) } else { Duration::from_secs(3) };
    let mut checks = vec![appliance.check()];
    screen.check(&checks[0])?;
    let played = call::play(appliance, arguments.calls, talk, wav);
    let played = played.unwrap_or_else(|error| failed("call", error));
    played.iter().try_for_each(|check| screen.check(check))?;
    checks.extend(played);
    let recorded = record::verify(appliance, arguments.calls, &earlier);
    let recorded = recorded.unwrap_or_else(|error| failed("record", error));
    recorded.iter().try_for_each(|check| screen.check(check))?;
    checks.extend(recorded);
    Ok(checks)
}

/// Where progress is shown to people.
struct Screen {
    is_quiet: bool,
}

impl Screen {
    fn line(&mut self, text: &str) -> io::Result<()> {
        if self.is_quiet {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{text}")?;
        stdout.flush()
    }

    fn check(&mut self, Check { name, ok, detail }: &Check) -> io::Result<()> {
        let mark = if *ok { "ok" } else { "FAILED" };
        self.line(&format!("{mark:<6} {name:<10} {detail}"))
    }
}

const PASS: &str = "PASS";

const NOTES: &str = "\
Exit code: 0 if all was proved, 1 if not, 2 if it could not run, 130 if Ctrl-C came before the verdict.
With --forever, call from 127.0.0.1 with any phone that speaks TLS and SDES-SRTP; the names to use are printed.";
