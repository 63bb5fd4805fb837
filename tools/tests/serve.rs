//! `trunkline serve`: two processes that are kept running.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn who_dies_is_started_again_and_all_end_together() {
    let folder = Folder::new("kept");
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut served = serve(&folder.configuration(port));
    let mut lines = BufReader::new(served.stdout.take().unwrap());
    wait_for_ready(&mut lines, 2);
    // Who ends within a second of the first start is taken for one that cannot work.
    std::thread::sleep(Duration::from_millis(1_100));
    for role in ["signaling", "media"] {
        let before = child(&served, role).expect("it works");
        kill(before, Signal::SIGKILL).unwrap();
        wait_for_ready(&mut lines, 1);
        assert_ne!(child(&served, role), Some(before));
    }
    let children = ["signaling", "media"].map(|role| child(&served, role).expect("it works"));
    kill(Pid::from_raw(served.id().cast_signed()), Signal::SIGTERM).unwrap();
    assert!(served.wait().unwrap().success());
    for child in children {
        assert!(kill(child, None).is_err(), "{child} has been left");
    }
}

#[test]
fn nobody_outlives_the_keeper_and_another_one_can_start() {
    let folder = Folder::new("orphans");
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = folder.configuration(port);
    for _ in 0..2 {
        let mut served = serve(&config);
        wait_for_ready(&mut BufReader::new(served.stdout.take().unwrap()), 2);
        let children = ["signaling", "media"].map(|role| child(&served, role).expect("it works"));
        served.kill().unwrap();
        served.wait().unwrap();
        let deadline = Instant::now() + PATIENCE;
        while children.into_iter().any(runs) {
            assert!(Instant::now() < deadline, "a process has outlived its keeper");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn either_signal_ends_all_in_time() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let folder = Folder::new(signal.as_str());
        let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut served = serve(&folder.configuration(port));
        wait_for_ready(&mut BufReader::new(served.stdout.take().unwrap()), 2);
        let children = ["signaling", "media"].map(|role| child(&served, role).expect("it works"));
        let asked = Instant::now();
        kill(Pid::from_raw(served.id().cast_signed()), signal).unwrap();
        assert!(served.wait().unwrap().success(), "{signal}");
        assert!(asked.elapsed() < Duration::from_secs(3), "{signal}: {:?}", asked.elapsed());
        assert!(children.iter().all(|child| kill(*child, None).is_err()), "{signal}: somebody has been left");
        assert!(!folder.0.join("data/media.sock").exists(), "{signal}: media was not ended in order");
    }
}

#[test]
fn what_cannot_work_ends_at_once() {
    let folder = Folder::new("taken");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut served = serve(&folder.configuration(taken.local_addr().unwrap().port()));
    let started = Instant::now();
    assert_eq!(served.wait().unwrap().code(), Some(2));
    assert!(started.elapsed() < PATIENCE);
}

fn serve(config: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_trunkline"))
        .args(["serve", "--patience", "0", "--config"])
        .arg(config)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command runs")
}

fn wait_for_ready(lines: &mut BufReader<ChildStdout>, count: usize) {
    let found = lines.lines().map_while(Result::ok).filter(|line| line == "ready").take(count).count();
    assert_eq!(found, count);
}

/// Tells whether a process still does anything; one that nobody has waited for yet does not.
fn runs(process: Pid) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
}

/// Finds the process of a role among the children of another.
fn child(parent: &Child, role: &str) -> Option<Pid> {
    let id = parent.id();
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let children = children.expect("it runs");
        let found = children.split_whitespace().find(|child| {
            let words = fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
            words.split(|byte| *byte == 0).nth(1) == Some(role.as_bytes())
        });
        if let Some(found) = found {
            return Some(Pid::from_raw(found.parse().expect("the kernel writes numbers")));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    None
}

/// A folder that is gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("trunkline-serve-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("there is a folder for temporary files");
        Self(path)
    }

    fn configuration(&self, port: u16) -> PathBuf {
        let path = self.0.join("trunkline.toml");
        let data = self.0.join("data");
        let text = format!(
            "[node]\ndata = {data:?}\n[sip]\nzone = \"vc.example\"\n[media]\ndriver = \"mmsg\"\nworkers = 1\nports = \"30000-30999\"\n\
             [[sip.listeners]]\ntransport = \"tcp\"\naddress = \"127.0.0.1\"\nport = {port}\n"
        );
        fs::write(&path, text).expect("the folder is ours");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}
