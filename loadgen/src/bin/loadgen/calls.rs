//! `loadgen calls`: a PBX that calls, a carrier that answers, and a verdict on what is between them.

use core::sync::atomic::AtomicBool;
use core::time::Duration;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use loadgen::calls::appliance::{Appliance, CARRIER, CUSTOMER, Setup};
use loadgen::calls::letter::Letters;
use loadgen::calls::link::Link;
use loadgen::calls::number::SERIALS;
use loadgen::calls::plan::{Hold, Plan};
use loadgen::calls::report::{Bounds, Report};
use loadgen::calls::run::Course;
use loadgen::calls::sockets::Sockets;
use loadgen::calls::talk::Talk;
use loadgen::calls::traffic::Traffic;
use loadgen::media::clock::Clock;
use loadgen::media::permission;
use loadgen::media::search::{Found, Search};
use serde_json::{Value, json};

use crate::{Outcome, STOPPED};

/// Make calls through a signaling process, and time every message that it passes on.
///
/// Plays a PBX that calls, and the carrier that answers: whole calls with descriptions of media, at a rate that waits for
/// nobody. No media is sent.
#[derive(Args)]
#[command(after_help = NOTES)]
pub(crate) struct Arguments {
    /// Start an appliance of our own on loopback, in a temporary folder, and end it afterwards.
    #[arg(long, conflicts_with_all = ["server", "host", "carrier", "pid", "root"])]
    start: bool,
    /// With --start: the program; that beside this one if none.
    #[arg(long, value_name = "FILE", requires = "start")]
    trunkline: Option<PathBuf>,
    /// With --start: how media exchanges packets; the fastest that works if none.
    #[arg(long, value_name = "NAME", requires = "start")]
    media_driver: Option<String>,
    /// With --start: the folder for records of calls; one on the disk of the journal if none. Who measures the thread of the
    /// calls alone gives one in memory: each record is a file, and made durable.
    #[arg(long, value_name = "FOLDER", requires = "start")]
    records: Option<PathBuf>,
    /// Where the PBX's calls go.
    #[arg(long, value_name = "IP:PORT", required_unless_present = "start")]
    server: Option<SocketAddr>,
    /// The host name of the voice connector that calls.
    #[arg(long, value_name = "NAME", required_unless_present = "start")]
    host: Option<String>,
    /// Where the carrier listens: the link of a carrier has to lead here.
    #[arg(long, value_name = "IP:PORT", required_unless_present = "start")]
    carrier: Option<SocketAddr>,
    /// Our address on the side of the PBX: a network that the connector lists.
    #[arg(long, value_name = "IP", default_value_t = IpAddr::V4(CUSTOMER))]
    address: IpAddr,
    /// The signaling process, if it is on this host: its processor time and memory are part of the report.
    #[arg(long, value_name = "PID")]
    pid: Option<u32>,
    /// With TLS: the root certificate to trust, in PEM.
    #[arg(long, value_name = "FILE")]
    root: Option<PathBuf>,
    /// How the PBX speaks; the carrier speaks UDP.
    #[arg(long, value_enum, default_value_t = Protocol::Udp)]
    pbx: Protocol,
    /// With TCP or TLS: how many connections.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    connections: u16,
    /// Calls that begin in a second.
    #[arg(long, value_name = "CPS", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// How long to begin calls, in seconds.
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
    /// How long a call lasts, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(0..=86_400_000))]
    hold: u32,
    /// How long the carrier rings before it answers, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=60_000))]
    ring: u32,
    /// Begin so many calls, keep all of them up for --seconds, and then end them.
    #[arg(long, value_name = "N", conflicts_with_all = ["search", "rated"], value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    concurrent: Option<u32>,
    /// Calls a second that the device is rated at: of a higher --rate, 95 % of so many have to be answered, and the others
    /// refused with 503 and Retry-After.
    #[arg(long, value_name = "CPS", conflicts_with = "search", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rated: Option<u32>,
    /// So many of the first calls stay up until all others are over, and talk meanwhile, in the clear: 50 packets a second
    /// each way, of which none may be lost.
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with_all = ["search", "concurrent"], value_parser = clap::value_parser!(u32).range(0..=100))]
    talk: u32,
    /// The most calls that may fail, in percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = crate::media::parse_percent)]
    loss_max: f64,
    /// The longest that 99 in 100 INVITEs may take through the device, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    transit_max: u32,
    /// How late one INVITE in a hundred may leave before the generator says that it measures itself, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    late_max: u32,
    /// How long to wait for the end of the last calls, in seconds.
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    patience: u32,
    /// Find the largest rate that passes, with trials of --seconds each.
    #[arg(long, conflicts_with = "rate")]
    search: bool,
    /// With --search: a rate that should pass.
    #[arg(long, value_name = "CPS", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    low: u32,
    /// With --search: a rate that should fail.
    #[arg(long, value_name = "CPS", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    high: u32,
    /// With --search: trials at each rate, whose median counts.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=99))]
    repeats: u32,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Allow addresses that are neither loopback nor private.
    #[arg(long)]
    i_own_this_network: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Protocol {
    Udp,
    Tcp,
    Tls,
}

/// What is between PBX and carrier.
struct Device {
    server: SocketAddr,
    host: String,
    root: Vec<u8>,
    pid: Option<u32>,
    /// Lives as long as the run.
    _appliance: Option<Appliance>,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let addresses = [arguments.server.map(|server| server.ip()), arguments.carrier.map(|own| own.ip())];
    for address in addresses.into_iter().flatten().chain([arguments.address]) {
        permission::allow(address, arguments.i_own_this_network)?;
    }
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, STOPPED.into(), Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let carrier = UdpSocket::bind(arguments.carrier.unwrap_or_else(|| SocketAddr::from((CARRIER, 0))))?;
    let carrier_address = carrier.local_addr()?;
    let device = arguments.device(carrier_address)?;
    let mut sockets = arguments.connect(&device, carrier)?;
    let addresses = [arguments.address, carrier_address.ip()];
    let talk = (arguments.talk > 0).then(|| Talk::open(arguments.talk, addresses)).transpose()?;
    let mut letters = arguments.letters(&device)?;
    letters.media_ports = talk.as_ref().map(Talk::ports).unwrap_or_default();
    let mut traffic = Traffic::new(letters, sockets.lines()?, carrier_address);
    if let Some(talk) = &talk {
        traffic = traffic.with_places(talk.places());
    }
    let mut course = Course {
        traffic: &mut traffic,
        sockets: &mut sockets,
        clock: Clock::start(),
        stop: &stop,
        subject: device.pid,
        patience: Duration::from_secs(arguments.patience.into()),
        rest: Duration::from_secs(arguments.seconds.into()),
        talk,
    };
    if arguments.search { arguments.search(&mut course) } else { arguments.run_once(&mut course) }
}

impl Arguments {
    fn device(&self, carrier: SocketAddr) -> Result<Device, Box<dyn Error>> {
        if let (Some(server), Some(host)) = (self.server, &self.host) {
            if self.pbx == Protocol::Tls && self.root.is_none() {
                return Err(
                    "wanted the root certificate to trust, found none; name its file with --root".into()
                );
            }
            let root = self.root.as_ref().map(fs::read).transpose()?.unwrap_or_default();
            return Ok(Device { server, host: host.clone(), root, pid: self.pid, _appliance: None });
        }
        let beside = || Ok::<_, io::Error>(std::env::current_exe()?.with_file_name("trunkline"));
        let setup = Setup {
            trunkline: self.trunkline.clone().map_or_else(beside, Ok)?,
            cps: self.rated.unwrap_or(UNLIMITED),
            calls: UNLIMITED,
            driver: self.media_driver.clone(),
            records: self.records.clone(),
        };
        let appliance = Appliance::start(&setup, carrier)?;
        Ok(Device {
            server: appliance.sip[self.pbx as usize],
            host: Appliance::host(),
            root: appliance.root()?,
            pid: appliance.signaling(),
            _appliance: Some(appliance),
        })
    }

    fn connect(&self, device: &Device, carrier: UdpSocket) -> io::Result<Sockets> {
        if self.pbx == Protocol::Udp {
            return Sockets::datagrams(SocketAddr::new(self.address, 0), device.server, carrier);
        }
        let trust = (self.pbx == Protocol::Tls).then_some((&*device.root, &*device.host));
        let links = (0..self.connections).map(|_| Link::connect(device.server, trust));
        Sockets::streams(links.collect::<io::Result<_>>()?, carrier)
    }

    fn letters(&self, device: &Device) -> Result<Letters, Box<dyn Error>> {
        let mut run = [0; 4];
        getrandom::fill(&mut run)?;
        Ok(Letters {
            run: format!("{:08x}", u32::from_ne_bytes(run)),
            host: device.host.clone(),
            caller: CALLER.to_owned(),
            protocol: ["UDP", "TCP", "TLS"][self.pbx as usize],
            is_protected: self.pbx == Protocol::Tls,
            media_ports: Vec::new(),
        })
    }

    fn plan(&self, rate: u32) -> Result<Plan, String> {
        let ring_ns = u64::from(self.ring) * 1_000_000;
        if let Some(calls) = self.concurrent {
            return Ok(Plan { calls, rate, ring_ns, hold: Hold::UntilReleased, talking: 0 });
        }
        let calls = u64::from(rate) * u64::from(self.seconds);
        let calls = u32::try_from(calls).ok().filter(|calls| *calls <= SERIALS).ok_or_else(|| {
            format!("wanted at most {SERIALS} calls in a run, found {calls}; lower --rate or --seconds")
        })?;
        let hold = Hold::For(u64::from(self.hold) * 1_000_000);
        Ok(Plan { calls, rate, ring_ns, hold, talking: self.talk })
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            loss_max_percent: self.loss_max,
            transit_max_ns: u64::from(self.transit_max) * 1_000_000,
            late_max_ns: u64::from(self.late_max) * 1_000_000,
            rated: self.rated,
        }
    }

    fn trial(&self, course: &mut Course<'_>, rate: u32) -> Result<Report, Box<dyn Error>> {
        let plan = self.plan(rate)?;
        let observed = course.run(plan)?;
        let protocol = ["UDP", "TCP", "TLS"][self.pbx as usize];
        Ok(Report { protocol, plan, figures: course.traffic.figures().clone(), observed })
    }

    fn run_once(&self, course: &mut Course<'_>) -> Outcome {
        let report = self.trial(course, self.rate)?;
        let verdict = self.bounds().judge(&report);
        let mut stdout = io::stdout().lock();
        if self.json {
            writeln!(stdout, "{}", report.as_json(&verdict))?;
        } else {
            report.write(&verdict, &mut stdout)?;
        }
        Ok(ExitCode::from(verdict.outcome.exit_code()))
    }

    fn search(&self, course: &mut Course<'_>) -> Outcome {
        let search = Search {
            low: self.low.into(),
            high: self.high.into(),
            loss_max_percent: self.loss_max,
            repeats: self.repeats,
            rates_max: RATES_MAX,
        };
        let bounds = self.bounds();
        let mut shares = Vec::new();
        let found = search.run(|rate| {
            let report = self.trial(course, u32::try_from(rate)?)?;
            if report.figures.attempts < u64::from(report.plan.calls) {
                return Err("search: stopped before it was done".into());
            }
            shares.push((report.share(), report.call_us()));
            if !self.json {
                let (transit, faulty) = (report.figures.transit.quantiles().p99, report.faulty_percent());
                let share = report.share().unwrap_or_default() * 100.0;
                let text = format!(
                    "{rate:>8} calls/s: failed {faulty:.3} %, INVITE in to out p99 {:.1} ms, {share:.0} % of a core",
                    transit as f64 / 1e6
                );
                writeln!(io::stdout().lock(), "{text}")?;
            }
            Ok::<_, Box<dyn Error>>(report.trial(&bounds))
        })?;
        self.tell(&found, &shares)?;
        Ok(ExitCode::from(u8::from(found.rate.is_none())))
    }

    fn tell(&self, found: &Found, shares: &[(Option<f64>, Option<f64>)]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        if self.json {
            return writeln!(stdout, "{}", as_json(found, shares));
        }
        let limit =
            if found.is_generator_limit { "; the generator was the limit, not the device" } else { "" };
        match found.rate {
            Some(rate) => writeln!(stdout, "PASS: {rate} calls/s{limit}"),
            None => writeln!(stdout, "FAIL: not even {} calls/s{limit}", self.low),
        }
    }
}

fn as_json(found: &Found, shares: &[(Option<f64>, Option<f64>)]) -> Value {
    let tried = found.tried.iter().zip(shares).map(|(tried, (share, call_us))| {
        json!({
            "calls_per_second": tried.rate,
            "failed_percent": tried.median.loss_percent,
            "is_generator_late": tried.median.is_generator_late,
            "passed": tried.passed,
            "processor_share": share,
            "us_per_call": call_us,
        })
    });
    json!({
        "verdict": if found.rate.is_some() { "PASS" } else { "FAIL" },
        "calls_per_second": found.rate,
        "is_generator_limit": found.is_generator_limit,
        "tried": tried.collect::<Vec<_>>(),
    })
}

/// A number for fiction.
const CALLER: &str = "+12065550100";
/// The most that a configuration takes: an appliance of our own has no limits but its own.
const UNLIMITED: u32 = 100_000;
/// Rates that a search tries at most.
const RATES_MAX: u32 = 12;

const NOTES: &str = "\
Exit code: 0 if every call went as calls go, in time (beyond --rated: all others were refused in time); 1 if not; 2 if it \
could not run, or if the generator was the limit. A search ends with 0 if any rate passed.
A running device needs a connector that lists --address, with a cps_limit and limits.cps beyond --rate, and a carrier link \
over UDP to --carrier.";
