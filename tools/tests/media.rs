//! `trunkline media` and `trunkline ctl` as a person starts them: real processes, real sockets on loopback, no privileges.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use control::{Epoch, Name, Rtcp, SessionId, SessionSpec, SideSpec};
use crypto::{MasterKey, Opener, Parts, Suite};
use loadgen::node::Node;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

const TRUNKLINE: &str = env!("CARGO_BIN_EXE_trunkline");

/// A media process with an address and a directory of its own; it ends with the test.
struct Media {
    process: Child,
    directory: PathBuf,
    address: String,
    lines: Vec<String>,
}

impl Media {
    /// Starts one, with further arguments, and waits until it is ready.
    fn start(arguments: &[&str]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(2);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let address = format!("127.0.{}.{number}", std::process::id() % 250);
        let directory = std::env::temp_dir().join(format!("trunkline-{}-{number}", std::process::id()));
        fs::create_dir_all(&directory).expect("there is a temporary directory");
        let mut process = Command::new(TRUNKLINE)
            .args(["media", "--address", &address, "--workers", "1", "--frames", "512"])
            .args(if arguments.contains(&"--sessions") { &[][..] } else { &["--sessions", "512"] })
            .args(["--driver", "mmsg", "--require-driver", "--control"])
            .arg(directory.join("media.sock"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the command was built with this test");
        let output = BufReader::new(process.stdout.take().expect("its output is piped"));
        let lines: Vec<String> =
            output.lines().map_while(Result::ok).take_while(|line| line != "ready").collect();
        assert!(matches!(process.try_wait(), Ok(None)), "it has ended: {lines:?}");
        Self { process, directory, address, lines }
    }

    fn socket(&self) -> PathBuf {
        self.directory.join("media.sock")
    }

    fn ctl(&self, arguments: &[&str]) -> Output {
        Command::new(TRUNKLINE)
            .arg("ctl")
            .arg("--control")
            .arg(self.socket())
            .args(arguments)
            .output()
            .expect("the command was built with this test")
    }

    fn ctl_json(&self, arguments: &[&str]) -> Value {
        let output = self.ctl(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("it is one JSON object")
    }

    fn count(&self, name: &str) -> u64 {
        self.ctl_json(&["stats"])[name].as_u64().expect("there is such a counter")
    }

    fn resident_kb(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("it runs");
        let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("Linux says so");
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("it is a number of KB")
    }
}

impl Drop for Media {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        drop(fs::remove_dir_all(&self.directory));
    }
}

/// Both peers of a session of `lab-open`: they share a port.
fn peer() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("there is a free port");
    socket.set_read_timeout(Some(Duration::from_secs(5))).expect("five seconds are a timeout");
    socket
}

fn lab_open(media: &Media, peer: &UdpSocket, arguments: &[&str]) -> Value {
    let port = peer.local_addr().expect("it is bound").port().to_string();
    let mut opened =
        media.ctl_json(&[&["lab-open", "--peer", "127.0.0.1", "--first-port", &port], arguments].concat());
    opened["sessions"][0].take()
}

fn rtp(sequence: u16) -> Vec<u8> {
    let [high, low] = sequence.to_be_bytes();
    [&[0x80, 0, high, low, 0, 0, 0, high, 9, 9, 9, 9][..], &[0x55; 160]].concat()
}

#[test]
fn plain_media_goes_both_ways() {
    let media = Media::start(&[]);
    let peer = peer();
    let session = lab_open(&media, &peer, &[]);
    let mut received = [0; 2048];
    for (to, from) in [("a", "b"), ("b", "a")] {
        for sequence in 0..50 {
            peer.send_to(&rtp(sequence), session[to].as_str().unwrap()).unwrap();
            let (len, sender) = peer.recv_from(&mut received).unwrap();
            assert_eq!(&received[..len], rtp(sequence));
            assert_eq!(sender.to_string(), session[from].as_str().unwrap());
        }
    }
    let state = &media.ctl_json(&["sessions"])["sessions"][0];
    assert_eq!((&state["sides"]["a"]["packets"], &state["sides"]["b"]["packets"]), (&50.into(), &50.into()));
    assert_eq!((media.count("packets_forwarded"), media.count("packets_miscounted")), (100, 0));
}

#[test]
fn what_a_sends_in_the_clear_reaches_b_under_its_key() {
    let media = Media::start(&[]);
    let peer = peer();
    for suite in Suite::ALL {
        let session = lab_open(&media, &peer, &["--suite", suite.name()]);
        let key = BASE64_STANDARD.decode(session["key_to_b"].as_str().unwrap()).unwrap();
        let mut opener = Opener::new(&MasterKey::from_bytes(suite, &key).unwrap());
        let mut received = [0; 2048];
        for sequence in 65_500..=65_535 {
            peer.send_to(&rtp(sequence), session["a"].as_str().unwrap()).unwrap();
            let (len, _) = peer.recv_from(&mut received).unwrap();
            assert_ne!(received[12..28], rtp(sequence)[12..28], "{suite}: it is encrypted");
            let parts = Parts { header_len: 12, ssrc: 0x0909_0909, sequence };
            let len = opener.open_rtp(&mut received[..len], parts).unwrap();
            assert_eq!(received[..len], rtp(sequence), "{suite}");
        }
        // What is not protected is not taken from B.
        peer.send_to(&rtp(1), session["b"].as_str().unwrap()).unwrap();
        peer.send_to(&rtp(0), session["a"].as_str().unwrap()).unwrap();
        let (_, sender) = peer.recv_from(&mut received).unwrap();
        assert_eq!(sender.to_string(), session["b"].as_str().unwrap(), "{suite}: nothing went to A");
        assert!(media.ctl(&["close"]).status.success());
    }
}

#[test]
fn sessions_outlive_their_client_and_a_second_one_finds_them() {
    let media = Media::start(&[]);
    let peer = peer();
    let session = lab_open(&media, &peer, &["--count", "20"]);
    let listed = |media: &Media| media.ctl_json(&["sessions"])["sessions"].as_array().unwrap().len();
    assert_eq!(listed(&media), 20, "the client that opened them is gone");
    let mut first = Node::connect(media.socket()).unwrap();
    let incarnation = first.incarnation();
    let before = first.sessions().unwrap();
    drop(first);
    let mut second = Node::connect(media.socket()).unwrap();
    assert_eq!((second.incarnation(), second.sessions().unwrap()), (incarnation, before));
    peer.send_to(&rtp(1), session["a"].as_str().unwrap()).unwrap();
    assert_eq!(peer.recv(&mut [0; 2048]).unwrap(), 172, "media goes on meanwhile");
    assert!(media.ctl(&["close"]).status.success());
    assert_eq!(listed(&media), 0);
}

#[test]
fn a_hundred_clients_that_talk_nonsense_disturb_nobody() {
    let media = Media::start(&[]);
    let peer = peer();
    let session = lab_open(&media, &peer, &[]);
    for number in 0..100u8 {
        let client = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::SEQPACKET, None).unwrap();
        client.connect(&socket2::SockAddr::unix(media.socket()).unwrap()).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        // It may be let go before it has said all.
        drop(client.send(&vec![number; usize::from(number) * 100]));
    }
    peer.send_to(&rtp(1), session["a"].as_str().unwrap()).unwrap();
    assert_eq!(peer.recv(&mut [0; 2048]).unwrap(), 172);
    assert_eq!(media.count("sessions"), 1);
}

#[test]
fn full_is_a_refusal_with_its_reason_and_leaves_nothing_behind() {
    let media = Media::start(&["--ports", "20000-20039", "--quarantine-ms", "0", "--sessions", "15"]);
    let mut node = Node::connect(media.socket()).unwrap();
    let spec = |id: u64, rtcp| {
        let side = || SideSpec::new(Name::new("default").unwrap(), Some("127.0.0.1:9000".parse().unwrap()));
        let mut sides = [side(), side()];
        sides.iter_mut().for_each(|side| side.rtcp = rtcp);
        SessionSpec { id: SessionId(id), epoch: Epoch(1), media_timeout_s: 0, sides }
    };
    let reasons = |granted: Vec<Result<_, control::Reason>>| -> Vec<_> {
        granted.into_iter().map(|granted| granted.map_or_else(control::Reason::word, |_| "ok")).collect()
    };
    let pairs = node.apply_all((1..=11).map(|id| spec(id, Rtcp::NextPort(None))), 16).unwrap();
    assert_eq!(reasons(pairs), [&["ok"; 10][..], &["ports_exhausted"]].concat());
    node.close_all((1..=11).map(SessionId), 16).unwrap();
    let singles = node.apply_all((1..=16).map(|id| spec(id, Rtcp::Muxed)), 16).unwrap();
    assert_eq!(reasons(singles), [&["ok"; 15][..], &["sessions_full"]].concat());
    node.close_all((1..=16).map(SessionId), 16).unwrap();
    assert_eq!(media.ctl_json(&["ports"])["realms"][0]["free"], 40);
    let mut elsewhere = spec(1, Rtcp::Muxed);
    elsewhere.sides[1].realm = Name::new("nowhere").unwrap();
    assert_eq!(reasons(node.apply_all([elsewhere], 1).unwrap()), ["realm_unknown"]);
}

#[test]
fn memory_and_descriptors_stay_flat_however_many_sessions_come_and_go() {
    let media = Media::start(&["--quarantine-ms", "0"]);
    let peer = peer();
    let descriptors = || fs::read_dir(format!("/proc/{}/fd", media.process.id())).unwrap().count();
    let round = || {
        lab_open(&media, &peer, &["--count", "400", "--stride", "0", "--suite", "AES_CM_128_HMAC_SHA1_80"]);
        assert!(media.ctl(&["close"]).status.success());
    };
    (0..3).for_each(|_| round());
    let before = (media.resident_kb(), descriptors());
    (0..20).for_each(|_| round());
    // The process may not have seen yet that its last client is gone.
    let deadline = Instant::now() + Duration::from_secs(5);
    while descriptors() > before.1 && Instant::now() < deadline {
        std::thread::yield_now();
    }
    assert!(descriptors() <= before.1, "{} descriptors grew to {}", before.1, descriptors());
    assert!(media.resident_kb() <= before.0 + 512, "{} KB grew to {}", before.0, media.resident_kb());
}

#[test]
fn a_port_that_another_program_has_is_passed_over() {
    let media = Media::start(&["--ports", "21000-21011", "--quarantine-ms", "0"]);
    let taken = UdpSocket::bind((media.address.as_str(), 21_004)).unwrap();
    let peer = peer();
    for _ in 0..20 {
        let session = lab_open(&media, &peer, &["--count", "2", "--stride", "0"]);
        let taken = taken.local_addr().unwrap().to_string();
        assert!(session["a"] != taken.as_str() && session["b"] != taken.as_str());
        assert!(media.ctl(&["close"]).status.success());
    }
}

#[test]
fn a_socket_left_behind_is_replaced_and_one_in_use_is_not() {
    let media = Media::start(&[]);
    let start = |path: &Path| {
        let mut command = Command::new(TRUNKLINE);
        command.args(["media", "--address", "127.0.0.1", "--workers", "1", "--driver", "mmsg", "--control"]);
        command.arg(path).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let second = start(&media.socket()).output().unwrap();
    assert_eq!(second.status.code(), Some(2));
    let reason = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(reason.contains("found another process that listens there"), "{reason}");
    let path = media.directory.join("stale.sock");
    drop(std::os::unix::net::UnixDatagram::bind(&path).unwrap());
    fs::remove_file(&path).unwrap();
    {
        let listener = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::SEQPACKET, None).unwrap();
        listener.bind(&socket2::SockAddr::unix(&path).unwrap()).unwrap();
        listener.listen(1).unwrap();
    }
    assert!(path.exists(), "nobody listens there any more");
    let mut third = start(&path).spawn().unwrap();
    let lines = BufReader::new(third.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "ready"));
    third.kill().unwrap();
    third.wait().unwrap();
}

#[test]
fn who_asks_it_to_end_gets_an_end_in_order() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut media = Media::start(&[]);
        let session = lab_open(&media, &peer(), &[]);
        let client = Node::connect(media.socket()).unwrap();
        let asked = Instant::now();
        kill(Pid::from_raw(media.process.id().cast_signed()), signal).unwrap();
        assert_eq!(media.process.wait().unwrap().code(), Some(0), "{signal}");
        assert!(asked.elapsed() < Duration::from_secs(2), "{signal}: {:?}", asked.elapsed());
        assert!(!media.socket().exists(), "{signal}: nobody is to be looked for there");
        assert!(UdpSocket::bind(session["a"].as_str().unwrap()).is_ok(), "{signal}: its ports are free");
        drop(client);
    }
}

#[test]
fn start_up_says_which_driver_works_and_what_a_faster_one_would_need() {
    let media = Media::start(&[]);
    assert!(media.lines.iter().any(|line| line == "driver mmsg: as asked for"), "{:?}", media.lines);
    let refused = Command::new(TRUNKLINE)
        .args(["media", "--address", "127.0.0.1", "--driver", "afxdp", "--require-driver", "--control"])
        .arg(media.directory.join("refused.sock"))
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let reason = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(reason.starts_with("trunkline: driver afxdp: wanted "), "{reason}");
    assert!(!media.directory.join("refused.sock").exists(), "nothing is left behind");
}

#[test]
fn what_is_asked_wrongly_is_answered_with_what_was_wanted() {
    let media = Media::start(&[]);
    for (arguments, expected) in [
        (
            &["lab-open", "--peer", "127.0.0.1", "--first-port", "60000", "--count", "9000"][..],
            "wanted peers on ports",
        ),
        (
            &["lab-open", "--peer", "127.0.0.1", "--first-port", "6000", "--suite", "NULL"],
            "not a known crypto suite",
        ),
        (&["lab-open", "--peer", "127.0.0.1", "--first-port", "6000", "--realm", "core"], "realm_unknown"),
        (&["close", "77"], "found none with the numbers [77]"),
    ] {
        let output = media.ctl(arguments);
        let reason = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(reason.contains(expected), "{arguments:?}: {reason}");
    }
}
