//! The appliance: two processes with a configuration that fits on a page.

use std::error::Error;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use super::Check;
use crate::role::{self, Role};

/// Where the appliance and the phone that calls are.
pub(super) const CUSTOMER: Ipv4Addr = Ipv4Addr::LOCALHOST;
/// Where the phone that is called is: an address of its own, so that one is told from the other.
pub(super) const CARRIER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// The connector of the phone that calls.
pub(super) const CONNECTOR: &str = "democonnector000000001";
pub(super) const ZONE: &str = "voiceconnector.demo.example";
pub(super) const ACCOUNT: &str = "123456789012";
/// What the caller may present, and whom it calls (numbers for fiction).
pub(super) const CALLER: &str = "+12065550100";
pub(super) const CALLED: &str = "+12065550123";

/// How long a process may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Appliance {
    folder: PathBuf,
    /// Where the carrier's phone is to listen.
    pub(super) carrier: UdpSocket,
    pub(super) sip: Listeners,
    driver: String,
    processes: [Role; 2],
}

/// Where messages come in.
#[derive(Clone, Copy)]
pub(super) struct Listeners {
    pub(super) udp: SocketAddr,
    pub(super) tcp: SocketAddr,
    pub(super) tls: SocketAddr,
}

type Started<T> = Result<T, Box<dyn Error>>;

impl Appliance {
    pub(super) fn start(folder: &Path) -> Started<Self> {
        let folder = folder.canonicalize()?;
        let data = folder.join("data");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&data)?;
        let carrier = UdpSocket::bind((CARRIER, 0))?;
        let sip = Listeners { udp: free_udp()?, tcp: free_tcp()?, tls: free_tcp()? };
        let (config, records) = (folder.join("trunkline.toml"), folder.join("provisioning.toml"));
        fs::write(&config, configuration(&data, sip))?;
        fs::write(&records, provisioning(carrier.local_addr()?.port()))?;
        settings::provision::apply(&[records], &data)?;

        let control = folder.join("media.sock");
        let here = CUSTOMER.to_string();
        let mut media = start(
            "media",
            // Sockets of its own, so that several demos, and whatever else is on this host, leave each other alone.
            &[
                "--driver",
                "uring-sockets",
                "--address",
                &here,
                "--ports",
                "20000-29999",
                "--workers",
                "1",
                "--control",
            ],
            &control,
            &folder,
        )?;
        let log = |role| folder.join(format!("{role}.log"));
        let driver = wait_until_ready(&mut media, "driver ", &log("media"))?;
        let mut signaling =
            start("signaling", &["--media", &control.to_string_lossy(), "--config"], &config, &folder)?;
        wait_until_ready(&mut signaling, "sip ", &log("signaling"))?;
        Ok(Self { folder, carrier, sip, driver, processes: [signaling, media] })
    }

    /// Tells that it is up.
    pub(super) fn check(&self) -> Check {
        let Listeners { udp, tcp, tls } = self.sip;
        let detail = format!("media ({}), sip udp {udp}, tcp {tcp}, tls {tls}", self.driver);
        Check::new("start", true, detail)
    }

    pub(super) fn control(&self) -> PathBuf {
        self.folder.join("media.sock")
    }

    /// Where call detail records arrive.
    pub(super) fn cdr(&self) -> PathBuf {
        self.folder.join("data/cdr")
    }

    /// The root that phones have to trust.
    pub(super) fn root(&self) -> io::Result<Vec<u8>> {
        fs::read(self.folder.join("data/tls/root.pem"))
    }

    /// The host that the customer's calls go to.
    pub(super) fn host() -> String {
        format!("{CONNECTOR}.{ZONE}")
    }

    /// Says what is where, for programs.
    pub(super) fn whereabouts(&self) -> Value {
        let Listeners { udp, tcp, tls } = self.sip;
        json!({
            "sip": { "udp": udp.to_string(), "tcp": tcp.to_string(), "tls": tls.to_string(), "host": Self::host() },
            "control": self.control(),
            "cdr": self.cdr(),
            "data": self.folder.join("data"),
        })
    }

    /// Says what is where, for people.
    pub(super) fn invitation(&self) -> String {
        format!(
            "  call      sip:{CALLED}@{} by way of {} (TLS, trust {}/data/tls/root.pem)\n  \
             records   {}\n  \
             sessions  trunkline ctl --control {} sessions",
            Self::host(),
            self.sip.tls,
            self.folder.display(),
            self.cdr().display(),
            self.control().display()
        )
    }

    /// Ends both processes in order.
    pub(super) fn stop(mut self) -> io::Result<()> {
        for process in &mut self.processes {
            process.end(PATIENCE)?;
        }
        Ok(())
    }
}

/// Starts a role, whose log is a file of the folder.
fn start(role: &str, words: &[&str], last: &Path, folder: &Path) -> Started<Role> {
    let log = fs::File::create(folder.join(format!("{role}.log")))?;
    let mut words = [role::words([role]), role::words(words)].concat();
    words.push(last.into());
    Ok(role::start(&words, Stdio::piped(), log.into())?)
}

/// Waits until a role is ready, and returns what it has said with this word before, up to a colon. One that ends instead has
/// said why in its log.
fn wait_until_ready(role: &mut Role, word: &str, log: &Path) -> Started<String> {
    if let Some(said) = role.said_until_ready()? {
        let found = said.iter().find_map(|line| line.strip_prefix(word)?.split(':').next());
        return Ok(found.unwrap_or_default().to_owned());
    }
    let status = role.wait()?;
    let said = fs::read_to_string(log).unwrap_or_default();
    let why = said.lines().last().unwrap_or("it has said nothing");
    Err(format!("a process of the appliance has ended before it was ready ({status}): {why}").into())
}

fn free_udp() -> io::Result<SocketAddr> {
    UdpSocket::bind((CUSTOMER, 0))?.local_addr()
}

fn free_tcp() -> io::Result<SocketAddr> {
    TcpListener::bind((CUSTOMER, 0))?.local_addr()
}

fn configuration(data: &Path, sip: Listeners) -> String {
    let mut text = format!(
        "[node]\ndata = {data:?}\n\n[sip]\nallow_loopback_media = true\nzone = \"{ZONE}\"\n\n\
         [media]\nspawn = false\ncontrol = [{:?}]\n\n[cdr]\naccount_id = \"{ACCOUNT}\"\n",
        data.with_file_name("media.sock"),
    );
    for (transport, address) in [("udp", sip.udp), ("tcp", sip.tcp), ("tls", sip.tls)] {
        text += &format!(
            "\n[[sip.listeners]]\ntransport = \"{transport}\"\naddress = \"{}\"\nport = {}\n",
            address.ip(),
            address.port()
        );
    }
    text
}

fn provisioning(carrier_port: u16) -> String {
    format!(
        "zone = \"{ZONE}\"\n\n\
         [[voice_connectors]]\nvoice_connector_id = \"{CONNECTOR}\"\nname = \"demo\"\nrequire_encryption = true\n\n\
         [voice_connectors.termination]\ncidr_allowed_list = [\"{CUSTOMER}/32\"]\ncalling_regions = [\"US\"]\n\
         cps_limit = 256\n\n\
         [[carriers]]\ncarrier_id = \"demo\"\nname = \"the telephone network\"\n\n\
         [[carriers.links]]\ncarrier_link_id = \"demo-1\"\nhost = \"{CARRIER}\"\nport = {carrier_port}\n\
         transport = \"UDP\"\n"
    )
}
