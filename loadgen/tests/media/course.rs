//! What every test of this crate runs: flows, a device between them, and a clock that says what the test wants.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use crypto::{MasterKey, Opener, Sealer, Suite, WindowSize};
use loadgen::media::flow::{Direction, Flow, Reception, Source};
use loadgen::media::forgery::{Forgery, Strangers};
use loadgen::media::packet::Packets;
use loadgen::media::schedule::Pace;
use loadgen::media::side::memory::InMemory;
use loadgen::media::side::{Losses, Side};
use loadgen::media::stamp::{FlowId, RunId};
use loadgen::media::tally::Tally;
use loadgen::media::traffic::{Parties, Traffic};
use netio::{Endpoint, LeaseError, LocalPort};
use wire::rtp::{PayloadType, Sequence, Ssrc, Timestamp};

use crate::device::{Device, Leg};

pub(crate) const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const DEVICE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));
/// A port that no session knows.
const STRANGER: LocalPort = LocalPort { address: 0, port: 19_000 };
const FIRST_SSRC: u32 = u32::MAX - 1;
const START_NS: u64 = 1_000_000;

/// Traffic, and the device that it passes through.
pub(crate) struct Course {
    pub(crate) traffic: Traffic,
    pub(crate) side: InMemory<Device>,
    sessions: u32,
    suites: [Option<Suite>; 2],
    now_ns: u64,
}

impl Course {
    /// Makes so many sessions, each with a flow both ways.
    pub(crate) fn new(sessions: u32, suites: [Option<Suite>; 2], device: Device) -> Self {
        let side = InMemory::new(&[ADDRESS], device).expect("there is memory");
        Self::over(side, sessions, suites)
    }

    /// Makes all of it anew but for the memory, which a driver never gives back.
    pub(crate) fn anew(mut self, device: Device) -> Self {
        *self.side.relay() = device;
        Self::over(self.side, self.sessions, self.suites)
    }

    fn over(mut side: InMemory<Device>, sessions: u32, suites: [Option<Suite>; 2]) -> Self {
        let (mut flows, mut sealers, mut openers) = (Vec::new(), Vec::new(), Vec::new());
        for session in 0..sessions {
            for direction in Direction::BOTH {
                let id = FlowId(flows.len() as u32);
                let (near, far) = (direction as usize, 1 - direction as usize);
                let keys = [key(suites[near], id, 1), key(suites[far], id, 2)];
                let flow = flow(id, direction, [local(session, near), local(session, far)]);
                side.relay().add(&flow, Leg::new(&keys));
                let [sent, arriving] = keys.map(|key| key.map(|key| key()));
                let place = |made: bool, count: usize| made.then_some(count);
                let (sealer, opener) =
                    (place(sent.is_some(), sealers.len()), place(arriving.is_some(), openers.len()));
                sealers.extend(sent.as_ref().map(Sealer::new));
                openers.extend(arriving.as_ref().map(|key| Opener::with_window(key, WindowSize::MAX)));
                for port in [flow.leaves, flow.arrives] {
                    // The flow the other way, or the course before, may have it already.
                    let leased = side.lease(port);
                    assert!(matches!(leased, Ok(()) | Err(LeaseError::InUse)), "{leased:?}");
                }
                flows.push(Flow { sealer, opener, ..flow });
            }
        }
        let run = RunId(0x7777);
        let traffic = Traffic::new(Parties { run, payload_len: 160, flows, addresses: 1, sealers, openers });
        Self { traffic, side, sessions, suites, now_ns: START_NS }
    }

    /// Has packets forged beside the good ones.
    pub(crate) fn forging(mut self, factor: &str, seed: u64) -> Self {
        let forgery = Forgery { factor: factor.parse().expect("a factor"), seed };
        let leased = self.side.lease(STRANGER);
        assert!(matches!(leased, Ok(()) | Err(LeaseError::InUse)), "{leased:?}");
        let strangers = Strangers { addresses: vec![ADDRESS], ports: vec![STRANGER] };
        Self { traffic: self.traffic.with_forgery(forgery, strangers), ..self }
    }

    /// Sends so many packets of each flow, every 20 ms, and waits until nothing is under way any more.
    pub(crate) fn run(&mut self, packets_per_flow: u64) {
        let flows = self.traffic.flows().len() as u32;
        self.run_at(Pace { flows, interval_ns: 20_000_000, packets_per_flow }, 0);
    }

    /// The same at another pace, with a sender that sleeps through so much before it looks at its schedule again.
    pub(crate) fn run_at(&mut self, pace: Pace, sleep_ns: u64) {
        let mut packets = Packets::new();
        self.traffic.begin(pace, self.now_ns);
        loop {
            let due = self.traffic.next_due_ns().map(|due| due + sleep_ns);
            let arrival = self.side.relay().next_arrival_ns();
            let Some(next) = due.into_iter().chain(arrival).min() else { break };
            self.now_ns = self.now_ns.max(next);
            if due.is_some_and(|due| due <= self.now_ns) {
                self.traffic.send(&mut self.side, self.now_ns).expect("memory takes everything");
            }
            loop {
                self.side.receive(&mut packets, self.now_ns, Duration::ZERO).expect("memory works");
                if packets.is_empty() {
                    break;
                }
                self.traffic.hear(&mut packets, self.now_ns);
            }
        }
        assert_eq!(self.side.losses(), Losses::default(), "the side itself loses nothing");
    }

    /// Returns the counts of both directions.
    pub(crate) fn tallies(&self) -> [&Tally; 2] {
        Direction::BOTH.map(|direction| self.traffic.tally_of(direction))
    }

    /// Adds up a count over both directions.
    pub(crate) fn total(&self, count: impl Fn(&Tally) -> u64) -> u64 {
        self.tallies().map(count).iter().sum()
    }
}

/// A key that is always the same for the same flow and leg.
fn key(suite: Option<Suite>, id: FlowId, leg: u8) -> Option<impl Fn() -> MasterKey> {
    suite.map(|suite| {
        let bytes: Vec<u8> =
            (0..suite.inline_len() as u8).map(|at| at ^ (id.0 as u8).wrapping_mul(17) ^ leg << 6).collect();
        move || MasterKey::from_bytes(suite, &bytes).expect("a key of the right length")
    })
}

fn local(session: u32, side: usize) -> LocalPort {
    LocalPort { address: 0, port: 20_000 + 4 * session as u16 + 2 * side as u16 }
}

/// The device's port has the number of ours, plus 20,000.
fn flow(id: FlowId, direction: Direction, [leaves, arrives]: [LocalPort; 2]) -> Flow {
    let device = |local: LocalPort| Endpoint::from(SocketAddr::new(DEVICE, local.port + 20_000));
    let source = Source {
        ssrc: Ssrc(FIRST_SSRC.wrapping_add(id.0)),
        payload_type: PayloadType::new(0).expect("seven bits"),
        sequence: Sequence(65_500_u16.wrapping_add(id.0 as u16)),
        timestamp: Timestamp(u32::MAX - 1_000),
    };
    Flow {
        id,
        direction,
        leaves,
        to: device(leaves),
        arrives,
        from: device(arrives),
        sent: source,
        expected: source,
        sealer: None,
        opener: None,
        reception: Reception::default(),
    }
}
