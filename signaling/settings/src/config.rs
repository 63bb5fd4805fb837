//! The configuration of the appliance: one file of TOML, strict, with a default for everything that can have one.

mod check;
mod words;

use std::{
    collections::BTreeMap,
    env, fs,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
};

use nix::{ifaddrs::getifaddrs, net::if_::InterfaceFlags};
use serde::Deserialize;
use telemetry::log::{Format, Levels};
use trunk::{AwsRegion, Secret, Transport};

use crate::document::{Document, Faults};

pub use words::{Digest, Fingerprint, NameServer, Part, Ports};

/// All that is configured, checked.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Call detail records.
    pub cdr: Cdr,
    /// Names and addresses of hosts.
    pub dns: Dns,
    /// What is too much.
    pub limits: Limits,
    /// Lines for those who operate.
    pub log: Log,
    /// What is rewritten in messages, in this order.
    pub manipulation: Vec<Manipulation>,
    /// Who relays media.
    pub media: Media,
    /// This installation.
    pub node: Node,
    /// SIP.
    pub sip: Sip,
    /// What takes too long.
    pub timers: Timers,
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// Tells all that is wrong; that the file cannot be read, too.
    pub fn load(path: &Path) -> Result<Self, Faults> {
        let text =
            fs::read_to_string(path).map_err(|error| Faults::of_file(path, "a file to read", error))?;
        Self::parse(&path.display().to_string(), &text, &host_addresses())
    }

    /// Reads and checks a text. Where it says no address, the only one of the host's is meant.
    ///
    /// # Errors
    /// Tells all that is wrong.
    pub fn parse(file: &str, text: &str, host: &[IpAddr]) -> Result<Self, Faults> {
        let mut document = Document::parse(file, text)?;
        let config = document.read::<Self>(&[]).map(|config| check::check(config, host, &mut document));
        document.finish()?;
        Ok(config.unwrap_or_default())
    }

    /// Gives a file that says what is meant where nothing is said, with comments.
    pub const fn default_toml() -> &'static str {
        include_str!("config/default.toml")
    }
}

/// Gives the addresses that others may reach this host by.
pub fn host_addresses() -> Vec<IpAddr> {
    let interfaces = getifaddrs().into_iter().flatten();
    let up = interfaces.filter(|one| one.flags.contains(InterfaceFlags::IFF_UP));
    let addresses = up.filter_map(|one| {
        let address = one.address?;
        let v4 = address.as_sockaddr_in().map(|address| IpAddr::from(address.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|address| address.ip().into()))
    });
    let is_ours = |address: &IpAddr| match address {
        IpAddr::V4(address) => !address.is_loopback(),
        IpAddr::V6(address) => !address.is_loopback() && !address.is_unicast_link_local(),
    };
    addresses.filter(is_ours).collect()
}

/// This installation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Node {
    /// The folder of all that has to outlive the process.
    pub data: PathBuf,
    /// Its name in logs and metrics.
    pub name: String,
    /// The site it is at.
    pub region: AwsRegion,
}

impl Default for Node {
    fn default() -> Self {
        Self { data: "/var/lib/trunkline".into(), name: "trunkline".to_owned(), region: AwsRegion::default() }
    }
}

/// SIP.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sip {
    /// Whether media may go to addresses of this host itself: for demonstrations.
    pub allow_loopback_media: bool,
    /// The status that asks for a login: 401 or 407.
    pub challenge: u16,
    /// The hashes that a login may be made with, in the order in which they are offered.
    pub digest: Vec<Digest>,
    /// Where messages come in; udp and tcp if none is said, and tls if there is a zone.
    pub listeners: Vec<Listener>,
    /// What Server and User-Agent say; they are left out if it is empty.
    pub server_name: String,
    /// The certificate of TLS.
    pub tls: Tls,
    /// What follows the id in the host names of connectors.
    pub zone: Option<String>,
}

impl Default for Sip {
    fn default() -> Self {
        Self {
            allow_loopback_media: false,
            challenge: 401,
            digest: vec![Digest::Md5, Digest::Sha256],
            listeners: Vec::new(),
            server_name: "Trunkline".to_owned(),
            tls: Tls::default(),
            zone: None,
        }
    }
}

/// Where messages come in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// The address.
    #[serde(default = "unspecified")]
    pub address: IpAddr,
    /// What others are told instead: a host, with a port or not.
    #[serde(default)]
    pub advertised: Option<String>,
    /// The port.
    #[serde(default)]
    pub port: u16,
    /// How messages come.
    #[serde(deserialize_with = "words::transport")]
    pub transport: Transport,
}

const fn unspecified() -> IpAddr {
    IpAddr::V4(Ipv4Addr::UNSPECIFIED)
}

/// The certificate of TLS: both files, or an own authority in the data directory that certifies `*.zone`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// The chain, as PEM.
    pub certificate: Option<PathBuf>,
    /// Its key, as PEM.
    pub key: Option<PathBuf>,
    /// Certificates of those whom we connect to that are believed as they are, instead of a root and a name.
    pub pinned: Vec<Fingerprint>,
    /// Files of PEM with roots, or certificates, that may stand behind whom we connect to; those of the system if none.
    pub roots: Vec<PathBuf>,
}

/// Who relays media: a process that is started with these settings, or others that run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Media {
    /// The addresses of media; those of SIP if none.
    pub addresses: Vec<IpAddr>,
    /// The realm of the side of carriers.
    pub carrier_realm: String,
    /// The control sockets of media processes that run.
    pub control: Vec<PathBuf>,
    /// The CPUs of workers, such as `2-5,8`; what the machine has to offer if none.
    pub cpus: Option<String>,
    /// The realm of the side of customers.
    pub customer_realm: String,
    /// The driver; the fastest that works if none.
    pub driver: Option<String>,
    /// The interface that carries the addresses.
    pub interface: Option<String>,
    /// The ports of the realm `default`.
    pub ports: Ports,
    /// The realms; if none is said, `default` with the first address.
    pub realms: Vec<Realm>,
    /// Whether a process is started.
    pub spawn: bool,
    /// How many workers; as many as there are CPUs for them if none.
    pub workers: Option<u32>,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            addresses: Vec::new(),
            carrier_realm: "default".to_owned(),
            control: Vec::new(),
            cpus: None,
            customer_realm: "default".to_owned(),
            driver: None,
            interface: None,
            ports: Ports::default(),
            realms: Vec::new(),
            spawn: true,
            workers: None,
        }
    }
}

/// Ports of an address, of which calls are given some.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Realm {
    /// The address: one of those of media.
    pub address: IpAddr,
    /// The name.
    pub name: String,
    /// The ports.
    #[serde(default)]
    pub ports: Ports,
}

/// Call detail records: to a folder, or to a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cdr {
    /// The account they are of: 12 digits.
    pub account_id: String,
    /// The folder; `cdr` in the data directory if neither is said.
    pub folder: Option<PathBuf>,
    /// The bucket.
    pub s3: Option<S3>,
}

impl Default for Cdr {
    fn default() -> Self {
        Self { account_id: "000000000000".to_owned(), folder: None, s3: None }
    }
}

/// A bucket of S3, or of what speaks like it. The secret is in one of three places.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// Who puts records there.
    pub access_key_id: String,
    /// The bucket.
    pub bucket: String,
    /// Where it is spoken to; AWS if none.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Its region.
    #[serde(default)]
    pub region: AwsRegion,
    /// The secret itself: only with `secret_in_clear`.
    #[serde(default)]
    pub secret_access_key: Option<Secret>,
    /// The environment variable with the secret.
    #[serde(default)]
    pub secret_access_key_env: Option<String>,
    /// The file with the secret.
    #[serde(default)]
    pub secret_access_key_file: Option<PathBuf>,
    /// Says that the secret is in this file on purpose.
    #[serde(default)]
    pub secret_in_clear: bool,
}

impl S3 {
    /// Gets the secret from where it is.
    ///
    /// # Errors
    /// Says what could not be read.
    pub fn secret(&self) -> Result<Secret, String> {
        if let Some(path) = &self.secret_access_key_file {
            let wanted = |error| format!("{}: wanted the secret access key, found {error}", path.display());
            let text = fs::read_to_string(path).map(zeroize::Zeroizing::new).map_err(wanted)?;
            return Ok(Secret::new(text.trim().to_owned()));
        }
        if let Some(name) = &self.secret_access_key_env {
            let wanted =
                |error| format!("{name}: wanted the secret access key in the environment, found {error}");
            return env::var(name).map(Secret::new).map_err(wanted);
        }
        Ok(self.secret_access_key.clone().unwrap_or_default())
    }
}

/// What is too much, for all connectors together.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Calls at a time.
    pub calls: u32,
    /// New calls a second.
    pub cps: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { calls: 10_000, cps: 500 }
    }
}

/// What takes too long, in seconds; 0 is never.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timers {
    /// How long a call may last.
    pub call_max_s: u32,
    /// How long a call without media may go on.
    pub media_timeout_s: u32,
    /// How often links of carriers are asked with OPTIONS whether they are there.
    pub options_interval_s: u32,
}

impl Default for Timers {
    fn default() -> Self {
        Self { call_max_s: 0, media_timeout_s: 0, options_interval_s: 30 }
    }
}

/// What is rewritten in messages of one way.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manipulation {
    /// Which way.
    pub direction: Way,
    /// The header.
    pub header: String,
    /// Requests or responses; both if none.
    #[serde(default)]
    pub message: Option<Message>,
    /// The method; `*` for all.
    pub method: String,
    /// What of the header.
    pub part: Part,
    /// What it becomes.
    pub value: String,
}

/// What kind of message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Message {
    Request,
    Response,
}

/// From whom a message comes, or to whom it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say it")]
pub enum Way {
    FromCarrier,
    FromCustomer,
    ToCarrier,
    ToCustomer,
}

/// Names and addresses of hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dns {
    /// Addresses that nobody is asked for.
    pub hosts: BTreeMap<String, Vec<IpAddr>>,
    /// Who is asked; those of the host if none.
    pub servers: Vec<NameServer>,
}

/// Lines for those who operate.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// How lines are written.
    #[serde(deserialize_with = "words::format")]
    pub format: Format,
    /// Which lines are: `info`, or `info,call=debug`.
    #[serde(deserialize_with = "words::levels")]
    pub level: Levels,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: Format::Text, level: Levels::default() }
    }
}
