//! Sending and verifying allocate nothing, protected or not.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crypto::{MasterKey, Opener, Sealer, Suite};
use loadgen::media::flow::{Direction, Flow, Reception, Source};
use loadgen::media::forgery::{Forgery, Strangers};
use loadgen::media::packet::{BATCH_MAX, Packet, Packets};
use loadgen::media::schedule::Pace;
use loadgen::media::side::{Losses, Side, SideError};
use loadgen::media::stamp::{FlowId, RunId};
use loadgen::media::traffic::{Parties, Traffic};
use netio::{Endpoint, LeaseError, LocalPort};
use wire::rtp::{PayloadType, Sequence, Ssrc, Timestamp};

#[path = "../../dataplane/netio/tests/contract/allocation.rs"]
mod allocation;

const NEAR: LocalPort = LocalPort { address: 0, port: 4000 };
const FAR: LocalPort = LocalPort { address: 0, port: 4002 };
const DEVICE: Endpoint = Endpoint::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 5000);

/// A wire from one of our ports to the other: what is sent stands in the next batch that is received.
struct Wire {
    packets: Packets,
}

impl Side for Wire {
    fn name(&self) -> &'static str {
        "wire"
    }

    fn lease(&mut self, _port: LocalPort) -> Result<(), LeaseError> {
        Ok(())
    }

    fn transmit(&mut self, packets: &mut [Packet], _now_ns: u64) -> Result<(), SideError> {
        for packet in packets {
            let copy = self.packets.push().expect("the last batch was received");
            copy.payload_and_room()[..packet.len()].copy_from_slice(packet.payload());
            copy.set_len(packet.len());
            (copy.local, copy.remote) = (FAR, DEVICE);
        }
        Ok(())
    }

    fn receive(&mut self, packets: &mut Packets, _now_ns: u64, _wait: Duration) -> Result<(), SideError> {
        core::mem::swap(&mut self.packets, packets);
        Ok(())
    }

    fn losses(&mut self) -> Losses {
        Losses::default()
    }
}

#[test]
fn forging_allocates_nothing() {
    let port = LocalPort { address: 0, port: 4004 };
    let strangers = || Strangers { addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)], ports: vec![port] };
    for suite in [None, Some(Suite::AesCm128HmacSha1_80), Some(Suite::AeadAes128Gcm)] {
        let forgery = Forgery { factor: "3".parse().expect("a factor"), seed: 1 };
        let mut traffic = traffic(suite).with_forgery(forgery, strangers());
        let mut side = Wire { packets: Packets::new() };
        let mut packets = Packets::new();
        let packets_per_flow = 1_000;
        traffic.begin(Pace { flows: 1, interval_ns: 1_000, packets_per_flow }, 0);
        let before = allocation::count();
        while let Some(due_ns) = traffic.next_due_ns() {
            traffic.send(&mut side, due_ns).expect("a wire takes everything");
            side.receive(&mut packets, due_ns, Duration::ZERO).expect("a wire gives everything");
            traffic.hear(&mut packets, due_ns);
        }
        assert_eq!(allocation::count(), before, "{suite:?}");
        // A wire drops nothing.
        let forger = traffic.forger().expect("there is one");
        let received = traffic.tally_of(Direction::AToB).received;
        assert_eq!((forger.delivered(), received), (3 * packets_per_flow, packets_per_flow), "{suite:?}");
    }
}

#[test]
fn a_thousand_batches_are_sent_and_verified_without_an_allocation() {
    for suite in [None, Some(Suite::AesCm128HmacSha1_80), Some(Suite::AeadAes128Gcm)] {
        let mut traffic = traffic(suite);
        let mut side = Wire { packets: Packets::new() };
        let mut packets = Packets::new();
        let interval_ns = 1_000;
        let batches = 1_000;
        let packets_per_flow = batches * BATCH_MAX as u64;
        traffic.begin(Pace { flows: 1, interval_ns, packets_per_flow }, 0);
        let before = allocation::count();
        for batch in 1..=batches {
            let now_ns = batch * BATCH_MAX as u64 * interval_ns;
            traffic.send(&mut side, now_ns).expect("a wire takes everything");
            side.receive(&mut packets, now_ns, Duration::ZERO).expect("a wire gives everything");
            traffic.hear(&mut packets, now_ns);
        }
        assert_eq!(allocation::count(), before, "{suite:?}");
        let tally = traffic.tally_of(Direction::AToB);
        assert_eq!((tally.offered, tally.received), (packets_per_flow, packets_per_flow), "{suite:?}");
    }
}

fn traffic(suite: Option<Suite>) -> Traffic {
    let key = suite.map(|suite| {
        MasterKey::from_bytes(suite, &vec![7; suite.inline_len()]).expect("a key of the right length")
    });
    let source = Source {
        ssrc: Ssrc(9),
        payload_type: PayloadType::new(0).expect("seven bits"),
        sequence: Sequence(0),
        timestamp: Timestamp(0),
    };
    let flow = Flow {
        id: FlowId(0),
        direction: Direction::AToB,
        leaves: NEAR,
        to: DEVICE,
        arrives: FAR,
        from: DEVICE,
        sent: source,
        expected: source,
        sealer: key.as_ref().map(|_| 0),
        opener: key.as_ref().map(|_| 0),
        reception: Reception::default(),
    };
    Traffic::new(Parties {
        run: RunId(1),
        payload_len: 160,
        flows: vec![flow],
        addresses: 1,
        sealers: key.iter().map(Sealer::new).collect(),
        openers: key.iter().map(Opener::new).collect(),
    })
}
