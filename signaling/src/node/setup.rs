//! From the configuration to a node.

use std::fmt;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use books::Books;
use call::{ChallengeStatus, Engine};
use cdr::{Bucket, Destination};
use control::Name;
use fleet::{Fleet, NodeSetup, Settings};
use settings::config::{self, Config};
use settings::provision::{self, Seen};
use sip::digest::Algorithm;
use sip::flow::Protocol;
use telemetry::metrics::{Board, Publisher};
use telemetry::say;
use transport::resolve::{Resolver, ResolverSetup};
use transport::{Listener, Tls, Transport, certificate, tls};
use trunk::records::Records;
use trunk::snapshot::Snapshot;

use super::Node;
use super::guard::Listed;
use super::manipulations::manipulations;
use super::metrics::Metrics;
use super::watch::Watch;

/// Why a node does not start.
#[derive(Debug)]
pub enum StartError {
    /// The configuration, or what is provisioned, says what cannot be.
    Settings(String),
    /// The transport.
    Transport(transport::SetupError),
    /// The journal, or where records go.
    Records(cdr::Error),
    /// The media nodes.
    Fleet(fleet::SetupError),
    /// The system.
    System(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(text) => f.write_str(text),
            Self::Transport(error) => error.fmt(f),
            Self::Records(error) => error.fmt(f),
            Self::Fleet(error) => error.fmt(f),
            Self::System(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StartError {}

/// A node that is to be opened.
pub struct Setup<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The control sockets of the media nodes.
    pub media: &'a [PathBuf],
}

impl Node {
    /// Opens everything: sockets, books, media and the engine.
    ///
    /// # Errors
    ///
    /// If an address is taken, a file says what cannot be, or another process has the journal.
    pub fn open(setup: &Setup<'_>) -> Result<Self, StartError> {
        let Setup { config, media } = *setup;
        let data = &config.node.data;
        fs::create_dir_all(data).map_err(|error| {
            StartError::Settings(format!("{}: wanted the data folder, found {error}", data.display()))
        })?;
        let mut seen = Seen::default();
        let records = provision::changed(data, &mut seen).map_err(settings)?.unwrap_or_default();
        let snapshot = Arc::new(snapshot(records, config)?);
        let transport = Transport::open(&transport::Setup {
            listeners: config.sip.listeners.iter().map(listener).collect(),
            limits: transport::Limits::default(),
            tls: certificate(config, SystemTime::now())?.map(|certificate| certificate.tls),
        })
        .map_err(StartError::Transport)?;
        let engine = engine(config, &transport, Arc::clone(&snapshot))?;
        let resolver = Resolver::start(names(config), transport.waker()).map_err(StartError::Transport)?;
        let (publisher, reader) = Publisher::new();
        let watch = Watch::start(config, seen, Board::new(vec![reader]), transport.waker())?;
        let started = Instant::now();
        let mut fleet = fleet(media)?;
        fleet.register(transport.registry(), Transport::GUESTS).map_err(StartError::System)?;
        fleet.handle_timeout(started.elapsed());
        let books =
            Books::open(data, &config.cdr.account_id, &destination(config)?).map_err(StartError::Records)?;
        let mut node = Self {
            transport,
            resolver,
            fleet,
            engine,
            books,
            guard: Listed::new(snapshot),
            watch,
            metrics: Metrics::new(),
            publisher,
            started,
            pulsed: Duration::ZERO,
            behind_since: None,
            is_pressed: false,
            is_open: true,
            is_ending: false,
        };
        node.meet_media().map_err(StartError::System)?;
        Ok(node)
    }
}

/// Makes the snapshot of what is provisioned; the zone is that of the configuration where nothing else is said.
pub(super) fn snapshot(mut records: Records, config: &Config) -> Result<Snapshot, StartError> {
    match &config.sip.zone {
        Some(zone) if records.zone.is_empty() => records.zone.clone_from(zone),
        // Another one would be certified than the one that connectors are called by.
        Some(zone) if !records.zone.eq_ignore_ascii_case(zone) => {
            return Err(StartError::Settings(format!(
                "zone: wanted {zone:?} as in [sip] of the configuration, found {:?} in what is provisioned",
                records.zone
            )));
        }
        None if records.zone.is_empty() => {
            return Err(StartError::Settings(
                "zone: wanted what follows the id in host names of connectors, found none; type zone = \"voiceconnector.example\" in [sip] of \
                 the configuration"
                    .to_owned(),
            ));
        }
        _ => {}
    }
    if records.calls_max.is_none() {
        records.calls_max = Some(config.limits.calls);
    }
    Snapshot::build(&records).map_err(|faults| StartError::Settings(format!("provisioning: {faults}")))
}

fn settings(faults: impl fmt::Display) -> StartError {
    StartError::Settings(faults.to_string())
}

fn listener(listener: &config::Listener) -> Listener {
    let address = SocketAddr::new(listener.address, listener.port);
    let advertised = listener.advertised.as_ref().map(|host| match host.contains(':') {
        true => host.clone(),
        false => format!("{host}:{}", listener.port),
    });
    Listener { protocol: protocol(listener.transport), address, advertised }
}

const fn protocol(transport: trunk::Transport) -> Protocol {
    match transport {
        trunk::Transport::Udp => Protocol::Udp,
        trunk::Transport::Tcp => Protocol::Tcp,
        trunk::Transport::Tls => Protocol::Tls,
    }
}

const fn algorithm(digest: config::Digest) -> Algorithm {
    match digest {
        config::Digest::Md5 => Algorithm::Md5,
        config::Digest::Sha256 => Algorithm::Sha256,
    }
}

/// Where most systems keep the roots that they believe.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What TLS shows, and whether others have not seen it before.
pub(super) struct Certificate {
    pub(super) tls: Tls,
    pub(super) is_new: bool,
}

/// Reads the certificate that was configured, or keeps one of an authority of our own in the data folder.
pub(super) fn certificate(config: &Config, now: SystemTime) -> Result<Option<Certificate>, StartError> {
    let read = |path: &Path| {
        let unread =
            |error| StartError::Settings(format!("{}: wanted a PEM file, found {error}", path.display()));
        fs::read_to_string(path).map_err(unread)
    };
    let mut roots = tls::Roots::new();
    let (identity, is_new) = match (&config.sip.tls.certificate, &config.sip.tls.key, &config.sip.zone) {
        (Some(certificate), Some(key), _) => {
            let identity = tls::Identity::from_pem(&read(certificate)?, &read(key)?);
            (identity.map_err(StartError::Transport)?, true)
        }
        (_, _, Some(zone)) => {
            let folder = config.node.data.join("tls");
            fs::create_dir_all(&folder).map_err(StartError::System)?;
            let kept = certificate::keep(&folder, zone, now).map_err(StartError::Transport)?;
            roots.add_pem(&kept.root_pem).map_err(StartError::Transport)?;
            (kept.identity, kept.is_renewed)
        }
        (_, _, None) => return Ok(None),
    };
    for path in &config.sip.tls.roots {
        roots.add_pem(&read(path)?).map_err(StartError::Transport)?;
    }
    config.sip.tls.pinned.iter().for_each(|pinned| roots.pin(pinned.0));
    // What a system has collected may hold one that cannot be read; the others are good all the same.
    if let (true, Ok(bundle)) = (config.sip.tls.roots.is_empty(), fs::read_to_string(SYSTEM_ROOTS))
        && let Err(error) = roots.add_pem(&bundle)
    {
        say!(Warn, "a root of the system is not taken", error = format_args!("{error}"));
    }
    let tls = Tls::new(&identity, &roots).map_err(StartError::Transport)?;
    Ok(Some(Certificate { tls, is_new }))
}

fn names(config: &Config) -> ResolverSetup {
    let mut setup = ResolverSetup::of_system();
    if !config.dns.servers.is_empty() {
        setup.servers = config.dns.servers.iter().map(|server| server.0).collect();
    }
    config.dns.hosts.iter().fold(setup, |setup, (name, addresses)| setup.with_host(name, addresses))
}

/// How long media goes on that nobody wishes: not at all. Calls end with the process that had them, and their records say
/// so; what is relayed afterwards is not paid for. And a process that is killed every second would fill the ports.
const GRACE: Duration = Duration::ZERO;

fn fleet(sockets: &[PathBuf]) -> Result<Fleet, StartError> {
    let node = |(number, socket): (usize, &PathBuf)| NodeSetup {
        name: Name::new(&format!("media-{}", number + 1)).expect("letters, a dash and digits"),
        socket: socket.clone(),
    };
    let nodes = sockets.iter().enumerate().map(node).collect();
    let settings = Settings { grace: GRACE, ..Settings::default() };
    Fleet::new(Duration::ZERO, nodes, settings).map_err(StartError::Fleet)
}

/// Returns where records go.
fn destination(config: &Config) -> Result<Destination, StartError> {
    let Some(s3) = &config.cdr.s3 else {
        let folder = config.cdr.folder.clone().unwrap_or_else(|| config.node.data.join("cdr"));
        return Ok(Destination::Folder(folder));
    };
    let region = s3.region.to_string();
    Ok(Destination::Bucket(Bucket {
        endpoint: s3.endpoint.clone().unwrap_or_else(|| format!("https://s3.{region}.amazonaws.com")),
        region,
        name: s3.bucket.clone(),
        access_key_id: s3.access_key_id.clone(),
        secret_access_key: s3.secret().map_err(StartError::Settings)?.expose().to_owned(),
        certificates: None,
    }))
}

fn engine(config: &Config, transport: &Transport, snapshot: Arc<Snapshot>) -> Result<Engine, StartError> {
    let realm =
        |name: &str| Name::new(name).map_err(|error| StartError::Settings(format!("realm {name}: {error}")));
    let listeners = transport
        .listeners()
        .iter()
        .map(|bound| call::Listener {
            protocol: bound.protocol,
            local: bound.address,
            advertised: bound.sent_by.clone(),
        })
        .collect();
    let seconds = |seconds: u32| (seconds > 0).then(|| Duration::from_secs(seconds.into()));
    let setup = call::Setup {
        product: Some(config.sip.server_name.clone()).filter(|name| !name.is_empty()),
        here: Some(config.node.region),
        challenge: match config.sip.challenge {
            407 => ChallengeStatus::ProxyAuthenticationRequired,
            _ => ChallengeStatus::Unauthorized,
        },
        digests: config.sip.digest.iter().map(|digest| algorithm(*digest)).collect(),
        call_max: seconds(config.timers.call_max_s),
        media_timeout: seconds(config.timers.media_timeout_s),
        probe_interval: seconds(config.timers.options_interval_s),
        allows_loopback: config.sip.allow_loopback_media,
        manipulations: manipulations(&config.manipulation)?,
        limits: call::Limits {
            calls_per_second_max: NonZeroU32::new(config.limits.cps),
            ..call::Limits::default()
        },
        ..call::Setup::new(
            snapshot,
            listeners,
            realm(&config.media.customer_realm)?,
            realm(&config.media.carrier_realm)?,
        )
    };
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| StartError::System(io::Error::other(error)))?;
    Ok(Engine::new(setup, seed))
}
