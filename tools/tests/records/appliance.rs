//! The appliance: a media process and a signaling process, between a customer with two sites and a carrier. Every
//! appliance has addresses and a folder of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};

use loadgen::node::Node;

use crate::wait_until;

pub(crate) const ZONE: &str = "voiceconnector.example";
pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const HEADQUARTERS: &str = "headquarters0000000001";
pub(crate) const BRANCH: &str = "branch0000000000000001";
/// A connector whose host nobody is at.
pub(crate) const EMPTY: &str = "empty00000000000000001";
/// What headquarters calls from and is called at.
pub(crate) const OWN_NUMBER: &str = "+12065550100";
/// A number of a group: of the empty connector first, of the branch then.
pub(crate) const GROUP_NUMBER: &str = "+12065550101";

/// Who is where; everybody at port 5060.
#[derive(Clone, Copy)]
pub(crate) struct Addresses {
    network: [u8; 3],
}

impl Addresses {
    pub(crate) fn here(self) -> SocketAddr {
        self.at(1)
    }

    pub(crate) fn headquarters(self) -> SocketAddr {
        self.at(2)
    }

    pub(crate) fn branch(self) -> SocketAddr {
        self.at(3)
    }

    pub(crate) fn carrier(self) -> SocketAddr {
        self.at(4)
    }

    fn nobody(self) -> SocketAddr {
        self.at(5)
    }

    fn at(self, host: u8) -> SocketAddr {
        let [a, b, c] = self.network;
        SocketAddr::new(Ipv4Addr::new(a, b, c, host).into(), 5060)
    }
}

/// Both processes. They end with it, and the folder goes.
pub(crate) struct Appliance {
    pub(crate) addresses: Addresses,
    folder: PathBuf,
    data: PathBuf,
    media: Option<Child>,
    signaling: Option<Child>,
}

impl Appliance {
    /// Starts both, with the folder of data and where records go: nothing stands for the usual.
    pub(crate) fn start(data: Option<&Path>, records: &str) -> Self {
        static NUMBER: AtomicU8 = AtomicU8::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let network = [127, 10 + (process / 250 % 240) as u8, (process % 25) as u8 * 10 + number];
        let folder = std::env::temp_dir().join(format!("trunkline-records-{process}-{number}"));
        fs::create_dir_all(&folder).unwrap();
        let data = data.map_or_else(|| folder.join("data"), Path::to_path_buf);
        fs::create_dir_all(&data).unwrap();
        let addresses = Addresses { network };
        let mut appliance = Self { addresses, folder, data, media: None, signaling: None };
        appliance.configure(records);
        appliance.start_media();
        appliance.start_signaling();
        appliance
    }

    /// Where records arrive, if nothing else was said.
    pub(crate) fn bucket(&self) -> PathBuf {
        self.folder.join("bucket")
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.data.join("journal")
    }

    pub(crate) fn start_media(&mut self) {
        let here = self.addresses.here().ip().to_string();
        let arguments =
            ["media", "--address", &here, "--workers", "1", "--sessions", "4096", "--ports", "20000-29999"];
        let driver = ["--driver", "mmsg", "--require-driver", "--frames", "1024", "--control"];
        self.media = Some(self.run("media", &arguments, &driver, &self.control()));
    }

    pub(crate) fn start_signaling(&mut self) {
        let control = self.control().display().to_string();
        let arguments = ["signaling", "--media", &control, "--patience", "1"];
        self.signaling = Some(self.run("signaling", &arguments, &["--config"], &self.config()));
    }

    /// Ends signaling as a crash does.
    pub(crate) fn kill_signaling(&mut self) {
        kill(&mut self.signaling);
    }

    pub(crate) fn kill_media(&mut self) {
        kill(&mut self.media);
    }

    /// Ends signaling in order, which takes no longer than a record that cannot be delivered may.
    pub(crate) fn stop_signaling(&mut self) {
        let mut process = self.signaling.take().unwrap();
        let id = process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        wait_until("the end of signaling", || process.try_wait().unwrap().is_some());
        assert!(process.wait().unwrap().success());
    }

    /// How many calls media relays.
    pub(crate) fn sessions(&self) -> usize {
        Node::connect(self.control()).unwrap().sessions().unwrap().len()
    }

    /// What a process has said since it was first started.
    pub(crate) fn log(&self, role: &str) -> String {
        fs::read_to_string(self.folder.join(format!("{role}.log"))).unwrap_or_default()
    }

    fn run(&self, role: &str, arguments: &[&str], more: &[&str], last: &Path) -> Child {
        let log = self.folder.join(format!("{role}.log"));
        let log = fs::File::options().create(true).append(true).open(log).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_trunkline"))
            .args(arguments)
            .args(more)
            .arg(last)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let is_ready = output.lines().map_while(Result::ok).any(|line| line == "ready");
        assert!(is_ready, "{role} has ended: {}", self.log(role));
        process
    }

    fn control(&self) -> PathBuf {
        self.folder.join("media.sock")
    }

    fn config(&self) -> PathBuf {
        self.folder.join("trunkline.toml")
    }

    fn configure(&self, records: &str) {
        let Self { addresses, data, .. } = self;
        let here = addresses.here().ip();
        let records = match records {
            "" => format!("folder = {:?}", self.bucket()),
            records => records.to_owned(),
        };
        let config = format!(
            "[node]\ndata = {data:?}\n\n[sip]\nallow_loopback_media = true\nzone = \"{ZONE}\"\n\n\
             [[sip.listeners]]\ntransport = \"udp\"\naddress = \"{here}\"\nport = 5060\n\n\
             [media]\nspawn = false\ncontrol = [{:?}]\n\n[limits]\ncps = 100000\n\n[timers]\noptions_interval_s = 0\n\n\
             [cdr]\naccount_id = \"{ACCOUNT}\"\n{records}\n",
            self.control()
        );
        fs::write(self.config(), config).unwrap();
        let provisioning = self.folder.join("provisioning.toml");
        fs::write(&provisioning, provisioned(*addresses)).unwrap();
        settings::provision::apply(&[provisioning], data).unwrap();
    }
}

impl Drop for Appliance {
    fn drop(&mut self) {
        kill(&mut self.signaling);
        kill(&mut self.media);
        if std::thread::panicking() {
            let log = self.log("signaling");
            let lines: Vec<_> = log.lines().collect();
            println!("what signaling said last:\n{}", lines[lines.len().saturating_sub(30)..].join("\n"));
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn kill(process: &mut Option<Child>) {
    if let Some(mut process) = process.take() {
        process.kill().unwrap();
        process.wait().unwrap();
    }
}

fn provisioned(addresses: Addresses) -> String {
    let connector = |id: &str, host: SocketAddr| {
        format!(
            "[[voice_connectors]]\nvoice_connector_id = \"{id}\"\nname = \"{id}\"\norigination = {{ routes = \
             [{{ host = \"{}\", protocol = \"UDP\", priority = 1, weight = 1 }}] }}\n",
            host.ip()
        )
    };
    format!(
        "zone = \"{ZONE}\"\n\n{}\
         termination = {{ cidr_allowed_list = [\"{}/32\"], calling_regions = [\"US\"], cps_limit = 256 }}\n\n\
         {}\n{}\n\
         [[voice_connector_groups]]\nvoice_connector_group_id = \"everywhere000000000001\"\nname = \"group\"\n\
         voice_connector_items = [{{ voice_connector_id = \"{EMPTY}\", priority = 1 }}, \
         {{ voice_connector_id = \"{BRANCH}\", priority = 2 }}]\n\n\
         [[numbers]]\nnumber = \"{OWN_NUMBER}\"\nconnector = \"{HEADQUARTERS}\"\ncarrier = \"north\"\n\n\
         [[numbers]]\nnumber = \"{GROUP_NUMBER}\"\ngroup = \"everywhere000000000001\"\ncarrier = \"north\"\n\n\
         [[carriers]]\ncarrier_id = \"north\"\nname = \"North\"\n\n\
         [[carriers.links]]\ncarrier_link_id = \"north-1\"\nhost = \"{}\"\ntransport = \"UDP\"\n",
        connector(HEADQUARTERS, addresses.headquarters()),
        addresses.headquarters().ip(),
        connector(BRANCH, addresses.branch()),
        connector(EMPTY, addresses.nobody()),
        addresses.carrier().ip(),
    )
}
