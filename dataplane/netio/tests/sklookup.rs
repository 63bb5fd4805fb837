//! What the driver that BPF feeds does with several workers and addresses, and for the rest of the host.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use netio::{Batch, Driver, Endpoint, LeaseError, LocalPort, Route, Setup, UringSklookup};

use skip::skip;
use veth::{FAR_IPV4, FAR_IPV6, NEAR, NEAR_IPV4, NEAR_IPV6, Veth, ip};

#[path = "contract/skip.rs"]
mod skip;
#[path = "contract/veth.rs"]
mod veth;

#[test]
fn each_port_has_its_worker_on_every_address() {
    let Some(Host { veth, mut workers }) = Host::new() else { return };
    let [v4, v6, second] = [FIRST, THIRD, SECOND].map(|address| LocalPort { address, port: PORT });
    workers[0].lease(v4).unwrap();
    workers[1].lease(v6).unwrap();
    workers[1].lease(second).unwrap();
    assert_eq!(workers[1].lease(v4), Err(LeaseError::InUse), "another worker has it");

    for (peer, to, worker, port) in
        [(FAR_IPV4, NEAR_IPV4, 0, v4), (FAR_IPV6, NEAR_IPV6, 1, v6), (FAR_IPV4, SECOND_IPV4, 1, second)]
    {
        let peer = veth.peer(peer);
        peer.send_to(b"packet", (to, PORT)).unwrap();
        let mut batch = received(&mut workers[worker], 1);
        assert_eq!(batch.frames()[0].local, port);
        assert_eq!(batch.frames()[0].source, Endpoint::from(peer.local_addr().unwrap()));
        batch.frames()[0].route = Some(Route { from: port, to: batch.frames()[0].source, traffic_class: 0 });
        workers[worker].transmit(&mut batch).unwrap();
        assert_eq!(next(&peer), Some((SocketAddr::new(parse(to), PORT), b"packet".to_vec())));
    }
    for worker in &mut workers {
        let mut batch = Batch::new();
        worker.receive(&mut batch, Duration::ZERO).unwrap();
        assert!(batch.is_empty(), "nothing came twice");
    }
}

#[test]
fn a_worker_does_not_send_from_the_port_of_another() {
    let Some(Host { veth, mut workers }) = Host::new() else { return };
    let port = LocalPort { address: FIRST, port: PORT };
    workers[0].lease(port).unwrap();
    let to = Endpoint::from(veth.peer(FAR_IPV4).local_addr().unwrap());
    send(&mut workers[1], Route { from: port, to, traffic_class: 0 });
    assert_eq!((workers[1].statistics().tx_not_leased, workers[1].statistics().sent), (1, 0));
    workers[1].release(port);
    assert_eq!(workers[1].lease(port), Err(LeaseError::InUse), "nor does it release it");
}

#[test]
fn packets_go_straight_to_known_neighbours_and_by_rules_through_the_kernel() {
    let Some(Host { veth, mut workers }) = Host::new() else { return };
    for (address, near, far) in [(FIRST, NEAR_IPV4, FAR_IPV4), (THIRD, NEAR_IPV6, FAR_IPV6)] {
        let port = LocalPort { address, port: PORT };
        workers[0].lease(port).unwrap();
        let peer = veth.peer(far);
        let route = Route { from: port, to: peer.local_addr().unwrap().into(), traffic_class: 0 };
        let expected = Some((SocketAddr::new(parse(near), PORT), PAYLOAD.to_vec()));
        let mut by_kernel = || {
            let before = workers[0].statistics().tx_by_kernel;
            send(&mut workers[0], route);
            assert_eq!(next(&peer), expected);
            workers[0].statistics().tx_by_kernel > before
        };
        // A neighbour that nobody has confirmed for a while is asked for by the kernel.
        assert!((0..3).any(|_| !by_kernel()), "a neighbour who just answered is known");
        ip("rule add to 198.51.100.0/24 lookup 100").unwrap();
        assert!((0..9999).any(|_| by_kernel()), "the rule is seen in time");
        ip("rule delete to 198.51.100.0/24 lookup 100").unwrap();
        assert!((0..9999).any(|_| !by_kernel()), "that it is gone is seen, too");
    }
}

#[test]
fn packets_to_this_host_itself_arrive() {
    let Some(Host { veth: _veth, mut workers }) = Host::new() else { return };
    for (address, near) in [(FIRST, NEAR_IPV4), (THIRD, NEAR_IPV6)] {
        let [from, to] = [PORT, PORT + 2].map(|port| LocalPort { address, port });
        workers[0].lease(from).unwrap();
        workers[1].lease(to).unwrap();
        let route = Route { from, to: Endpoint::new(parse(near), to.port), traffic_class: 0xb8 };
        send(&mut workers[0], route);
        let mut batch = received(&mut workers[1], 1);
        let frame = &batch.frames()[0];
        assert_eq!((frame.local, frame.source), (to, Endpoint::new(parse(near), from.port)));
        assert_eq!((frame.payload(), frame.traffic_class), (PAYLOAD, 0xb8));
        workers[1].transmit(&mut batch).unwrap();
    }
}

#[test]
fn other_sockets_keep_their_packets() {
    let Some(Host { veth, mut workers }) = Host::new() else { return };
    workers[0].lease(LocalPort { address: FIRST, port: PORT }).unwrap();
    let sip = UdpSocket::bind((NEAR_IPV4, 5060)).unwrap();
    let peer = veth.peer(FAR_IPV4);
    peer.send_to(b"OPTIONS", (NEAR_IPV4, 5060)).unwrap();
    assert_eq!(next(&sip).unwrap().1, b"OPTIONS");
}

#[test]
fn when_the_last_worker_is_gone_so_is_the_program() {
    let Some(Host { veth, mut workers }) = Host::new() else { return };
    let port = LocalPort { address: FIRST, port: PORT };
    workers[1].lease(port).unwrap();
    // A socket that is bound after the lease gets nothing of the port, until nobody feeds the worker any more.
    let other = UdpSocket::bind((NEAR_IPV4, PORT)).unwrap();
    let peer = veth.peer(FAR_IPV4);
    drop(workers.remove(0));
    peer.send_to(b"for the worker", (NEAR_IPV4, PORT)).unwrap();
    assert_eq!(received(&mut workers[0], 1).frames()[0].payload(), b"for the worker");
    drop(workers);
    // Another test may start a command just now, and that has all descriptors for a moment: so this may take a while.
    other.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let arrives = || {
        peer.send_to(b"for the other", (NEAR_IPV4, PORT)).unwrap();
        other.recv_from(&mut [0; 64]).is_ok()
    };
    assert!((0..100).any(|_| arrives()));
}

#[test]
fn a_port_that_had_a_socket_at_the_start_is_refused_even_if_it_is_reserved() {
    let Some(veth) = laid() else { return };
    std::fs::write("/proc/sys/net/ipv4/ip_local_reserved_ports", "10000-20000").unwrap();
    let _other = UdpSocket::bind(("0.0.0.0", PORT)).unwrap();
    let Host { veth: _veth, mut workers } = Host::open(veth).unwrap();
    let port = LocalPort { address: FIRST, port: PORT };
    assert_eq!(workers[0].lease(port), Err(LeaseError::InUse));
    assert_eq!(workers[0].lease(LocalPort { port: PORT + 1, ..port }), Ok(()));
}

#[test]
fn what_the_kernel_drops_is_counted() {
    let Some(Host { veth, mut workers }) = Host::new() else { return };
    workers[0].lease(LocalPort { address: FIRST, port: PORT }).unwrap();
    let peer = veth.peer(FAR_IPV4);
    let sent = 60_000;
    for _ in 0..sent {
        peer.send_to(&[0; 1400], (NEAR_IPV4, PORT)).unwrap();
    }
    let lost = workers[0].statistics().rx_overflow;
    assert!(lost > 0, "so many do not fit into the socket");
    let mut batch = Batch::new();
    loop {
        workers[0].receive(&mut batch, Duration::from_millis(10)).unwrap();
        if batch.is_empty() {
            break;
        }
        workers[0].transmit(&mut batch).unwrap();
    }
    assert_eq!(workers[0].statistics().received + lost, sent);
}

#[test]
fn an_address_of_nobody_is_refused_with_the_command_that_adds_it() {
    let Some(_veth) = laid() else { return };
    let Err(error) = UringSklookup::open(&setup(&["192.0.2.99"])) else { panic!("nobody has this address") };
    assert!(error.to_string().contains("ip address add 192.0.2.99"), "{error}");
}

/// The places of the media addresses.
const FIRST: u8 = 0;
const SECOND: u8 = 1;
const THIRD: u8 = 2;
const SECOND_IPV4: &str = "192.0.2.3";
const PORT: u16 = 10_000;
const PAYLOAD: &[u8] = b"payload";

/// Two workers on three addresses, at the near end of a cable.
struct Host {
    veth: Veth,
    workers: Vec<UringSklookup>,
}

impl Host {
    fn new() -> Option<Self> {
        Self::open(laid()?)
    }

    fn open(veth: Veth) -> Option<Self> {
        match UringSklookup::open(&setup(&[NEAR_IPV4, SECOND_IPV4, NEAR_IPV6])) {
            Ok(workers) => Some(Self { veth, workers }),
            Err(error) if error.found.contains("CAP_") => skipped(&error.to_string()),
            Err(error) => panic!("{error}"),
        }
    }
}

fn laid() -> Option<Veth> {
    let veth = Veth::new(1).and_then(|veth| {
        ip(&format!("address add {SECOND_IPV4}/24 dev {NEAR}"))?;
        Ok(veth)
    });
    match veth {
        Ok(veth) => {
            veth.introduce();
            Some(veth)
        }
        Err(reason) => skipped(&reason),
    }
}

fn skipped<T>(reason: &str) -> Option<T> {
    skip(reason);
    None
}

fn setup(addresses: &[&str]) -> Setup {
    let addresses = addresses.iter().map(|address| parse(address)).collect();
    Setup { addresses, interface: None, nodes: vec![None; 2], frames: 256, busy_poll: false }
}

fn parse(address: &str) -> IpAddr {
    address.parse().expect("these tests write addresses right")
}

fn received(worker: &mut UringSklookup, count: usize) -> Batch {
    let mut batch = Batch::new();
    for _ in 0..100 {
        worker.receive(&mut batch, Duration::from_millis(50)).expect("the driver works");
        if batch.len() == count {
            return batch;
        }
    }
    panic!("of {count} packets {} came", batch.len());
}

fn send(worker: &mut UringSklookup, route: Route) {
    let mut frame = worker.allocate().expect("there are frames");
    frame.payload_and_room()[..PAYLOAD.len()].copy_from_slice(PAYLOAD);
    frame.set_len(PAYLOAD.len());
    frame.route = Some(route);
    let mut batch = Batch::new();
    assert!(batch.push(frame).is_ok(), "the batch is empty");
    worker.transmit(&mut batch).expect("the driver works");
}

/// Returns the next packet of a socket with its source.
fn next(socket: &UdpSocket) -> Option<(SocketAddr, Vec<u8>)> {
    socket.set_read_timeout(Some(Duration::from_secs(5))).expect("a socket takes a timeout");
    let mut bytes = vec![0; 2048];
    let (len, source) = socket.recv_from(&mut bytes).ok()?;
    bytes.truncate(len);
    Some((source, bytes))
}
