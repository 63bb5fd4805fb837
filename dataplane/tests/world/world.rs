//! A worker on the memory driver, in virtual time: what every test of behaviour plays with.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use control::{Epoch, Event, Name, Protection, SessionId, SessionSpec, SideSpec};
use crypto::{MasterKey, Suite};
use dataplane::clock::Now;
use dataplane::command::{Command, Description, Mailbox, Reply, Report, Ticket};
use dataplane::session::{Leases, Session};
use dataplane::table::{Slot, Table};
use dataplane::worker::{Habits, Worker};
use netio::{Driver, Endpoint, LocalPort, Memory, Route, Setup};

/// A worker, its network and its clock.
pub struct World {
    worker: Worker<Memory>,
    mailbox: Mailbox,
    /// Microseconds since the worker's clock began.
    pub now_us: u64,
    /// What happened, and was not looked at yet.
    pub events: Vec<Event>,
    bytes: Vec<u8>,
}

/// A packet that the worker sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Our port.
    pub from: u16,
    /// Who gets it.
    pub to: SocketAddr,
    /// The traffic class octet.
    pub traffic_class: u8,
    /// The packet.
    pub bytes: Vec<u8>,
}

impl World {
    /// Begins with an empty table of so many slots, at a time that is not zero.
    pub fn new(sessions: u32) -> Self {
        Self::with_habits(sessions, Habits { busy_poll: false, quality_interval_s: 0 })
    }

    /// Begins with a worker of these habits.
    pub fn with_habits(sessions: u32, habits: Habits) -> Self {
        let addresses = vec![IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), "2001:db8::1".parse().unwrap()];
        let setup = Setup { addresses, interface: None, nodes: vec![None], frames: 1024, busy_poll: false };
        let driver = Memory::open(&setup).unwrap().pop().unwrap();
        let mailbox = Mailbox::new();
        let table = Table::new(sessions, 2, None).unwrap();
        let worker = Worker::new(driver, table, mailbox.clone(), habits);
        Self { worker, mailbox, now_us: 5_000_000, events: Vec::new(), bytes: Vec::new() }
    }

    /// Opens a session in a slot; media of A goes to port `a`, of B to port `b`, both on the IPv4 address.
    pub fn open(&mut self, slot: u32, spec: &SessionSpec, a: u16, b: u16) {
        let leases = Leases([(local(a), is_pair(&spec.sides[0])), (local(b), is_pair(&spec.sides[1]))]);
        self.open_at(slot, spec, leases);
    }

    /// Opens a session in a slot, on any ports.
    pub fn open_at(&mut self, slot: u32, spec: &SessionSpec, leases: Leases) {
        let parcel = Box::new(Some(Session::new(spec, leases, self.now())));
        match self.command(Command::Open(Ticket(0), Slot(slot), parcel)) {
            Reply::Opened(_, parcel) => assert!(parcel.is_none(), "the session is in its slot"),
            _ => panic!("session {:?} was not opened", spec.id),
        }
    }

    /// Opens a session on the usual ports that was made so much later than this turn.
    pub fn open_ahead(&mut self, slot: u32, spec: &SessionSpec, ahead_us: u64) {
        let leases = Leases([(local(4000), is_pair(&spec.sides[0])), (local(5000), is_pair(&spec.sides[1]))]);
        let parcel = Box::new(Some(Session::new(spec, leases, Now { us: self.now_us + ahead_us })));
        assert!(matches!(self.command(Command::Open(Ticket(0), Slot(slot), parcel)), Reply::Opened(..)));
    }

    /// Makes a session follow another wish, on the ports that it has.
    pub fn update(&mut self, slot: u32, spec: &SessionSpec, a: u16, b: u16) {
        let leases = Leases([(local(a), is_pair(&spec.sides[0])), (local(b), is_pair(&spec.sides[1]))]);
        let parcel = Box::new(Some(Session::new(spec, leases, self.now())));
        let reply = self.command(Command::Update(Ticket(0), Slot(slot), parcel));
        assert!(matches!(reply, Reply::Updated(..)), "session {:?} was not updated", spec.id);
    }

    /// Closes a session, and returns what it was.
    pub fn close(&mut self, slot: u32) -> Session {
        match self.command(Command::Close(Ticket(0), Slot(slot), Box::new(None))) {
            Reply::Closed(_, parcel) => parcel.expect("the session is in the parcel"),
            _ => panic!("there was no session in slot {slot}"),
        }
    }

    /// Asks about a session.
    pub fn describe(&mut self, slot: u32, id: u64) -> Description {
        match self.command(Command::Describe(Ticket(0), Slot(slot), SessionId(id))) {
            Reply::Described(_, Some(description)) => description,
            _ => panic!("there is no session {id} in slot {slot}"),
        }
    }

    /// Asks for the counters.
    pub fn report(&mut self) -> Report {
        match self.command(Command::Report(Ticket(0))) {
            Reply::Reported(_, report) => report,
            _ => panic!("a worker always reports"),
        }
    }

    fn command(&mut self, command: Command) -> Reply {
        assert!(self.mailbox.inbox.push(command).is_ok());
        self.turn();
        let mut answer = None;
        while let Some(reply) = self.mailbox.outbox.pop() {
            match reply {
                Reply::Event(event) => self.events.push(event),
                reply => answer = Some(reply),
            }
        }
        answer.expect("every command is answered in the same turn")
    }

    /// Lets a packet arrive at one of our ports; it is relayed in the next turn.
    pub fn arrive(&mut self, at: u16, from: SocketAddr, bytes: &[u8]) {
        self.worker.driver().inject(local(at), from.into(), 0, bytes);
    }

    /// Works one turn.
    pub fn turn(&mut self) {
        let now = self.now();
        self.worker.turn(Duration::ZERO, || now).expect("the memory driver never fails");
    }

    /// Lets a packet arrive, and returns what the worker sends on.
    pub fn relay(&mut self, at: u16, from: SocketAddr, bytes: &[u8]) -> Option<Sent> {
        self.arrive(at, from, bytes);
        self.turn();
        self.take_sent()
    }

    /// Lets a packet arrive at a port of any of our addresses, and returns what the worker sends on, and how.
    pub fn relay_at(&mut self, at: LocalPort, from: SocketAddr, bytes: &[u8]) -> Option<(Route, Vec<u8>)> {
        self.worker.driver().inject(at, from.into(), 0, bytes);
        self.turn();
        let route = self.worker.driver().take_sent(&mut self.bytes)?;
        Some((route, self.bytes.clone()))
    }

    /// Takes the oldest packet that was sent.
    pub fn take_sent(&mut self) -> Option<Sent> {
        let route = self.worker.driver().take_sent(&mut self.bytes)?;
        Some(Sent {
            from: route.from.port,
            to: route.to.into(),
            traffic_class: route.traffic_class,
            bytes: self.bytes.clone(),
        })
    }

    /// Lets time pass, in turns of at most 20 ms as a worker takes them.
    pub fn pass_ms(&mut self, ms: u64) {
        for _ in 0..ms.div_ceil(20) {
            self.now_us += 20_000;
            self.turn();
        }
        self.collect_events();
    }

    /// Collects what happened into `events`.
    pub fn collect_events(&mut self) {
        while let Some(reply) = self.mailbox.outbox.pop() {
            if let Reply::Event(event) = reply {
                self.events.push(event);
            }
        }
    }

    /// The time.
    pub fn now(&self) -> Now {
        Now { us: self.now_us }
    }

    /// Leases a port that leads to no session.
    pub fn lease(&mut self, port: LocalPort) {
        self.worker.driver().lease(port).expect("the port is free");
    }

    /// Ends such a lease.
    pub fn release(&mut self, port: LocalPort) {
        self.worker.driver().release(port);
    }

    /// Whether the driver still leases a port.
    pub fn is_leased(&mut self, port: u16) -> bool {
        let driver = self.worker.driver();
        match driver.lease(local(port)) {
            Ok(()) => {
                driver.release(local(port));
                false
            }
            Err(_) => true,
        }
    }
}

/// A port of ours on the IPv4 address.
pub fn local(port: u16) -> LocalPort {
    LocalPort { address: 0, port }
}

/// A wish in the clear: A is at 198.51.100.1:20000, B at 203.0.113.1:30000.
pub fn spec(id: u64) -> SessionSpec {
    let side = |remote: &str| SideSpec::new(Name::new("test").unwrap(), Some(remote.parse().unwrap()));
    SessionSpec { id: SessionId(id), epoch: Epoch(1), media_timeout_s: 0, sides: [side(A_AT), side(B_AT)] }
}

/// Where A is.
pub const A_AT: &str = "198.51.100.1:20000";
/// Where B is.
pub const B_AT: &str = "203.0.113.1:30000";

/// Where A is.
pub fn a_at() -> SocketAddr {
    A_AT.parse().unwrap()
}

/// Where B is.
pub fn b_at() -> SocketAddr {
    B_AT.parse().unwrap()
}

/// A key for each number.
pub fn key(suite: Suite, number: u8) -> MasterKey {
    let bytes: Vec<u8> = (0..suite.inline_len()).map(|at| (at as u8).wrapping_mul(7) ^ number).collect();
    MasterKey::from_bytes(suite, &bytes).unwrap()
}

/// Protection under such a key.
pub fn srtp(suite: Suite, number: u8) -> Protection {
    Protection::Srtp(key(suite, number))
}

fn is_pair(side: &SideSpec) -> bool {
    side.rtcp != control::Rtcp::Muxed
}

/// The endpoint of an address.
pub fn endpoint(address: &str) -> Endpoint {
    address.parse::<SocketAddr>().unwrap().into()
}

/// An RTP packet with a payload of 160 bytes.
pub fn rtp(ssrc: u32, sequence: u16, timestamp: u32) -> Vec<u8> {
    rtp_with(0, ssrc, sequence, timestamp, &[0x55; 160])
}

/// An RTP packet.
pub fn rtp_with(payload_type: u8, ssrc: u32, sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, payload_type];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&timestamp.to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}
