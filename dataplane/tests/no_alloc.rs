//! Once it works, a worker lives without the heap, whatever arrives and whatever it is told to do.

#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "what helps a test fails as a test does"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::SocketAddr;
use std::time::Duration;

use control::{Rtcp, SessionId, SessionSpec};
use crypto::{Parts, Sealer, Suite};
use dataplane::clock::Now;
use dataplane::command::{Command, Mailbox, Reply, Ticket};
use dataplane::drop::Drop as Reason;
use dataplane::session::{Leases, Session};
use dataplane::table::{Slot, Table};
use dataplane::worker::{Habits, Worker};
use netio::{BATCH_MAX, Memory, Setup};

#[path = "world/world.rs"]
#[expect(dead_code, unreachable_pub, reason = "only its wishes, keys and packets are of use here")]
mod world;

use world::{a_at, b_at, local, rtp, rtp_with, spec, srtp};

/// The allocator of the system, with a count of what the current thread asks of it.
struct Counting;

thread_local! {
    // Made without code that runs at first use, so that the allocator may touch it at any time.
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every method hands its arguments unchanged to `System` and its answer unchanged back, so that what `System`
// promises of its memory holds for this one as well. Counting touches a thread-local integer that is initialised at
// compile time and has no destructor: it neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller has promised `GlobalAlloc` a layout of nonzero size, which is all `System` asks.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller has promised that `place` came from this allocator with this layout, and this allocator
        // has it from `System` with the same one.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count();
        // SAFETY: as for `dealloc`; the caller has promised that the new size is not zero and does not overflow when it
        // is rounded up to the alignment.
        unsafe { System.realloc(place, layout, new_size) }
    }
}

fn count() {
    CALLS.set(CALLS.get() + 1);
}

/// Counts what is taken from the heap and given back meanwhile.
fn calls(run: impl FnOnce()) -> u64 {
    let before = CALLS.get();
    run();
    CALLS.get() - before
}

/// A worker with a session, its peers, and a clock that counts how often it is read.
struct Office {
    worker: Worker<Memory>,
    mailbox: Mailbox,
    now_us: u64,
    sealers: [Sealer; 2],
    sequence: u16,
}

const SUITE: Suite = Suite::AesCm128HmacSha1_80;
const A: u16 = 4000;
const B: u16 = 5000;
/// The session in the clear.
const CLEAR_A: u16 = 6000;
const CLEAR_B: u16 = 7000;

impl Office {
    fn new() -> Self {
        let addresses = vec!["192.0.2.1".parse().unwrap()];
        let setup = Setup { addresses, interface: None, nodes: vec![None], frames: 256, busy_poll: false };
        let driver = Memory::open(&setup).unwrap().pop().unwrap();
        let mailbox = Mailbox::new();
        let table = Table::new(4, 1, None).unwrap();
        let habits = Habits { busy_poll: true, quality_interval_s: 1 };
        let worker = Worker::new(driver, table, mailbox.clone(), habits);
        let sealers = [1, 3].map(|key| Sealer::new(&world::key(SUITE, key)));
        Self { worker, mailbox, now_us: 5_000_000, sealers, sequence: 0 }
    }

    fn now(&self) -> Now {
        Now { us: self.now_us }
    }

    /// Makes a parcel; the thread that makes it allocates, which is no fault of the worker.
    fn parcel(&self, spec: &SessionSpec, a: u16, b: u16) -> Box<Option<Session>> {
        let has_pair = |side: usize| spec.sides[side].rtcp != Rtcp::Muxed;
        let leases = Leases([(local(a), has_pair(0)), (local(b), has_pair(1))]);
        Box::new(Some(Session::new(spec, leases, self.now())))
    }

    /// Works a turn some milliseconds later; returns how often the heap was asked.
    fn turn(&mut self) -> u64 {
        self.now_us += 20_000;
        let (now, mut reads) = (self.now(), 0);
        let asked = calls(|| {
            let clock = || {
                reads += 1;
                now
            };
            self.worker.turn(Duration::ZERO, clock).expect("the memory driver never fails");
        });
        assert_eq!(reads, 1, "the clock is read once a turn");
        asked
    }

    /// Gives a command, and returns the reply with how often the heap was asked.
    fn command(&mut self, command: Command) -> (Reply, u64) {
        assert!(self.mailbox.inbox.push(command).is_ok());
        let asked = self.turn();
        let replies = core::iter::from_fn(|| self.mailbox.outbox.pop());
        let mut answers: Vec<_> = replies.filter(|reply| !matches!(reply, Reply::Event(_))).collect();
        (answers.pop().expect("every command is answered"), asked)
    }

    fn arrive(&mut self, at: u16, from: SocketAddr, bytes: &[u8]) {
        self.worker.driver().inject(local(at), from.into(), 0, bytes);
    }

    fn seal(&mut self, side: usize, plain: &[u8]) -> Vec<u8> {
        let mut packet = [plain, &[0; Suite::RTP_OVERHEAD_MAX]].concat();
        let sequence = u16::from_be_bytes([plain[2], plain[3]]);
        let parts = Parts { header_len: 12, ssrc: 7 + side as u32, sequence };
        let len = self.sealers[side].seal_rtp(&mut packet, plain.len(), parts).unwrap();
        packet.truncate(len);
        packet
    }

    /// A full batch of everything: media sealed and clear, reports, digits, and what is dropped for many reasons.
    fn mix(&mut self) {
        for _ in 0..BATCH_MAX / 8 {
            self.sequence += 1;
            let sequence = self.sequence;
            for (side, (at, from)) in [(A, a_at()), (B, b_at())].into_iter().enumerate() {
                let sealed = self.seal(side, &rtp(7 + side as u32, sequence, 160 * u32::from(sequence)));
                self.arrive(at, from, &sealed);
            }
            let digit = rtp_with(101, 9, sequence, u32::from(sequence), &[5, 0x8a, 3, 32]);
            self.arrive(CLEAR_A, a_at(), &digit);
            self.arrive(CLEAR_B, b_at(), &rtp(11, sequence, 160 * u32::from(sequence)));
            self.arrive(CLEAR_A + 1, SocketAddr::new(a_at().ip(), a_at().port() + 1), &receiver_report(9));
            // Dropped: another source, a bad tag, and no media at all.
            self.arrive(CLEAR_A, b_at(), &rtp(9, sequence, 0));
            self.arrive(A, a_at(), &rtp(7, sequence + 1000, 0));
            self.arrive(CLEAR_B, b_at(), b"hello");
        }
    }

    fn take_sent(&mut self) -> usize {
        let mut bytes = Vec::new();
        core::iter::from_fn(|| self.worker.driver().take_sent(&mut bytes)).count()
    }
}

fn receiver_report(ssrc: u32) -> Vec<u8> {
    [&[0x80, 201, 0, 1][..], &ssrc.to_be_bytes()].concat()
}

/// A session that is protected on both sides, under keys from this number on.
fn protected(key: u8) -> SessionSpec {
    let mut spec = spec(1);
    for (side, key) in spec.sides.iter_mut().zip([key, key + 2]) {
        (side.receive, side.send) = (srtp(SUITE, key), srtp(SUITE, key + 1));
        side.rtcp = Rtcp::Muxed;
    }
    spec
}

fn clear() -> SessionSpec {
    let mut spec = spec(2);
    spec.media_timeout_s = 1;
    spec.sides.iter_mut().for_each(|side| side.telephone_event = Some(101));
    spec
}

/// An office in which both sessions were open before, so that the driver knows its way.
fn warm() -> Office {
    let mut office = Office::new();
    for round in 0..2 {
        let parcels = [office.parcel(&protected(1), A, B), office.parcel(&clear(), CLEAR_A, CLEAR_B)];
        for (slot, parcel) in parcels.into_iter().enumerate() {
            let (reply, _) = office.command(Command::Open(Ticket(0), Slot(slot as u32), parcel));
            assert!(matches!(reply, Reply::Opened(..)));
        }
        if round == 0 {
            for slot in 0..2 {
                office.command(Command::Close(Ticket(0), Slot(slot), Box::new(None)));
            }
        }
    }
    office
}

#[test]
fn what_is_taken_from_the_heap_and_given_back_is_counted() {
    assert_eq!(calls(|| drop(std::hint::black_box(vec![1u8; 100]))), 2);
    assert_eq!(calls(|| ()), 0);
}

#[test]
fn a_turn_with_packets_of_all_kinds_asks_nothing_of_the_heap() {
    let mut office = warm();
    let mut sent = 0;
    for turn in 0..100 {
        office.mix();
        assert_eq!(office.turn(), 0, "turn {turn}");
        sent += office.take_sent();
    }
    let Reply::Reported(_, report) = office.command(Command::Report(Ticket(0))).0 else {
        panic!("no report")
    };
    let dropped = |reason| report.counters.drops.of(reason);
    assert_eq!(report.counters.received, 100 * BATCH_MAX as u64);
    assert_eq!(sent as u64, report.counters.forwarded);
    assert_eq!(sent, 100 * BATCH_MAX / 8 * 5, "five of eight go on");
    assert_eq!(dropped(Reason::WrongSource) + dropped(Reason::NotMedia), 2 * 800);
    // The bad tags cost the tries that find a packet of another rollover; they are bad all the same.
    assert_eq!(dropped(Reason::BadTag), 800);
}

#[test]
fn first_media_digits_bad_tags_quality_and_silence_are_told_without_the_heap() {
    let mut office = warm();
    office.mix();
    let mut asked = office.turn();
    office.take_sent();
    for _ in 0..150 {
        asked += office.turn();
    }
    assert_eq!(asked, 0);
    let replies = core::iter::from_fn(|| office.mailbox.outbox.pop());
    let told: Vec<_> =
        replies.map(|reply| if let Reply::Event(event) = reply { event } else { panic!() }).collect();
    let count = |name: &str| told.iter().filter(|event| format!("{event:?}").starts_with(name)).count();
    assert_eq!((count("FirstMedia"), count("Digit"), count("MediaTimeout")), (4, 8, 1));
    assert!(count("AuthenticationFailures") > 0 && count("Quality") > 0, "{told:?}");
}

#[test]
fn sessions_open_change_their_keys_are_described_and_close_without_the_heap() {
    let mut office = warm();
    office.mix();
    office.turn();
    for round in 0..5u8 {
        let parcel = office.parcel(&protected(10 + 10 * round), A, B);
        let (reply, asked) = office.command(Command::Update(Ticket(0), Slot(0), parcel));
        assert!(matches!(reply, Reply::Updated(..)));
        assert_eq!(asked, 0, "update {round}");
    }
    let (reply, asked) = office.command(Command::Describe(Ticket(0), Slot(0), SessionId(1)));
    assert!(matches!(reply, Reply::Described(_, Some(_))));
    assert_eq!(asked, 0, "describe");
    let parcel = Box::new(None);
    let (reply, asked) = office.command(Command::Close(Ticket(0), Slot(0), parcel));
    let Reply::Closed(_, parcel) = reply else { panic!("not closed") };
    assert!(parcel.is_some(), "the session comes back");
    assert_eq!(asked, 0, "close");
    // Its openers and sealers go with the parcel, which this thread drops.
    let (reply, asked) = office.command(Command::Open(Ticket(0), Slot(0), parcel));
    assert!(matches!(reply, Reply::Opened(_, parcel) if parcel.is_none()));
    assert_eq!(asked, 0, "open");
    // The keys that were replaced are forgotten by the sweep.
    assert_eq!((0..400).map(|_| office.turn()).sum::<u64>(), 0, "sweep");
}
