//! What the AF_XDP driver does beyond what all drivers do: queues, neighbours, and interfaces that come and go.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use netio::{
    Afxdp, Batch, Driver, DriverError, DriverName, Endpoint, LocalPort, Route, Setup, SetupError, choose,
};

use skip::skip;
use veth::{FAR_IPV4, NEAR, NEAR_IPV4, Veth, ip};

#[path = "contract/skip.rs"]
mod skip;
#[path = "contract/veth.rs"]
mod veth;

/// How long to wait for what must happen. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(10);
/// So many senders that both queues get some of them, but for one time in 2^31.
const PEERS: usize = 32;
const PORTS: [LocalPort; 2] =
    [LocalPort { address: 0, port: 10_000 }, LocalPort { address: 0, port: 10_002 }];

#[test]
fn workers_get_packets_for_their_ports_whatever_queue_they_arrive_at() {
    let Some(veth) = cable(2) else { return };
    veth.introduce();
    let mut workers = open(NEAR, 2).expect("two queues are enough for two workers");
    for (worker, port) in workers.iter_mut().zip(PORTS) {
        worker.lease(port).expect("nobody has the port");
    }
    let peers: Vec<_> = (0..PEERS).map(|_| peer(&veth)).collect();
    for peer in &peers {
        for port in PORTS {
            peer.send_to(&port.port.to_be_bytes(), (NEAR_IPV4, port.port)).expect("the cable takes it");
        }
    }
    let mut echoed = [0; 2];
    let start = Instant::now();
    while echoed != [PEERS; 2] && start.elapsed() < PATIENCE {
        for (worker, (port, echoed)) in workers.iter_mut().zip(PORTS.into_iter().zip(&mut echoed)) {
            let mut batch = Batch::new();
            worker.receive(&mut batch, Duration::from_millis(1)).expect("the driver works");
            for frame in batch.frames() {
                assert_eq!((frame.local, frame.payload()), (port, &port.port.to_be_bytes()[..]));
            }
            *echoed += batch.len();
            echo(worker, &mut batch);
        }
    }
    assert_eq!(echoed, [PEERS; 2]);
    let handed_over: u64 = workers.iter().map(|worker| worker.statistics().rx_handed_over).sum();
    assert!((1..2 * PEERS as u64).contains(&handed_over), "some arrive at the right worker, some do not");
    for peer in &peers {
        let mut sources = [received(peer).1.port(), received(peer).1.port()];
        sources.sort_unstable();
        assert_eq!(sources, PORTS.map(|port| port.port));
    }
}

#[test]
fn one_worker_serves_all_queues_from_one_memory() {
    let Some(veth) = cable(2) else { return };
    veth.introduce();
    let mut driver = leased(NEAR);
    let peers: Vec<_> = (0..PEERS).map(|_| peer(&veth)).collect();
    for round in 0..50u8 {
        for peer in &peers {
            peer.send_to(&[round], (NEAR_IPV4, PORTS[0].port)).expect("the cable takes it");
        }
        let mut batch = Batch::new();
        receive_until(&mut driver, &mut batch, PEERS);
        echo(&mut driver, &mut batch);
        for peer in &peers {
            assert_eq!(received(peer).0, [round]);
        }
    }
    let statistics = driver.statistics();
    assert_eq!((statistics.received, statistics.sent), (50 * PEERS as u64, 50 * PEERS as u64));
}

#[test]
fn a_packet_to_a_port_of_our_own_arrives_without_the_cable() {
    let Some(_veth) = cable(1) else { return };
    let mut driver = leased(NEAR);
    driver.lease(PORTS[1]).expect("nobody has the port");
    let near = NEAR_IPV4.parse().expect("an address");
    transmit(&mut driver, Endpoint::new(near, PORTS[1].port), b"to ourselves");
    let mut batch = Batch::new();
    driver.receive(&mut batch, PATIENCE).expect("the driver works");
    let frame = &batch.frames()[0];
    assert_eq!((frame.local, frame.payload()), (PORTS[1], &b"to ourselves"[..]));
    assert_eq!(frame.source, Endpoint::new(near, PORTS[0].port));
    assert_eq!(driver.statistics().tx_by_kernel, 0);
}

#[test]
fn a_worker_that_sleeps_is_woken_by_a_packet_of_another() {
    let Some(_veth) = cable(2) else { return };
    let mut workers = open(NEAR, 2).expect("two queues are enough for two workers");
    for (worker, port) in workers.iter_mut().zip(PORTS) {
        worker.lease(port).expect("nobody has the port");
    }
    let [first, second] = &mut workers[..] else { panic!("there are two workers") };
    std::thread::scope(|scope| {
        let sleeper = scope.spawn(|| {
            let mut batch = Batch::new();
            let start = Instant::now();
            second.receive(&mut batch, 10 * PATIENCE).expect("the driver works");
            assert!(start.elapsed() < PATIENCE, "it was woken");
            assert_eq!(batch.frames()[0].payload(), b"wake up");
        });
        let near = NEAR_IPV4.parse().expect("an address");
        transmit(first, Endpoint::new(near, PORTS[1].port), b"wake up");
        sleeper.join().expect("the assertions hold");
    });
}

#[test]
fn a_program_on_this_host_is_reached_through_the_kernel() {
    let Some(_veth) = cable(1) else { return };
    let mut driver = leased(NEAR);
    let program = UdpSocket::bind((NEAR_IPV4, 0)).expect("a port is free");
    program.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
    transmit(&mut driver, program.local_addr().expect("it is bound").into(), b"hello");
    assert_eq!(
        received(&program),
        (b"hello".to_vec(), SocketAddr::new(NEAR_IPV4.parse().unwrap(), PORTS[0].port))
    );
    assert_eq!(driver.statistics().tx_by_kernel, 1);
}

#[test]
fn the_kernel_asks_for_a_neighbour_and_then_packets_go_directly() {
    let Some(veth) = cable(1) else { return };
    let mut driver = leased(NEAR);
    let peer = peer(&veth);
    let to = peer.local_addr().expect("it is bound").into();
    let start = Instant::now();
    let mut sent = 0;
    loop {
        let before = driver.statistics().tx_by_kernel;
        transmit(&mut driver, to, b"first the hard way");
        sent += 1;
        assert_eq!(received(&peer).0, b"first the hard way");
        if driver.statistics().tx_by_kernel == before {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "the neighbour has answered, and is still unknown");
        driver.receive(&mut Batch::new(), Duration::from_millis(5)).expect("the driver works");
    }
    assert!(driver.statistics().tx_by_kernel >= 1, "nobody knew the neighbour");
    assert_eq!(driver.statistics().sent, sent);
}

#[test]
fn a_link_that_goes_down_and_comes_back_is_used_again() {
    let Some(veth) = cable(1) else { return };
    veth.introduce();
    let mut driver = leased(NEAR);
    let peer = peer(&veth);
    for _ in 0..2 {
        assert_works(&mut driver, &peer);
        veth.at_far_end(|| change("link set far down"));
        let before = driver.statistics().tx_unreachable;
        until("nothing can be sent", || {
            transmit(&mut driver, peer.local_addr().expect("it is bound").into(), b"lost");
            driver.receive(&mut Batch::new(), Duration::from_millis(5)).expect("the driver works");
            driver.statistics().tx_unreachable > before
        });
        veth.at_far_end(|| change("link set far up"));
        let before = driver.statistics().sent;
        until("packets leave again", || {
            transmit(&mut driver, peer.local_addr().expect("it is bound").into(), b"found");
            driver.receive(&mut Batch::new(), Duration::from_millis(5)).expect("the driver works");
            driver.statistics().sent > before
        });
        while received(&peer).0 != b"found" {}
    }
}

#[test]
fn a_full_transmit_ring_is_counted_and_empties() {
    let Some(veth) = cable(1) else { return };
    veth.introduce();
    // A quarter of the frames may wait to be sent: 16. Half of them wait for packets, so 32 are left.
    let mut driver = Afxdp::open(&Setup { frames: 64, ..setup(NEAR, 1) })
        .unwrap_or_else(|error| panic!("{error}"))
        .remove(0);
    driver.lease(PORTS[0]).expect("nobody has the port");
    let peer = peer(&veth);
    let to = peer.local_addr().expect("it is bound").into();
    for round in 1..=3 {
        let mut batch = Batch::new();
        while let Some(mut frame) = driver.allocate() {
            frame.set_len(1);
            frame.route = Some(Route { from: PORTS[0], to, traffic_class: 0 });
            assert!(batch.push(frame).is_ok(), "there are fewer frames than a batch holds");
        }
        assert!(batch.len() >= 32);
        driver.transmit(&mut batch).expect("the driver works");
        let statistics = driver.statistics();
        assert_eq!((statistics.sent, statistics.tx_full), (16 * round, 16 * round));
        (0..16).for_each(|_| drop(received(&peer)));
        // What was sent comes back when the driver looks again.
        driver.receive(&mut Batch::new(), Duration::ZERO).expect("the driver works");
    }
    assert_works(&mut driver, &peer);
}

#[test]
fn a_vanished_interface_is_told_and_one_of_the_same_name_can_be_opened() {
    let Some(_veth) = cable(1) else { return };
    let mut driver = leased(NEAR);
    change(&format!("link delete {NEAR}"));
    let mut told = Ok(());
    until("the interface is missed", || {
        told = driver.receive(&mut Batch::new(), Duration::from_millis(5));
        told.is_err()
    });
    assert_eq!(told, Err(DriverError::InterfaceGone));
    assert_eq!(driver.transmit(&mut Batch::new()), Err(DriverError::InterfaceGone));
    change(&format!("link add {NEAR} type veth peer name other0"));
    change(&format!("address add {NEAR_IPV4}/24 dev {NEAR}"));
    drop(driver);
    leased(NEAR);
}

#[test]
fn when_the_driver_is_gone_so_are_its_program_and_its_leases() {
    let Some(veth) = cable(1) else { return };
    veth.introduce();
    drop(leased(NEAR));
    let program = UdpSocket::bind((NEAR_IPV4, PORTS[0].port)).expect("the port is free");
    program.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
    peer(&veth).send_to(b"for the kernel", (NEAR_IPV4, PORTS[0].port)).expect("the cable takes it");
    assert_eq!(received(&program).0, b"for the kernel");
    drop(program);
    let mut driver = leased(NEAR);
    assert_works(&mut driver, &peer(&veth));
}

#[test]
fn a_driver_that_never_sleeps_works() {
    let Some(veth) = cable(1) else { return };
    veth.introduce();
    let mut driver = Afxdp::open(&Setup { busy_poll: true, ..setup(NEAR, 1) }).expect("it opens").remove(0);
    driver.lease(PORTS[0]).expect("nobody has the port");
    for _ in 0..10 {
        assert_works(&mut driver, &peer(&veth));
    }
    let start = Instant::now();
    driver.receive(&mut Batch::new(), Duration::from_millis(20)).expect("the driver works");
    assert!(start.elapsed() >= Duration::from_millis(20));
}

#[test]
fn damaged_packets_are_foreign_where_checksums_are_verified() {
    let Some(veth) = cable(1) else { return };
    let mut driver = leased(NEAR);
    let peer = peer(&veth);
    // The sender leaves the checksum to its end of the cable, which has nothing to finish it with.
    driver.verify_checksums(true);
    peer.send_to(b"unfinished", (NEAR_IPV4, PORTS[0].port)).expect("the cable takes it");
    until("the packet is looked at", || {
        let mut batch = Batch::new();
        driver.receive(&mut batch, Duration::from_millis(5)).expect("the driver works");
        assert!(batch.is_empty(), "its checksum is wrong");
        driver.statistics().rx_foreign == 1
    });
}

#[test]
fn errors_say_what_is_there_and_what_to_do() {
    let Some(_veth) = cable(1) else { return };
    let unknown = open("eth7", 1).err().expect("there is no such interface");
    assert_eq!(unknown.wanted, "the interface eth7");
    assert!(unknown.found.contains(NEAR) && unknown.found.contains("lo"), "{unknown}");
    let unnamed =
        Afxdp::open(&Setup { interface: None, ..setup(NEAR, 1) }).err().expect("no interface is named");
    assert!(unnamed.remedy.contains(NEAR), "{unnamed}");
    let crowded = open(NEAR, 2).err().expect("there is one queue");
    assert!(crowded.remedy.contains(&format!("ethtool -L {NEAR}")), "{crowded}");
    let no_ethernet = open("lo", 1).err().expect("the loopback interface has no frames");
    assert!(no_ethernet.wanted.contains("Ethernet"), "{no_ethernet}");
    let few = Afxdp::open(&Setup { frames: 2, ..setup(NEAR, 1) }).err().expect("two frames are too few");
    assert!(few.remedy.contains("4096"), "{few}");
    let _first = leased(NEAR);
    let second = open(NEAR, 1).err().expect("the first is attached");
    assert!(second.remedy.contains("detach"), "{second}");
}

#[test]
fn an_interface_with_fewer_queues_than_its_peer_works_and_says_that_it_is_slow() {
    let Some(_veth) = cable(1) else { return };
    change(
        "link add trap0 numrxqueues 1 numtxqueues 1 type veth peer name trap1 numrxqueues 2 numtxqueues 2",
    );
    for end in ["trap0", "trap1"] {
        change(&format!("link set {end} up"));
    }
    let driver = leased("trap0");
    let notes = driver.notes();
    assert!(notes[0].contains("native XDP refused by the driver veth (No space left on device"), "{notes:?}");
    assert!(notes[0].contains("receive queues"), "{notes:?}");
    assert!(leased(NEAR).notes()[0].contains("zero-copy: no, the driver veth has none"));
}

#[test]
fn it_is_chosen_on_its_own_where_the_interface_runs_the_program_and_else_on_request() {
    let Some(_veth) = cable(1) else { return };
    let choice = choose(None, &setup(NEAR, 1));
    assert_eq!((choice.name, &choice.passed_over[..]), (DriverName::Afxdp, &[][..]));
    change(
        "link add trap0 numrxqueues 1 numtxqueues 1 type veth peer name trap1 numrxqueues 2 numtxqueues 2",
    );
    let choice = choose(None, &setup("trap0", 1));
    assert_eq!(choice.name, DriverName::UringSklookup);
    assert!(choice.passed_over[0].wanted.contains("native XDP in veth, the driver of trap0"), "{choice}");
    assert_eq!(choose(Some(DriverName::Afxdp), &setup("trap0", 1)).name, DriverName::Afxdp);
}

/// Lays a cable, or says loudly why not.
fn cable(queues: u32) -> Option<Veth> {
    let lacking = match Veth::new(queues) {
        Ok(veth) => return Some(veth),
        Err(lacking) => lacking,
    };
    skip(&format!("driver afxdp: {lacking}"));
    None
}

/// Changes something in the namespace of this thread.
fn change(command: &str) {
    ip(command).expect("the command is right");
}

fn setup(interface: &str, workers: usize) -> Setup {
    Setup {
        addresses: vec![NEAR_IPV4.parse().expect("an address")],
        interface: Some(interface.to_owned()),
        nodes: vec![None; workers],
        frames: 1024,
        busy_poll: false,
    }
}

fn open(interface: &str, workers: usize) -> Result<Vec<Afxdp>, SetupError> {
    Afxdp::open(&setup(interface, workers))
}

/// Opens a driver with the first port.
fn leased(interface: &str) -> Afxdp {
    let mut driver = open(interface, 1).unwrap_or_else(|error| panic!("{error}")).remove(0);
    driver.lease(PORTS[0]).expect("nobody has the port");
    driver
}

fn peer(veth: &Veth) -> UdpSocket {
    let socket = veth.peer(FAR_IPV4);
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket takes a timeout");
    socket
}

fn received(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut bytes = vec![0; 2048];
    let (len, source) = socket.recv_from(&mut bytes).expect("a packet was sent here");
    bytes.truncate(len);
    (bytes, source)
}

fn receive_until(driver: &mut Afxdp, batch: &mut Batch, count: usize) {
    until("enough packets have come", || {
        driver.receive(batch, Duration::from_millis(100)).expect("the driver works");
        batch.len() >= count
    });
}

/// Sends what is in the batch back to where it came from.
fn echo(driver: &mut Afxdp, batch: &mut Batch) {
    for frame in batch.frames() {
        frame.route = Some(Route { from: frame.local, to: frame.source, traffic_class: 0 });
    }
    driver.transmit(batch).expect("the driver works");
}

/// Sends a packet from the first port.
fn transmit(driver: &mut Afxdp, to: Endpoint, bytes: &[u8]) {
    let mut frame = driver.allocate().expect("there are frames left");
    frame.payload_and_room()[..bytes.len()].copy_from_slice(bytes);
    frame.set_len(bytes.len());
    frame.route = Some(Route { from: PORTS[0], to, traffic_class: 0 });
    let mut batch = Batch::new();
    assert!(batch.push(frame).is_ok(), "the batch is empty");
    driver.transmit(&mut batch).expect("the driver works");
}

fn assert_works(driver: &mut Afxdp, peer: &UdpSocket) {
    peer.send_to(b"are you there?", (NEAR_IPV4, PORTS[0].port)).expect("the cable takes it");
    let mut batch = Batch::new();
    receive_until(driver, &mut batch, 1);
    echo(driver, &mut batch);
    assert_eq!(received(peer).0, b"are you there?");
}

fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(start.elapsed() < PATIENCE, "in vain: {what}");
    }
}
