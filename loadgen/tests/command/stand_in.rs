//! A stand-in for the media process: the real protocol, a pair of sockets for each session, and faults on demand.

// Two crates include this file, one of them by its path.
#[path = "stand_in/relay.rs"]
mod relay;

use std::collections::BTreeMap;
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use control::{
    Asked, Count, Event, Incarnation, MESSAGE_LEN_MAX, Name, PAGE_MAX, RealmState, Reason, Request, Response,
    Server, SessionId, SessionSpec, SessionState, SideSpec,
};
use socket2::{Domain, SockAddr, Socket, Type};

use relay::Session;

/// What the stand-in does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// It loses the fifth packet.
    DropOne,
    /// It changes a byte of the fifth packet.
    FlipOne,
    /// It sends the fifth packet twice.
    RepeatOne,
    /// It exchanges the fifth packet and the next one of another session.
    SwapFlows,
    /// It passes on the fifth packet that is not the peer's.
    PassForged,
    /// It does not count one of the packets that it drops.
    Forget,
    /// It has ports for one session only.
    NoPorts,
    /// It ends the connection with the first question.
    HangUp,
}

/// How long to wait for what must happen. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long the threads sleep when there is nothing to do.
const NAP: Duration = Duration::from_micros(200);

/// What both threads see.
struct Shared {
    address: IpAddr,
    fault: Fault,
    sessions: Mutex<BTreeMap<SessionId, Session>>,
    relayed: AtomicU64,
    dropped: AtomicU64,
    is_over: AtomicBool,
}

/// A running stand-in.
pub(crate) struct StandIn {
    folder: PathBuf,
    path: PathBuf,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl StandIn {
    /// Starts one on loopback, at a control socket of its own.
    pub(crate) fn start(fault: Fault) -> Self {
        Self::start_at(IpAddr::V4(Ipv4Addr::LOCALHOST), fault)
    }

    /// Starts one whose ports are on this address.
    pub(crate) fn start_at(address: IpAddr, fault: Fault) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("loadgen-test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("there is room for a folder");
        let path = folder.join("media.sock");
        let listener = Socket::new(Domain::UNIX, Type::SEQPACKET, None).expect("a socket");
        listener.bind(&SockAddr::unix(&path).expect("a short path")).expect("nobody else has it");
        listener.listen(4).expect("it is bound");
        listener.set_nonblocking(true).expect("a socket of ours");
        let shared = Arc::new(Shared {
            address,
            fault,
            sessions: Mutex::default(),
            relayed: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
        });
        let (for_control, for_media) = (Arc::clone(&shared), Arc::clone(&shared));
        let threads = vec![
            thread::spawn(move || serve(&listener, &for_control)),
            thread::spawn(move || relay::run(&for_media)),
        ];
        Self { folder, path, shared, threads }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Counts the sessions that are open.
    pub(crate) fn sessions(&self) -> usize {
        self.shared.sessions.lock().expect("no thread has failed").len()
    }

    /// Waits until so many packets were relayed.
    pub(crate) fn await_packets(&self, count: u64) {
        let start = Instant::now();
        while self.shared.relayed.load(Ordering::Relaxed) < count {
            assert!(start.elapsed() < PATIENCE, "packets come");
            thread::sleep(NAP);
        }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let result = thread.join();
            assert!(result.is_ok() || thread::panicking(), "the stand-in works");
        }
        // A folder that stays is no reason to fail.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A session that asks for ports and nothing else.
pub(crate) fn spec(id: SessionId) -> SessionSpec {
    let side = || SideSpec::new(realm(), None);
    SessionSpec { id, epoch: control::Epoch(1), media_timeout_s: 0, sides: [side(), side()] }
}

fn realm() -> Name {
    Name::new("lab").expect("a short name")
}

/// Answers one client after the other.
fn serve(listener: &Socket, shared: &Shared) {
    while !shared.is_over.load(Ordering::Relaxed) {
        match listener.accept() {
            Ok((socket, _)) => converse(&socket, shared),
            Err(_) => thread::sleep(NAP),
        }
    }
}

fn converse(socket: &Socket, shared: &Shared) {
    socket.set_nonblocking(false).expect("a socket of ours");
    socket.set_read_timeout(Some(Duration::from_millis(5))).expect("a socket of ours");
    let mut server = Server::new(Incarnation(42));
    let mut buffer = vec![0; MESSAGE_LEN_MAX];
    while !shared.is_over.load(Ordering::Relaxed) {
        match (&*socket).read(&mut buffer) {
            Ok(0) => return,
            Ok(len) => match server.handle(&buffer[..len]).expect("the client speaks the protocol") {
                Asked::Hello => {}
                Asked::Request(_, _) if shared.fault == Fault::HangUp => return,
                Asked::Request(id, request) => {
                    let closed = if let Request::Close(session) = &request { Some(*session) } else { None };
                    server.respond(id, answer(shared, request));
                    closed.into_iter().for_each(|session| server.event(Event::MediaTimeout { session }));
                }
            },
            Err(_) => {}
        }
        while let Some(message) = server.peek_message() {
            if socket.send(message).is_err() {
                return;
            }
            server.message_sent();
        }
    }
}

fn answer(shared: &Shared, request: Request) -> Response {
    let mut sessions = shared.sessions.lock().expect("no thread has failed");
    match request {
        Request::Apply(spec) => {
            let (session, epoch) = (spec.id, spec.epoch);
            let refused = |reason| Response::Refused { session, reason };
            if spec.sides.iter().any(|side| side.realm != realm()) {
                return refused(Reason::RealmUnknown);
            }
            if shared.fault == Fault::NoPorts && !sessions.is_empty() {
                return refused(Reason::PortsExhausted);
            }
            let opened = Session::open(*spec, shared.address);
            let ports = opened.ports();
            sessions.insert(session, opened);
            Response::Applied { session, epoch, ports }
        }
        Request::Close(session) => {
            Response::Closed { session, summary: sessions.remove(&session).map(|session| session.summary()) }
        }
        Request::List(after) => {
            let behind = sessions.iter().filter(|(id, _)| Some(**id) > after);
            Response::Sessions(behind.take(PAGE_MAX).map(|(id, session)| state(*id, session)).collect())
        }
        Request::Describe(id) => match sessions.get(&id) {
            Some(session) => Response::Session {
                state: state(id, session),
                remotes: [None; 2],
                summary: session.summary(),
            },
            None => Response::Refused { session: id, reason: Reason::SessionUnknown },
        },
        Request::Realms => {
            let (realm, address) = (realm(), shared.address);
            let (first_port, last_port) = (20_000, 20_999);
            Response::Realms(vec![RealmState {
                realm,
                address,
                first_port,
                last_port,
                leased: 0,
                quarantined: 0,
            }])
        }
        Request::Statistics => Response::Statistics(statistics(shared)),
        Request::Workers => Response::Workers(Vec::new()),
        Request::Subscribe => Response::Subscribed,
    }
}

fn statistics(shared: &Shared) -> Vec<Count> {
    let (relayed, dropped) = (shared.relayed.load(Ordering::Relaxed), shared.dropped.load(Ordering::Relaxed));
    let dropped = dropped.saturating_sub(u64::from(shared.fault == Fault::Forget));
    let counts = [
        ("packets_received", relayed + dropped),
        ("packets_forwarded", relayed),
        ("packets_dropped", dropped),
        ("dropped_wrong_source", dropped),
    ];
    counts.map(|(name, value)| Count { name: name.to_owned(), value }).into()
}

fn state(session: SessionId, state: &Session) -> SessionState {
    SessionState { session, epoch: control::Epoch(1), ports: state.ports(), worker: 0 }
}
