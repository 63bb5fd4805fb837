//! A media process: this program, started once more.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use control::{Client, Heard, Listing, MESSAGE_LEN_MAX, Name, Response, SessionId};
use dataplane::node::{Config, Node, Place};
use dataplane::registry::Realm;
use dataplane::worker::Habits;
use netio::DriverName;
use socket2::{Domain, SockAddr, Socket, Type};

/// What the process is: it ends when whoever has started it does.
pub(crate) fn run(socket: &Path, address: &str) -> ! {
    let realm = Realm {
        name: Name::new("lab").expect("a name"),
        address: address.parse().expect("an address"),
        first_port: 20_000,
        last_port: 29_999,
    };
    let config = Config {
        realms: vec![realm],
        interface: None,
        driver: DriverName::Mmsg,
        workers: vec![Place { seat: None, node: None }],
        sessions_max: 256,
        frames: 512,
        quarantine_ms: 100,
        habits: Habits { busy_poll: false, quality_interval_s: 60 },
        control: socket.to_owned(),
    };
    let node = Node::start(config).expect("loopback, and nothing special");
    println!("ready");
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let ended = node.run();
    panic!("nobody told it to end: {ended:?}");
}

/// A media process of a test, with an address and a socket of its own.
pub(crate) struct Media {
    process: Child,
    number: u32,
}

impl Media {
    pub(crate) fn start() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(2);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self { process: spawn(number), number }
    }

    pub(crate) fn start_again(&mut self) {
        self.process = spawn(self.number);
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it is ours");
    }

    pub(crate) fn signal(&self, signal: &str) {
        let process = self.process.id().to_string();
        let status = Command::new("kill").args([&format!("-{signal}"), &process]).status();
        assert!(status.expect("every system has `kill`").success());
    }

    pub(crate) fn name(&self) -> Name {
        Name::new(&format!("media-{}", self.number)).expect("a name")
    }

    pub(crate) fn address(&self) -> String {
        address(self.number)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        socket(self.number)
    }

    /// Lists the sessions, as another client.
    pub(crate) fn sessions(&self) -> Vec<SessionId> {
        let socket = Socket::new(Domain::UNIX, Type::SEQPACKET, None).expect("there is a socket");
        let address = SockAddr::unix(self.socket()).expect("it is short");
        socket.connect(&address).expect("it listens");
        let (mut client, mut listing, mut input) = (Client::new(), Listing::new(), vec![0; MESSAGE_LEN_MAX]);
        while let Some(request) = listing.request() {
            client.request(request).expect("it is the only one");
            while client.unanswered() > 0 {
                while let Some(message) = client.peek_message() {
                    socket.send(message).expect("there is room");
                    client.message_sent();
                }
                let len = (&socket).read(&mut input).expect("it answers");
                let heard = client.handle(&input[..len]).expect("it keeps to the protocol");
                if let Heard::Response(_, Response::Sessions(page)) = heard {
                    listing.add(&page).expect("pages follow each other");
                }
            }
        }
        listing.sessions().iter().map(|state| state.session).collect()
    }
}

impl Drop for Media {
    fn drop(&mut self) {
        // It has ended by itself, or ends now.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_file(self.socket());
    }
}

fn address(number: u32) -> String {
    format!("127.1.{}.{number}", std::process::id() % 250)
}

fn socket(number: u32) -> PathBuf {
    std::env::temp_dir().join(format!("trunkline-fleet-{}-{number}.sock", std::process::id()))
}

fn spawn(number: u32) -> Child {
    let program = std::env::current_exe().expect("a program knows where it is");
    let mut process = Command::new(program)
        .arg("media")
        .arg(socket(number))
        .arg(address(number))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("what runs can be started");
    let output = process.stdout.take().expect("its output is piped");
    let line = BufReader::new(output).lines().next();
    assert_eq!(line.and_then(Result::ok).as_deref(), Some("ready"));
    let kind = std::fs::metadata(socket(number)).expect("it listens").file_type();
    assert!(kind.is_socket());
    process
}
