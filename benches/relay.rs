//! What it costs to relay a packet, without a kernel: 10,000 sessions, visited in random order.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use control::{Epoch, Name, Protection, SessionId, SessionSpec, SideSpec};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use crypto::{MasterKey, Parts, Sealer, Suite};
use dataplane::clock::Now;
use dataplane::command::{Command, Mailbox, Reply, Report, Ticket};
use dataplane::session::{Leases, Session};
use dataplane::table::{Slot, Table};
use dataplane::worker::{Habits, Worker};
use netio::{BATCH_MAX, LocalPort, Memory, Setup};

const SESSIONS: u32 = 10_000;

/// What a G.711 packet of 20 ms has behind its header.
const PAYLOAD: [u8; 160] = [0x55; 160];

fn key(number: u32) -> MasterKey {
    let mut bytes = [3; 30];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    MasterKey::from_bytes(Suite::AesCm128HmacSha1_80, &bytes).expect("30 bytes are what the suite asks for")
}

/// The peer of a side; a hundred thousand of them have addresses of their own.
fn peer(session: u32, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + session)), port)
}

/// Three ports a session, so that 10,000 fit one address.
fn port(session: u32, side: u32) -> LocalPort {
    LocalPort { address: 0, port: (1024 + session * 4 + side * 2) as u16 }
}

fn spec(session: u32, is_protected: [bool; 2]) -> SessionSpec {
    let realm = Name::new("bench").expect("five letters are a name");
    let side = |place: u32| {
        let remote = peer(session, 20_000 + place as u16);
        let mut side = SideSpec::new(realm.clone(), Some(remote));
        if is_protected[place as usize] {
            side.receive = Protection::Srtp(key(session * 2 + place));
            side.send = Protection::Srtp(key(1_000_000 + session * 2 + place));
        }
        side
    };
    SessionSpec {
        id: SessionId(session.into()),
        epoch: Epoch(1),
        media_timeout_s: 0,
        sides: [side(0), side(1)],
    }
}

/// A worker with its sessions, and the senders on side A.
struct World {
    worker: Worker<Memory>,
    mailbox: Mailbox,
    sequences: Vec<u16>,
    sealers: Vec<Option<Sealer>>,
    random: u64,
    us: u64,
    sent: Vec<u8>,
}

impl World {
    fn new(is_protected: [bool; 2]) -> Self {
        let addresses = vec![Ipv4Addr::LOCALHOST.into()];
        let setup = Setup { addresses, interface: None, nodes: vec![None], frames: 256, busy_poll: false };
        let driver = Memory::open(&setup).expect("there is memory for 256 frames").remove(0);
        let table = Table::new(SESSIONS, 1, None).expect("there is memory for the sessions");
        let mailbox = Mailbox::new();
        let habits = Habits { busy_poll: true, quality_interval_s: 0 };
        let mut world = Self {
            worker: Worker::new(driver, table, mailbox.clone(), habits),
            mailbox,
            sequences: vec![0; SESSIONS as usize],
            sealers: (0..SESSIONS)
                .map(|session| is_protected[0].then(|| Sealer::new(&key(session * 2))))
                .collect(),
            random: 1,
            us: 0,
            sent: Vec::new(),
        };
        for session in 0..SESSIONS {
            let leases = Leases([(port(session, 0), true), (port(session, 1), true)]);
            let opened = Session::new(&spec(session, is_protected), leases, Now { us: 0 });
            let reply = world.command(Command::Open(Ticket(0), Slot(session), Box::new(Some(opened))));
            assert!(matches!(reply, Reply::Opened(..)));
        }
        world
    }

    fn command(&mut self, command: Command) -> Reply {
        assert!(self.mailbox.inbox.push(command).is_ok());
        self.turn();
        let replies = std::iter::from_fn(|| self.mailbox.outbox.pop());
        let mut answers = replies.filter(|reply| !matches!(reply, Reply::Event(_)));
        answers.next().expect("a command is answered in the same turn")
    }

    fn report(&mut self) -> Report {
        let Reply::Reported(_, report) = self.command(Command::Report(Ticket(0))) else {
            unreachable!("a report is answered by a report")
        };
        report
    }

    fn turn(&mut self) {
        let now = Now { us: self.us };
        self.worker.turn(Duration::ZERO, || now).expect("the memory driver never fails");
    }

    /// Measures turns with full batches.
    fn run(&mut self, packets: u64) -> Duration {
        let batches = packets.div_ceil(BATCH_MAX as u64);
        let mut spent = Duration::ZERO;
        for _ in 0..batches {
            (0..BATCH_MAX).for_each(|_| self.arrive());
            self.us += 300;
            let start = Instant::now();
            self.turn();
            spent += start.elapsed();
            while let Some(route) = self.worker.driver().take_sent(&mut self.sent) {
                black_box(route);
            }
            while self.mailbox.outbox.pop().is_some() {}
        }
        spent.mul_f64(packets as f64 / (batches * BATCH_MAX as u64) as f64)
    }

    /// Lets the next packet of a random session arrive.
    fn arrive(&mut self) {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let session = ((self.random >> 33) % u64::from(SESSIONS)) as u32;
        let sequence = &mut self.sequences[session as usize];
        *sequence = sequence.wrapping_add(1);
        let mut packet = [0; 192];
        packet[0] = 0x80;
        packet[2..4].copy_from_slice(&sequence.to_be_bytes());
        packet[4..8].copy_from_slice(&(u32::from(*sequence) * 160).to_be_bytes());
        packet[8..12].copy_from_slice(&session.to_be_bytes());
        packet[12..172].copy_from_slice(&PAYLOAD);
        let mut len = 172;
        if let Some(sealer) = &mut self.sealers[session as usize] {
            let parts = Parts { header_len: 12, ssrc: session, sequence: *sequence };
            len = sealer.seal_rtp(&mut packet, len, parts).expect("the sequence only rises");
        }
        self.worker.driver().inject(port(session, 0), peer(session, 20_000).into(), 0, &packet[..len]);
    }
}

fn relay(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("relay");
    group.throughput(Throughput::Elements(1));
    for (name, is_protected) in [
        ("rtp_rtp", [false, false]),
        ("rtp_srtp", [false, true]),
        ("srtp_rtp", [true, false]),
        ("srtp_srtp", [true, true]),
    ] {
        group.bench_function(name, |bencher| {
            let mut world = World::new(is_protected);
            bencher.iter_custom(|packets| world.run(packets));
            let counters = world.report().counters;
            assert_eq!(counters.received, counters.forwarded, "every packet is good: {:?}", counters.drops);
        });
    }
    group.finish();
}

criterion_group!(benches, relay);
criterion_main!(benches);
