//! `trunkline serve`: the whole appliance as the configuration says, in two processes that are started again if they die.
//!
//! Neither needs the other to live: calls that are up keep their media while signaling starts again, and signaling refuses
//! calls for the moment in which there is no media.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use settings::config::{Config, Media, Realm};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::role::{self, Role};
use crate::{FAILURE, Outcome};

/// How often the processes are looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Who ends sooner after the first start has been told something impossible, and would end so again.
const TRIAL: Duration = Duration::from_secs(1);
/// How long to wait before a process is started again: at first, and at most when it ends again and again.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Who has worked for so long is not said to end again and again.
const STEADY: Duration = Duration::from_secs(60);
/// How long the processes may take to end, beyond what calls are granted.
const PATIENCE: Duration = Duration::from_secs(10);

/// Run the appliance: media and signaling, each in a process that is started again if it dies.
#[derive(Args)]
#[command(after_help = NOTES)]
pub(crate) struct Arguments {
    /// The configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// How long calls may go on after SIGTERM, in seconds.
    #[arg(long, value_name = "S", default_value_t = 5)]
    patience: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let config = match Config::load(&arguments.config) {
        Ok(config) => config,
        Err(faults) => return crate::faults::tell(&faults, false),
    };
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&ended))?;
    }
    fs::create_dir_all(&config.node.data)?;
    let socket = config.node.data.join("media.sock");
    let mut kept = Vec::new();
    if config.media.spawn {
        kept.push(Kept::start("media", media(&config.media, &socket))?);
    }
    kept.push(Kept::start("signaling", signaling(arguments, &config.media, &socket))?);
    while !ended.load(Ordering::Relaxed) {
        for kept in &mut kept {
            if !kept.goes_on()? {
                return Ok(ExitCode::from(FAILURE));
            }
        }
        thread::sleep(LOOK);
    }
    let patience = Duration::from_secs(arguments.patience) + PATIENCE;
    // Signaling first: its calls need their media to the end.
    kept.iter_mut().rev().try_for_each(|kept| kept.role.end(patience))?;
    Ok(ExitCode::SUCCESS)
}

/// What `trunkline media` is told.
fn media(media: &Media, socket: &Path) -> Vec<OsString> {
    let mut words = role::words(["media", "--control"]);
    words.push(socket.into());
    for Realm { name, address, ports } in &media.realms {
        words.extend(["--realm".into(), format!("{name}={address}:{}-{}", ports.first, ports.last).into()]);
    }
    let workers = media.workers.map(|workers| workers.to_string());
    for (flag, value) in [
        ("--driver", &media.driver),
        ("--interface", &media.interface),
        ("--cpus", &media.cpus),
        ("--workers", &workers),
    ] {
        if let Some(value) = value {
            words.extend([flag.into(), value.into()]);
        }
    }
    words
}

/// What `trunkline signaling` is told.
fn signaling(arguments: &Arguments, media: &Media, socket: &Path) -> Vec<OsString> {
    let mut words = role::words(["signaling", "--patience", &arguments.patience.to_string(), "--config"]);
    words.push(arguments.config.clone().into());
    if media.spawn {
        words.extend(["--media".into(), socket.into()]);
    }
    words
}

/// A process that is kept running.
struct Kept {
    name: &'static str,
    words: Vec<OsString>,
    role: Role,
    started: Instant,
    pause: Duration,
    restart_at: Option<Instant>,
    /// Whether it has ever worked for longer than a moment.
    has_worked: bool,
}

impl Kept {
    fn start(name: &'static str, words: Vec<OsString>) -> io::Result<Self> {
        let role = role::start(&words, Stdio::inherit(), Stdio::inherit())?;
        let started = Instant::now();
        Ok(Self { name, words, role, started, pause: PAUSE, restart_at: None, has_worked: false })
    }

    /// Starts it again if it has ended and its pause is over. Returns false if it could not even begin, and has said why.
    fn goes_on(&mut self) -> io::Result<bool> {
        self.has_worked |= self.restart_at.is_none() && self.started.elapsed() >= TRIAL;
        if let Some(at) = self.restart_at {
            if Instant::now() >= at {
                self.restart_at = None;
                self.started = Instant::now();
                self.role = role::start(&self.words, Stdio::inherit(), Stdio::inherit())?;
            }
            return Ok(true);
        }
        let Some(status) = self.role.ended()? else { return Ok(true) };
        if !self.has_worked {
            return Ok(false);
        }
        if self.started.elapsed() >= STEADY {
            self.pause = PAUSE;
        }
        let (name, pause) = (self.name, self.pause);
        writeln!(io::stderr(), "trunkline: {name} has ended ({status}); it is started again in {pause:?}")?;
        self.restart_at = Some(Instant::now() + pause);
        self.pause = (pause * 2).min(PAUSE_MAX);
        Ok(true)
    }
}

const NOTES: &str = "\
SIGTERM ends it in order: no call is taken any more, those that are up may go on for --patience seconds.
For a host with several media processes, or one on another cgroup, start `trunkline media` yourself and name its socket:
media.spawn = false, media.control = [\"SOCKET\"].";
