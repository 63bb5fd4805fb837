//! `trunkline media`: the media process.

mod ports;
mod reserve;
mod start;

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use netio::DriverName;
use numa::cpu_set::CpuSet;

use crate::{Outcome, ending};
use ports::{PortRange, RealmArgument};

/// Relay, encrypt and decrypt media, as clients of the control socket say.
#[derive(Args)]
#[command(after_help = NOTES)]
pub(crate) struct Arguments {
    /// The address that calls are given; it becomes the realm `default`.
    #[arg(long, value_name = "IP", required_unless_present = "realms")]
    address: Option<std::net::IpAddr>,
    /// The ports of that address.
    #[arg(long, value_name = "FIRST-LAST", default_value = "1024-65535")]
    ports: PortRange,
    /// A realm of its own: ports of an address under a name that calls ask for; may be given several times.
    #[arg(long = "realm", value_name = "NAME=IP:FIRST-LAST")]
    realms: Vec<RealmArgument>,
    /// The interface that carries the addresses; afxdp needs it.
    #[arg(long, value_name = "NAME")]
    interface: Option<String>,
    /// The driver: afxdp, uring-sklookup, uring-sockets, mmsg; without it the fastest that works here.
    #[arg(long, value_name = "NAME")]
    driver: Option<DriverName>,
    /// Refuse to start if that driver cannot; otherwise a slower one is taken, and said so.
    #[arg(long, requires = "driver")]
    require_driver: bool,
    /// How many workers; without it as many as the machine has to offer.
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,
    /// The CPUs of the workers, such as 2-5,8.
    #[arg(long, value_name = "LIST")]
    cpus: Option<CpuSet>,
    /// Add the ports of the realms to net.ipv4.ip_local_reserved_ports: no program gets one by chance then, and sessions
    /// open ten times as fast, since no port needs to be tried. The setting stays when the process ends.
    #[arg(long)]
    reserve_ports: bool,
    /// Never sleep: for CPUs that do nothing else.
    #[arg(long)]
    busy_poll: bool,
    /// Sessions at once, over all workers; each takes 3 KB.
    #[arg(long, value_name = "N", default_value_t = 32_768, value_parser = clap::value_parser!(u32).range(1..=1 << 24))]
    sessions: u32,
    /// Frames for each worker, a power of two; each takes 2 KB.
    #[arg(long, value_name = "N", default_value_t = 16_384)]
    frames: u32,
    /// How long a released port rests before another call gets it.
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    quarantine_ms: u32,
    /// How often clients are told the quality of a session, in seconds; 0 is never.
    #[arg(long, value_name = "S", default_value_t = 60)]
    quality_interval: u32,
    /// The socket where clients find the process; only this user may open it.
    #[arg(long, value_name = "SOCKET")]
    control: PathBuf,
}

pub(crate) fn run(arguments: Arguments) -> Outcome {
    let mut stdout = io::stdout().lock();
    let node = start::start(arguments, &mut stdout)?;
    let stop = node.stop();
    ending::when_asked(move |_signal| stop.ask())?;
    // Whoever started the process may wait for this line.
    writeln!(stdout, "ready")?;
    stdout.flush()?;
    drop(stdout);
    match node.run()? {
        Some(error) => Err(format!("a worker cannot go on: {error}").into()),
        None => Ok(ExitCode::SUCCESS),
    }
}

const NOTES: &str = "\
A session is opened by a client of the socket: signaling, `loadgen media`, or `trunkline ctl lab-open`.
Drivers, fastest first: afxdp (bypasses the kernel; needs --interface, CAP_BPF, CAP_NET_ADMIN and CAP_NET_RAW),
uring-sklookup (the same capabilities), uring-sockets (nothing), mmsg (nothing, not even io_uring).
SIGTERM and SIGINT end it at once, with all sessions: whoever needs them ends signaling first, as `trunkline serve` does.";
