//! `trunkline route`: says where a call would go, and why.

use std::error::Error;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use settings::provision;
use trunk::records::Records;
use trunk::route::{Attempt, Credentials, Decision, Offer, Outcome as Route, decide};
use trunk::snapshot::{Side, Snapshot};
use trunk::{CarrierId, Seed, VoiceConnector, VoiceConnectorId};

use crate::{Outcome, faults};

/// Say where a call would go, and which rules decide it.
#[derive(Args)]
#[command(after_help = NOTES)]
pub(crate) struct Arguments {
    /// The number that is called.
    #[arg(value_name = "NUMBER")]
    number: String,
    /// The number that calls.
    #[arg(long, value_name = "CALLER")]
    from: String,
    /// The connector that calls; its first allowed network is the source.
    #[arg(long, value_name = "ID", group = "who")]
    connector: Option<String>,
    /// The address that calls: of a connector, or of a link of a carrier.
    #[arg(long, value_name = "IP", group = "who")]
    source: Option<IpAddr>,
    /// The carrier that brings the call, by its first link.
    #[arg(long, value_name = "ID", group = "who")]
    carrier: Option<String>,
    /// The caller asks not to be shown.
    #[arg(long)]
    privacy: bool,
    /// How the call comes.
    #[arg(long, value_enum, default_value_t = Transport::Udp)]
    transport: Transport,
    /// SRTP is offered instead of RTP.
    #[arg(long)]
    srtp: bool,
    /// The data directory.
    #[arg(long = "data", value_name = "DIR", default_value = super::provision::DATA)]
    data_dir: PathBuf,
    /// A file that was not applied, instead of what is provisioned; may be given several times.
    #[arg(long = "file", value_name = "FILE", conflicts_with = "data_dir")]
    files: Vec<PathBuf>,
    /// Print one JSON object instead.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Transport {
    Tcp,
    Tls,
    Udp,
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let records = match arguments.files.as_slice() {
        [] => provision::load(&arguments.data_dir),
        files => provision::read(files),
    };
    let records = match records {
        Ok(records) => records,
        Err(faults) => return faults::tell(&faults, arguments.json),
    };
    if records.zone.is_empty() {
        let wanted = "wanted something provisioned, found nothing; type: trunkline provision apply FILE";
        return Err(format!("{}: {wanted}", arguments.data_dir.display()).into());
    }
    let snapshot = Snapshot::build(&records)?;
    let who = who(arguments, &records, &snapshot)?;
    let attempt = Attempt {
        asserted: &[],
        credentials: who.credentials,
        from: &arguments.from,
        here: None,
        host: &who.host,
        number: &arguments.number,
        offer: if arguments.srtp { Offer::Protected } else { Offer::Clear },
        privacy: arguments.privacy,
        side: who.side,
        source: who.source,
        transport: match arguments.transport {
            Transport::Tcp => trunk::Transport::Tcp,
            Transport::Tls => trunk::Transport::Tls,
            Transport::Udp => trunk::Transport::Udp,
        },
    };
    // The same question gets the same answer; weights are drawn anew for each real call.
    let mut seed = Seed(1);
    let decision = decide(&snapshot, &attempt, |bound| seed.below(bound));
    let mut stdout = io::stdout().lock();
    if arguments.json {
        writeln!(stdout, "{}", as_json(&decision))?;
    } else {
        if let Credentials::Verified { username, .. } = who.credentials {
            writeln!(stdout, "assumed: logged in as {username}")?;
        }
        write!(stdout, "{}", decision.explain())?;
    }
    let is_refused = matches!(decision.outcome, Route::Reject(_));
    Ok(if is_refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Who calls, as far as the network shows it.
struct Who<'a> {
    credentials: Credentials<'a>,
    host: String,
    side: Side,
    source: IpAddr,
}

fn who<'a>(
    arguments: &Arguments,
    records: &Records,
    snapshot: &'a Snapshot,
) -> Result<Who<'a>, Box<dyn Error>> {
    if let Some(text) = &arguments.carrier {
        let id = CarrierId::parse(text).filter(|id| snapshot.carriers().any(|carrier| carrier.id == *id));
        let known = snapshot.carriers().map(|carrier| carrier.id.to_string()).collect();
        let id = id.ok_or_else(|| unknown("--carrier", text, known))?;
        let source = link_source(records, id.as_str());
        let source =
            source.ok_or_else(|| format!("--carrier: wanted a carrier with an address, found {id}"))?;
        return Ok(Who {
            credentials: Credentials::Absent,
            host: source.to_string(),
            side: Side::Carrier,
            source,
        });
    }
    if let Some(source) = arguments.source {
        let side = snapshot.side_of(source, "").unwrap_or(Side::Customer);
        let owner = snapshot.owners_of(source).and_then(|(_network, mut owners)| owners.next());
        let credentials = owner.filter(|_| side == Side::Customer).map_or(Credentials::Absent, login);
        return Ok(Who { credentials, host: source.to_string(), side, source });
    }
    let Some(text) = &arguments.connector else {
        return Err(
            "wanted who calls, found nothing; type: --connector ID, --source IP or --carrier ID".into()
        );
    };
    let connector = VoiceConnectorId::parse(text).and_then(|id| snapshot.connector(&id));
    let known = snapshot.connectors().map(|connector| connector.id.to_string()).collect();
    let connector = connector.ok_or_else(|| unknown("--connector", text, known))?;
    let networks = connector.termination.iter().flat_map(|termination| &termination.cidr_allowed_list);
    let source = networks.map(|network| first_address(&network.to_string())).next().flatten();
    Ok(Who {
        credentials: login(connector),
        host: snapshot.outbound_host_name(&connector.id),
        side: Side::Customer,
        // Where nothing is allowed, whatever is there is not.
        source: source.unwrap_or(IpAddr::from([0, 0, 0, 0])),
    })
}

/// Assumes that a caller knows the first password, if one is asked for.
fn login(connector: &VoiceConnector) -> Credentials<'_> {
    match connector.credentials.first() {
        Some(first) => Credentials::Verified { connector: connector.id, username: &first.username },
        None => Credentials::Absent,
    }
}

/// Gives an address that the first links of a carrier send from.
fn link_source(records: &Records, id: &str) -> Option<IpAddr> {
    let carrier = records.carriers.iter().find(|carrier| carrier.carrier_id == id)?;
    let links = carrier.links.iter().filter(|link| !link.disabled);
    let mut networks = links.flat_map(|link| link.sources.iter().chain([&link.host]));
    networks.find_map(|network| first_address(network))
}

fn first_address(network: &str) -> Option<IpAddr> {
    network.split('/').next()?.parse().ok()
}

fn unknown(flag: &str, found: &str, known: Vec<String>) -> Box<dyn Error> {
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    format!("{flag}: wanted one that is provisioned ({known}), found {found}").into()
}

fn as_json(decision: &Decision) -> Value {
    let step = |step: &trunk::route::Step| {
        json!({
            "verdict": step.verdict.to_string(), "rule": step.rule.to_string(), "found": step.found,
        })
    };
    let (outcome, targets): (&str, Vec<String>) = match &decision.outcome {
        Route::Inbound(inbound) => ("inbound", inbound.targets.iter().map(ToString::to_string).collect()),
        Route::OnNet(on_net) => ("on_net", on_net.targets.iter().map(ToString::to_string).collect()),
        Route::Outbound(outbound) => ("outbound", outbound.links.iter().map(ToString::to_string).collect()),
        Route::Reject(_) => ("refused", Vec::new()),
    };
    let mut value = json!({
        "outcome": outcome, "targets": targets, "rules": decision.trace.iter().map(step).collect::<Vec<_>>(),
    });
    if let Route::Reject(reject) = &decision.outcome {
        value["status"] = reject.status.into();
        value["reason"] = reject.reason.word().into();
        value["says"] = reject.reason.to_string().into();
    }
    value
}

const NOTES: &str = "\
Whoever has to log in is assumed to have done so. Limits are not asked.
Exit codes: 0 routed, 1 refused, 2 the question cannot be answered.";
