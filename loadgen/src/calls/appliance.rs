//! An appliance of one's own to measure: `trunkline media` and `trunkline signaling` on loopback, in a temporary folder.

use std::error::Error;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::role::Role;

/// Where PBX and appliance are.
pub const CUSTOMER: Ipv4Addr = Ipv4Addr::LOCALHOST;
/// Where the carrier is: an address of its own, so that one is told from the other.
pub const CARRIER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Where media is relayed: all ports of these two are for calls.
const MEDIA: [Ipv4Addr; 2] = [Ipv4Addr::new(127, 0, 0, 4), Ipv4Addr::new(127, 0, 0, 5)];
const CONNECTOR: &str = "loadconnector000000001";
const ZONE: &str = "voiceconnector.load.example";
/// How long a process may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is to be started.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The program.
    pub trunkline: PathBuf,
    /// Calls a second that it takes.
    pub cps: u32,
    /// Calls at a time that it takes.
    pub calls: u32,
    /// The driver of media; the fastest that works if none.
    pub driver: Option<String>,
    /// Where records of calls go; beside the journal if none.
    pub records: Option<PathBuf>,
}

/// Two processes, and their folder; both are gone when this goes.
pub struct Appliance {
    folder: PathBuf,
    processes: Vec<Role>,
    /// Where messages of each protocol come in: UDP, TCP and TLS.
    pub sip: [SocketAddr; 3],
}

type Started<T> = Result<T, Box<dyn Error>>;

impl Appliance {
    /// Starts media and signaling. Calls go to the carrier's socket.
    ///
    /// # Errors
    ///
    /// If there is no such program, or it does not start; its log says why.
    pub fn start(setup: &Setup, carrier: SocketAddr) -> Started<Self> {
        let folder = std::env::temp_dir().join(format!("loadgen-{}", std::process::id()));
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let sip = [free_udp()?, free_tcp()?, free_tcp()?];
        let mut appliance = Self { folder, processes: Vec::new(), sip };
        let (config, records) = (appliance.path("trunkline.toml"), appliance.path("provisioning.toml"));
        fs::write(&config, configuration(&appliance.folder, sip, setup))?;
        fs::write(&records, provisioning(carrier, setup))?;
        let (config, records) = (text(&config), text(&records));
        let (data, control) = (text(&appliance.path("data")), text(&appliance.path("media.sock")));
        let applied = Command::new(&setup.trunkline)
            .args(["provision", "apply", &records, "--data", &data])
            .output()
            .map_err(|error| {
                format!(
                    "{}: wanted the program trunkline, found {error}; build it, or name it with --trunkline",
                    text(&setup.trunkline)
                )
            })?;
        if !applied.status.success() {
            return Err(String::from_utf8_lossy(&applied.stderr).into());
        }
        let realms = MEDIA.map(|address| format!("side{}={address}:1024-65535", address.octets()[3]));
        let [customers, carriers] = &realms;
        let mut media = vec!["media", "--workers", "1", "--realm", customers, "--realm", carriers];
        media.extend(["--control", &control]);
        if let Some(driver) = &setup.driver {
            media.extend(["--driver", driver, "--require-driver"]);
        }
        appliance.run(&setup.trunkline, &media)?;
        appliance.run(&setup.trunkline, &["signaling", "--media", &control, "--config", &config])?;
        Ok(appliance)
    }

    /// Returns the process that negotiates calls.
    #[must_use]
    pub fn signaling(&self) -> Option<u32> {
        self.processes.get(1).map(Role::id)
    }

    /// Returns the host that calls go to.
    #[must_use]
    pub fn host() -> String {
        format!("{CONNECTOR}.{ZONE}")
    }

    /// Returns the root certificate of the appliance.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn root(&self) -> io::Result<Vec<u8>> {
        fs::read(self.path("data/tls/root.pem"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Starts a role of the program, and waits until it is ready.
    fn run(&mut self, program: &Path, arguments: &[&str]) -> Started<()> {
        let role = arguments[0];
        let log = self.path(&format!("{role}.log"));
        let stderr = fs::File::create(&log)?.into();
        let mut started = Role::start(program, arguments, Stdio::piped(), stderr)?;
        let said = started.said_until_ready();
        self.processes.push(started);
        if said?.is_some() {
            return Ok(());
        }
        Err(format!("trunkline {role} does not start: {}", fs::read_to_string(&log)?.trim()).into())
    }
}

impl Drop for Appliance {
    fn drop(&mut self) {
        // Signaling first: it closes its sessions.
        for process in self.processes.iter_mut().rev() {
            // It ends now, or when it is dropped.
            let _ = process.end(PATIENCE);
        }
        // What is left of a folder of our own in the temporary one hurts nobody.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn free_udp() -> io::Result<SocketAddr> {
    UdpSocket::bind((CUSTOMER, 0))?.local_addr()
}

fn free_tcp() -> io::Result<SocketAddr> {
    TcpListener::bind((CUSTOMER, 0))?.local_addr()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn configuration(folder: &Path, sip: [SocketAddr; 3], setup: &Setup) -> String {
    let [customers, carriers] = MEDIA.map(|address| format!("side{}", address.octets()[3]));
    let mut text = format!(
        "[node]\ndata = {:?}\n\n[sip]\nallow_loopback_media = true\nzone = \"{ZONE}\"\n\n\
         [media]\nspawn = false\ncontrol = [{:?}]\naddresses = [\"{}\", \"{}\"]\n\
         customer_realm = \"{customers}\"\ncarrier_realm = \"{carriers}\"\n\n\
         [limits]\ncps = {}\ncalls = {}\n",
        folder.join("data"),
        folder.join("media.sock"),
        MEDIA[0],
        MEDIA[1],
        setup.cps,
        setup.calls,
    );
    if let Some(records) = &setup.records {
        text += &format!("\n[cdr]\nfolder = {records:?}\n");
    }
    for (name, address) in [&customers, &carriers].into_iter().zip(MEDIA) {
        text += &format!("\n[[media.realms]]\nname = \"{name}\"\naddress = \"{address}\"\n");
    }
    for (transport, address) in ["udp", "tcp", "tls"].into_iter().zip(sip) {
        let (ip, port) = (address.ip(), address.port());
        text +=
            &format!("\n[[sip.listeners]]\ntransport = \"{transport}\"\naddress = \"{ip}\"\nport = {port}\n");
    }
    text
}

/// One connector and one link, neither of which is a limit.
fn provisioning(carrier: SocketAddr, setup: &Setup) -> String {
    let cps = setup.cps.max(1);
    let IpAddr::V4(address) = carrier.ip() else { return String::new() };
    format!(
        "zone = \"{ZONE}\"\n\n[quotas]\ncps = {cps}\n\n\
         [[voice_connectors]]\nvoice_connector_id = \"{CONNECTOR}\"\nname = \"load\"\n\n\
         [voice_connectors.termination]\ncidr_allowed_list = [\"{CUSTOMER}/32\"]\ncalling_regions = [\"US\"]\n\
         cps_limit = {cps}\n\n\
         [[carriers]]\ncarrier_id = \"load\"\nname = \"the telephone network\"\n\n\
         [[carriers.links]]\ncarrier_link_id = \"load-1\"\nhost = \"{address}\"\nport = {}\ntransport = \"UDP\"\n",
        carrier.port()
    )
}
