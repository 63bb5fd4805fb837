//! `trunkline demo`: the whole appliance on loopback, and a call through it that is verified bit by bit.
//!
//! A phone calls over TLS with SRTP, another one is called over UDP with RTP, and in between are two processes: media and
//! signaling, as on a server. Nothing is asked of whoever types it: no privileges, no configuration, no network.

mod appliance;
mod call;
mod record;
mod wav;

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::Outcome;
use appliance::Appliance;

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
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&ended))?;
    }
    let started = Instant::now();
    let mut screen = Screen { is_quiet: arguments.json };
    screen.line("DEMO - not for production: everything is on loopback, and gone afterwards")?;
    let folder = Folder::make(arguments.data.as_deref())?;
    let appliance = Appliance::start(&folder.path)?;
    if arguments.json && arguments.forever {
        writeln!(io::stdout(), "{}", appliance.whereabouts())?;
    }
    let checks = prove(&appliance, arguments, &mut screen)?;
    let passed = checks.iter().filter(|check| check.ok).count();
    let verdict = if passed == checks.len() { "PASS" } else { "FAIL" };
    if arguments.json {
        let as_json =
            |Check { name, ok, detail }: &Check| json!({ "name": name, "ok": ok, "detail": detail });
        let checks: Vec<_> = checks.iter().map(as_json).collect();
        writeln!(io::stdout(), "{}", json!({ "verdict": verdict, "checks": checks }))?;
    } else {
        let seconds = started.elapsed().as_secs_f64();
        screen.line(&format!("{verdict}: {passed} of {} checks in {seconds:.1} s", checks.len()))?;
    }
    if arguments.forever {
        screen.line(&format!("still up, until Ctrl-C:\n{}", appliance.invitation()))?;
        while !ended.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(100));
        }
    }
    appliance.stop()?;
    Ok(ExitCode::from(u8::from(verdict != "PASS")))
}

/// Proves all there is to prove; what cannot be tried is not proved.
fn prove(appliance: &Appliance, arguments: &Arguments, screen: &mut Screen) -> io::Result<Vec<Check>> {
    let failed = |name, error: Box<dyn Error>| vec![Check::new(name, false, error.to_string())];
    let talk = if arguments.fast { Duration::from_millis(400) } else { Duration::from_secs(3) };
    let mut checks = vec![appliance.check()];
    screen.check(&checks[0])?;
    let played = call::play(appliance, arguments.calls, talk, arguments.wav.as_deref());
    let played = played.unwrap_or_else(|error| failed("call", error));
    played.iter().try_for_each(|check| screen.check(check))?;
    checks.extend(played);
    let recorded = record::verify(appliance, arguments.calls);
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

/// A folder that is gone afterwards, unless somebody has named it.
struct Folder {
    path: PathBuf,
    is_temporary: bool,
}

impl Folder {
    fn make(named: Option<&Path>) -> io::Result<Self> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => std::env::temp_dir().join(format!("trunkline-demo-{}", std::process::id())),
        };
        std::fs::create_dir_all(&path)?;
        Ok(Self { path, is_temporary: named.is_none() })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_temporary {
            // What cannot be removed is in the folder for temporary files, where it is removed in time.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

const NOTES: &str = "\
Exit code: 0 if all was proved, 1 if not, 2 if it could not run.
With --forever, call from 127.0.0.1 with any phone that speaks TLS and SDES-SRTP; the names to use are printed.";
