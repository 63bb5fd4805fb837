//! Sides with sockets, over loopback: what one of our ports sends arrives at the other as it was sent.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use loadgen::media::packet::{BATCH_MAX, Packets};
use loadgen::media::side::{Losses, Side, drivers};
use netio::{Endpoint, LeaseError, LocalPort};

/// How long to wait for what must happen. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// All sides that need no privileges, each on its own part of loopback, so that their ports do not meet.
fn each_side(test: impl Fn(&mut dyn Side, &[IpAddr])) {
    let addresses = |last| [IpAddr::V4(Ipv4Addr::new(127, 0, 77, last)), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    for (open, last) in [(drivers::sockets as fn(&[IpAddr]) -> _, 1), (drivers::plain_sockets, 2)] {
        let addresses = addresses(last);
        let mut side = open(&addresses).unwrap_or_else(|error| panic!("{error}"));
        test(side.as_mut(), &addresses);
    }
}

/// Leases two free ports of an address.
fn ports(side: &mut dyn Side, address: u8) -> [LocalPort; 2] {
    let mut free =
        (30_000..).map(|port| LocalPort { address, port }).filter(|port| side.lease(*port).is_ok());
    [(); 2].map(|()| free.next().expect("there are free ports"))
}

#[test]
fn batches_arrive_whole_and_in_order_in_both_versions_of_ip() {
    each_side(|side, addresses| {
        for (address, ip) in (0..).zip(addresses) {
            let [near, far] = ports(side, address);
            for round in 0..10 {
                let mut packets = Packets::new();
                while let Some(packet) = fill(&mut packets, round) {
                    (packet.local, packet.remote) = (near, Endpoint::new(*ip, far.port));
                }
                side.transmit(packets.as_mut_slice(), 0).expect("it works");
                let expected = packets.as_mut_slice().iter().map(|packet| packet.payload().to_vec());
                let expected: Vec<_> =
                    expected.map(|payload| (far, Endpoint::new(*ip, near.port), payload)).collect();
                assert_eq!(received(side, expected.len()), expected, "{}", side.name());
            }
        }
        assert_eq!(side.losses(), Losses::default());
    });
}

#[test]
fn a_port_is_leased_once_and_only_on_an_address_of_ours() {
    each_side(|side, _| {
        let [near, _] = ports(side, 0);
        assert_eq!(side.lease(near), Err(LeaseError::InUse));
        assert_eq!(side.lease(LocalPort { address: 9, ..near }), Err(LeaseError::NotLocal));
    });
}

#[test]
fn what_cannot_be_sent_is_counted_as_a_loss_of_ours() {
    each_side(|side, addresses| {
        let mut packets = Packets::new();
        let packet = fill(&mut packets, 0).expect("there is room");
        (packet.local, packet.remote) = (LocalPort { address: 0, port: 9 }, Endpoint::new(addresses[0], 9));
        side.transmit(packets.as_mut_slice(), 0).expect("it works for others");
        assert_eq!(side.losses(), Losses { unsent: 1, unreceived: 0 }, "the port is not leased");
    });
}

/// Adds a packet whose length and content depend on its place and the round.
fn fill(packets: &mut Packets, round: usize) -> Option<&mut loadgen::media::packet::Packet> {
    let number = round * BATCH_MAX + packets.len();
    let packet = packets.push()?;
    let len = 40 + number;
    packet.payload_and_room()[..len].fill(number as u8);
    packet.set_len(len);
    Some(packet)
}

fn received(side: &mut dyn Side, count: usize) -> Vec<(LocalPort, Endpoint, Vec<u8>)> {
    let mut all = Vec::new();
    let start = Instant::now();
    while all.len() < count && start.elapsed() < PATIENCE {
        let mut packets = Packets::new();
        side.receive(&mut packets, 0, Duration::from_millis(100)).expect("it works");
        let packets = packets.as_mut_slice().iter();
        all.extend(packets.map(|packet| (packet.local, packet.remote, packet.payload().to_vec())));
    }
    all
}
