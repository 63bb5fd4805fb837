//! What a relayed packet costs in system calls, by the drivers' own counts, on the loopback interface.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "what helps a test speaks and fails as a test does"
)]

use std::net::UdpSocket;
use std::time::Duration;

use control::{Epoch, Name, SessionId, SessionSpec, SideSpec};
use dataplane::clock::Clock;
use dataplane::command::{Command, Mailbox, Reply, Ticket};
use dataplane::session::{Leases, Session};
use dataplane::table::{Slot, Table};
use dataplane::worker::{Habits, Worker};
use netio::{BATCH_MAX, Driver, LocalPort, Mmsg, Setup, SetupError, UringSockets};

/// Full batches that are relayed and counted: more than a thousand packets.
const BATCHES: usize = 20;

/// A twentieth of a call per packet: three for a batch of 64.
const CALLS_PER_PACKET_MAX: f64 = 0.05;

/// Where each packet of a batch has a socket of its own, a ring is entered four times for 64 packets: the kernel runs 20
/// receivers at first, and 20 and 40 more when it is asked again; and once to send.
const CALLS_PER_PACKET_SPREAD_MAX: f64 = 4.0 / BATCH_MAX as f64;

/// A worker on a driver of the kernel, and the peers of its sessions.
struct Relay<D> {
    worker: Worker<D>,
    clock: Clock,
    /// The peers of each session, and our ports for them.
    calls: Vec<[(UdpSocket, u16); 2]>,
}

impl<D: Driver> Relay<D> {
    fn new(open: impl Fn(&Setup) -> Result<Vec<D>, SetupError>, sessions: u32) -> Result<Self, String> {
        let addresses = vec!["127.0.0.1".parse().unwrap()];
        let setup = Setup { addresses, interface: None, nodes: vec![None], frames: 1024, busy_poll: false };
        let mut drivers = open(&setup).map_err(|error| error.to_string())?;
        let driver = drivers.pop().ok_or("no driver came")?;
        let mailbox = Mailbox::new();
        let table = Table::new(sessions, 1, None).map_err(|error| error.to_string())?;
        let habits = Habits { busy_poll: true, quality_interval_s: 0 };
        let worker = Worker::new(driver, table, mailbox.clone(), habits);
        let mut relay = Self { worker, clock: Clock::start(), calls: Vec::new() };
        for slot in 0..sessions {
            relay.open(slot, &mailbox);
        }
        Ok(relay)
    }

    fn open(&mut self, slot: u32, mailbox: &Mailbox) {
        let peers = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
        let side = |peer: &UdpSocket| SideSpec {
            rtcp: control::Rtcp::Muxed,
            ..SideSpec::new(Name::new("test").unwrap(), Some(peer.local_addr().unwrap()))
        };
        let spec = SessionSpec {
            id: SessionId(slot.into()),
            epoch: Epoch(1),
            media_timeout_s: 0,
            sides: [side(&peers[0]), side(&peers[1])],
        };
        // Ports that the kernel has just given and taken back are free, unless somebody else was quicker.
        for _ in 0..16 {
            let ports =
                [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port());
            let leases = Leases(ports.map(|port| (LocalPort { address: 0, port }, false)));
            let session = Box::new(Some(Session::new(&spec, leases, self.clock.now())));
            assert!(mailbox.inbox.push(Command::Open(Ticket(slot), Slot(slot), session)).is_ok());
            self.turn(Duration::ZERO);
            if let Some(Reply::Opened(..)) = mailbox.outbox.pop() {
                let [a, b] = peers;
                self.calls.push([(a, ports[0]), (b, ports[1])]);
                return;
            }
        }
        panic!("no free port was found");
    }

    fn turn(&mut self, wait: Duration) {
        let clock = self.clock;
        self.worker.turn(wait, || clock.now()).expect("the loopback interface never goes away");
    }

    /// Relays full batches, spread over all sessions; returns packets and system calls.
    fn run(&mut self) -> (u64, u64) {
        let before = self.worker.driver().statistics();
        let mut buffer = [0; 2048];
        for batch in 0..BATCHES {
            for packet in 0..BATCH_MAX {
                let call = &self.calls[packet % self.calls.len()];
                let (peer, port) = &call[0];
                peer.send_to(&rtp((batch * BATCH_MAX + packet) as u16), ("127.0.0.1", *port)).unwrap();
            }
            // A driver may take a batch in parts; the calls of every turn count.
            let mut turns = 0;
            let relayed = before.sent + ((batch + 1) * BATCH_MAX) as u64;
            while self.worker.driver().statistics().sent < relayed {
                turns += 1;
                assert!(turns <= BATCH_MAX, "a batch takes at most a turn for each packet");
                self.turn(Duration::from_millis(100));
            }
            for packet in 0..BATCH_MAX {
                let (peer, _) = &self.calls[packet % self.calls.len()][1];
                peer.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                assert_eq!(peer.recv(&mut buffer).expect("the packet was relayed"), 172);
            }
        }
        let after = self.worker.driver().statistics();
        assert_eq!(after.sent - before.sent, (BATCHES * BATCH_MAX) as u64);
        (after.received - before.received, after.system_calls - before.system_calls)
    }
}

fn rtp(sequence: u16) -> Vec<u8> {
    let mut packet = vec![0x55; 172];
    packet[..2].copy_from_slice(&[0x80, 0]);
    packet[2..4].copy_from_slice(&sequence.to_be_bytes());
    packet
}

/// Relays over one session, and over as many as a batch has packets; returns calls per packet for both.
fn measure<D: Driver>(open: impl Fn(&Setup) -> Result<Vec<D>, SetupError>) -> Option<[f64; 2]> {
    let mut measured = [0.0; 2];
    for (sessions, measured) in [1, BATCH_MAX as u32].into_iter().zip(&mut measured) {
        match Relay::new(&open, sessions) {
            Ok(mut relay) => {
                let (packets, calls) = relay.run();
                *measured = calls as f64 / packets as f64;
                println!("{}, {sessions} sessions: {calls} system calls for {packets} packets", D::NAME);
            }
            Err(reason) => {
                println!("skipped: driver {}: {reason}", D::NAME);
                return None;
            }
        }
    }
    Some(measured)
}

#[test]
fn mmsg_takes_a_twentieth_of_a_call_per_packet_of_one_socket() {
    let Some([one, _]) = measure(Mmsg::open) else { return };
    assert!(one <= CALLS_PER_PACKET_MAX, "{one} calls per packet");
}

#[test]
fn uring_sockets_take_a_twentieth_of_a_call_per_packet_of_one_socket_and_a_sixteenth_of_many() {
    let Some([one, many]) = measure(UringSockets::open) else { return };
    assert!(one <= CALLS_PER_PACKET_MAX, "{one} calls per packet of one socket");
    assert!(many <= CALLS_PER_PACKET_SPREAD_MAX, "{many} calls per packet of {BATCH_MAX} sockets");
}
