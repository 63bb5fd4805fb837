//! `loadgen media`: sessions through a media process, packets into one side of each, and a verdict on the other.

use core::hash::BuildHasher;
use core::net::{IpAddr, Ipv4Addr};

use core::sync::atomic::AtomicBool;
use std::hash::RandomState;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use control::{Name, NameError};
use crypto::{Suite, SuiteName, UnknownSuite};
use loadgen::media::clock::Clock;
use loadgen::media::forgery::{Factor, Forgery, Strangers};
use loadgen::media::permission;
use loadgen::media::report::{Report, Verdict};
use loadgen::media::run::run as run_traffic;
use loadgen::media::schedule::Pace;
use loadgen::media::search::{Found, Search};
use loadgen::media::sessions::{Open, Plan};
use loadgen::media::side::ethernet::Ethernet;
use loadgen::media::side::{Side, SideError, drivers};
use loadgen::media::stamp::PAYLOAD_MIN;
use loadgen::media::traffic::{PAYLOAD_MAX, Traffic};
use loadgen::node::Node;
use serde_json::{Value, json};

use crate::{Outcome, STOPPED};

/// Offer media to a media process, and verify every packet that it relays.
///
/// Opens sessions over the control socket, sends stamped RTP or SRTP into their ports on schedule, checks what leaves
/// the other side of each, and closes the sessions again.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    /// The control socket of the media process.
    #[arg(long, value_name = "SOCKET")]
    control: PathBuf,
    /// Sessions to open; each is one flow, or one each way.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=30_000))]
    flows: u32,
    /// How long to send; the least is one packet of each flow.
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
    /// Packets per second of all flows together, instead of a packet interval.
    #[arg(long, value_name = "PPS", conflicts_with = "ptime", value_parser = clap::value_parser!(u64).range(1..=20_000_000))]
    rate: Option<u64>,
    /// From one packet of a flow to its next, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    ptime: u32,
    /// Bytes of media in a packet; 160 are 20 ms of G.711.
    #[arg(long, value_name = "BYTES", default_value_t = 160, value_parser = parse_payload)]
    payload: usize,
    /// How side A protects its media: `none`, or a suite of `trunkline suites`.
    #[arg(long, value_name = "none|NAME", default_value = "none", value_parser = parse_suite)]
    suite_a: Choice,
    /// How side B protects its media.
    #[arg(long, value_name = "none|NAME", default_value = "none", value_parser = parse_suite)]
    suite_b: Choice,
    /// Where packets enter and leave.
    #[arg(long, value_enum, default_value_t = SideKind::Sockets)]
    side: SideKind,
    /// Our address on side A. On loopback any will do that has ports left beside those of the realms.
    #[arg(long, value_name = "IP", default_value_t = OWN_LOOPBACK)]
    address: IpAddr,
    /// Our address on side B; that on side A if there is none of its own.
    #[arg(long, value_name = "IP")]
    far_address: Option<IpAddr>,
    /// The first of our ports; those of the realms on the same address are left out.
    #[arg(long, value_name = "PORT", default_value_t = 20_000)]
    first_port: u16,
    /// The interface towards the media process, for sides without sockets.
    #[arg(long, value_name = "IF", required_if_eq_any([("side", "packet"), ("side", "xdp")]))]
    interface: Option<String>,
    /// Send from both sides; it is what happens without --one-way.
    #[arg(long, conflicts_with = "one_way")]
    both_ways: bool,
    /// Send from side A alone.
    #[arg(long)]
    one_way: bool,
    /// Ask for sessions whose RTCP shares the ports of RTP.
    #[arg(long)]
    rtcp_mux: bool,
    /// The realm of side A; the first that the media process has if there is none named.
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    realm: Option<Name>,
    /// The realm of side B; that of side A if there is none named.
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    far_realm: Option<Name>,
    /// The most loss that passes, in percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = parse_percent)]
    loss_max: f64,
    /// How late one packet in a hundred may leave before the generator says that it measures itself, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    late_max: u64,
    /// Find the largest rate that passes, with trials of --seconds each.
    #[arg(long, conflicts_with = "rate")]
    search: bool,
    /// With --search: a rate that should pass.
    #[arg(long, value_name = "PPS", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..=20_000_000))]
    low: u64,
    /// With --search: a rate that should fail.
    #[arg(long, value_name = "PPS", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=20_000_000))]
    high: u64,
    /// With --search: trials at each rate, whose median counts.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    repeats: u32,
    /// With --search: the most rates to try.
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=64))]
    rates_max: u32,
    /// Send forged packets beside the good ones, so many for each: 0.001 to 20. None of them may be delivered.
    #[arg(long, value_name = "FACTOR", conflicts_with = "search")]
    forge: Option<Factor>,
    /// With --forge: repeat what was forged from this seed; a report names its own.
    #[arg(long, value_name = "N", requires = "forge")]
    seed: Option<u64>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Allow media addresses that are neither loopback nor private.
    #[arg(long)]
    i_own_this_network: bool,
}

/// Ports that forged packets come from, on each address.
const STRANGERS: usize = 4;

/// The whole of 127.0.0.0/8 is this host (RFC 1122 section 3.2.1.3), and a realm often has all ports of the first.
const OWN_LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

const EXIT_CODES: &str = "Exit code: 0 if every packet that was sent has arrived once, intact and at the right place \
(but for --loss-max) and no forged one was delivered, 1 if not, 2 if it could not run. A search ends with 0 if any rate passed.";

#[derive(Clone, Copy, ValueEnum)]
enum SideKind {
    /// Sockets of our own: no privileges, on addresses of this host.
    Sockets,
    /// Whole frames through a packet socket: any address and port; needs CAP_NET_RAW.
    Packet,
    /// Whole frames past the kernel (AF_XDP); needs root.
    Xdp,
}

/// A suite, or none.
#[derive(Clone, Copy)]
struct Choice(Option<Suite>);

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let plan = arguments.plan();
    for address in plan.own_addresses() {
        permission::allow(address, plan.owns_network)?;
    }
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // Who says it twice does not want to wait for the end of the sessions; they stay for `trunkline ctl` to close.
        signal_hook::flag::register_conditional_shutdown(signal, STOPPED.into(), Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let mut node = Node::connect(&arguments.control)?;
    let mut side = arguments.open_side(&plan)?;
    let (mut sessions, parties) = plan.open(&mut node, side.as_mut())?;
    let mut traffic = Traffic::new(parties);
    if let Some(forgery) = arguments.forgery() {
        let strangers = Strangers { addresses: plan.own_addresses(), ports: sessions.strangers().to_vec() };
        traffic = traffic.with_forgery(forgery, strangers);
    }
    let mut course = Course {
        traffic,
        side: side.as_mut(),
        clock: Clock::start(),
        stop: &stop,
        late_max_ns: arguments.late_max * 1_000_000,
    };
    let exit_code = if arguments.search {
        arguments.search(&mut course)?
    } else {
        arguments.run_once(&mut course, &mut sessions)?
    };
    sessions.close()?;
    Ok(exit_code)
}

/// What every run needs.
struct Course<'r> {
    traffic: Traffic,
    side: &'r mut dyn Side,
    clock: Clock,
    stop: &'r AtomicBool,
    late_max_ns: u64,
}

impl Course<'_> {
    fn run(&mut self, pace: Pace) -> Result<Report, SideError> {
        let losses = run_traffic(&mut self.traffic, self.side, pace, &self.clock, self.stop)?;
        let report = Report::new(&self.traffic, self.side.name(), losses);
        Ok(Report { late_max_ns: self.late_max_ns, ..report })
    }

    fn flows(&self) -> u32 {
        self.traffic.flows().len() as u32
    }
}

impl Arguments {
    fn plan(&self) -> Plan {
        Plan {
            sessions: self.flows,
            both_ways: self.both_ways || !self.one_way,
            payload_len: self.payload,
            suites: [self.suite_a.0, self.suite_b.0],
            realms: [self.realm.clone(), self.far_realm.clone().or_else(|| self.realm.clone())],
            rtcp_mux: self.rtcp_mux,
            addresses: [self.address, self.far_address.unwrap_or(self.address)],
            first_port: self.first_port,
            owns_network: self.i_own_this_network,
            strangers: if self.forge.is_some() { STRANGERS } else { 0 },
        }
    }

    fn forgery(&self) -> Option<Forgery> {
        let factor = self.forge?;
        // Nobody has to guess it, and short ones are easier to type.
        let any = || u64::from(RandomState::new().hash_one(()) as u32);
        Some(Forgery { factor, seed: self.seed.unwrap_or_else(any) })
    }

    fn open_side(&self, plan: &Plan) -> Result<Box<dyn Side>, SideError> {
        let addresses = plan.own_addresses();
        let interface = self.interface.as_deref().unwrap_or_default();
        match self.side {
            SideKind::Sockets => drivers::sockets(&addresses),
            SideKind::Packet => Ok(Box::new(Ethernet::open(&addresses, interface)?)),
            SideKind::Xdp => drivers::xdp(&addresses, interface),
        }
    }

    fn run_once(&self, course: &mut Course<'_>, sessions: &mut Open<'_>) -> Outcome {
        let duration_ns = self.duration_ns();
        let pace = match self.rate {
            Some(rate) => Pace::with_rate(course.flows(), rate, duration_ns),
            None => Pace::with_interval(course.flows(), u64::from(self.ptime) * 1_000_000, duration_ns),
        };
        let before = sessions.books()?;
        let report = course.run(pace)?.with_device(&sessions.summaries()?);
        let report = report.with_books(sessions.books()?.since(&before));
        let verdict = Verdict::new(&report, self.loss_max);
        let mut stdout = io::stdout().lock();
        if self.json {
            writeln!(stdout, "{}", report.as_json(&verdict))?;
        } else {
            report.write(&verdict, &mut stdout)?;
        }
        Ok(ExitCode::from(verdict.exit_code()))
    }

    fn search(&self, course: &mut Course<'_>) -> Outcome {
        let search = Search {
            low: self.low,
            high: self.high,
            loss_max_percent: self.loss_max,
            repeats: self.repeats,
            rates_max: self.rates_max,
        };
        let duration_ns = self.duration_ns();
        let found = search.run(|rate| {
            let report = course.run(Pace::with_rate(course.flows(), rate, duration_ns))?;
            if report.due < report.pace.packets() {
                return Err("search: stopped before it was done".into());
            }
            if !self.json {
                let (loss, late_us) = (report.trial().loss_percent, report.lateness.p99 as f64 / 1e3);
                let mut stdout = io::stdout().lock();
                writeln!(
                    stdout,
                    "{rate:>10} packets/s: loss {loss:.4} %, generator late p99 {late_us:.0} us"
                )?;
            }
            Ok::<_, Box<dyn std::error::Error>>(report.trial())
        })?;
        let mut stdout = io::stdout().lock();
        if self.json {
            writeln!(stdout, "{}", as_json(&found))?;
        } else {
            let limit =
                if found.is_generator_limit { "; the generator was the limit, not the device" } else { "" };
            match found.rate {
                Some(rate) => writeln!(stdout, "PASS: {rate} packets/s{limit}")?,
                None => writeln!(stdout, "FAIL: not even {} packets/s{limit}", self.low)?,
            }
        }
        Ok(ExitCode::from(u8::from(found.rate.is_none())))
    }

    fn duration_ns(&self) -> u64 {
        u64::from(self.seconds) * 1_000_000_000
    }
}

fn as_json(found: &Found) -> Value {
    let tried = found.tried.iter().map(|tried| {
        json!({
            "packets_per_second": tried.rate,
            "loss_percent": tried.median.loss_percent,
            "is_generator_late": tried.median.is_generator_late,
            "passed": tried.passed,
        })
    });
    json!({
        "verdict": if found.rate.is_some() { "PASS" } else { "FAIL" },
        "packets_per_second": found.rate,
        "is_generator_limit": found.is_generator_limit,
        "tried": tried.collect::<Vec<_>>(),
    })
}

fn parse_suite(text: &str) -> Result<Choice, UnknownSuite> {
    match text {
        "none" => Ok(Choice(None)),
        name => name.parse::<SuiteName>().map(|name| Choice(Some(name.suite))),
    }
}

fn parse_name(text: &str) -> Result<Name, NameError> {
    Name::new(text)
}

fn parse_payload(text: &str) -> Result<usize, String> {
    let fits = |len: &usize| (PAYLOAD_MIN..=PAYLOAD_MAX).contains(len);
    let wanted = || format!("wanted {PAYLOAD_MIN} to {PAYLOAD_MAX} bytes");
    text.parse().ok().filter(fits).ok_or_else(wanted)
}

pub(crate) fn parse_percent(text: &str) -> Result<f64, String> {
    let fits = |percent: &f64| (0.0..=100.0).contains(percent);
    text.parse().ok().filter(fits).ok_or_else(|| "wanted 0 to 100".to_owned())
}
