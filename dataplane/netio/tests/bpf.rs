//! The two BPF programs, run by the kernel over packets made for them.

use std::net::{IpAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use netio::bpf::map::{DescriptorMap, Descriptors, PortMap};
use netio::bpf::program::{Kind, Program};
use netio::bpf::xdp::Verdict;
use netio::bpf::{sk_lookup, xdp};
use netio::{LocalPort, SetupError};

use skip::skip;

#[path = "contract/skip.rs"]
mod skip;

#[test]
fn xdp_redirects_datagrams_for_leased_ports() {
    let Some(xdp) = Xdp::new() else { return };
    for (what, frame) in [
        ("IPv4", ethernet(&[], 0x0800, &ipv4(&[], 17, LEASED))),
        ("IPv4, all options", ethernet(&[], 0x0800, &ipv4(&[1; 40], 17, LEASED))),
        ("IPv4, one word of options", ethernet(&[], 0x0800, &ipv4(&[1; 4], 17, LEASED))),
        ("IPv4, a VLAN", ethernet(&[0x8100], 0x0800, &ipv4(&[], 17, LEASED))),
        ("IPv4, a VLAN of a provider", ethernet(&[0x88a8, 0x8100], 0x0800, &ipv4(&[], 17, LEASED))),
        ("IPv4, a VLAN in a VLAN", ethernet(&[0x8100, 0x8100], 0x0800, &ipv4(&[], 17, LEASED))),
        ("IPv4, a VLAN and options", ethernet(&[0x8100], 0x0800, &ipv4(&[1; 8], 17, LEASED))),
        ("IPv4, not to be fragmented", ethernet(&[], 0x0800, &with(ipv4(&[], 17, LEASED), &[(6, 0x40)]))),
        ("IPv6", ethernet(&[], 0x86dd, &ipv6(17, LEASED))),
        ("IPv6, a VLAN in a VLAN", ethernet(&[0x88a8, 0x8100], 0x86dd, &ipv6(17, LEASED))),
        ("IPv6, a traffic class", ethernet(&[], 0x86dd, &with(ipv6(17, LEASED), &[(0, 0x6b), (1, 0x80)]))),
    ] {
        assert_eq!(xdp.verdict(&frame), Verdict::Redirect as u32, "{what}");
    }
}

#[test]
fn xdp_leaves_everything_else_to_the_kernel() {
    let Some(xdp) = Xdp::new() else { return };
    let three_tags = [0x88a8, 0x8100, 0x8100];
    for (what, frame) in [
        ("ARP", ethernet(&[], 0x0806, &ipv4(&[], 17, LEASED))),
        ("three VLANs", ethernet(&three_tags, 0x0800, &ipv4(&[], 17, LEASED))),
        ("IPv4, another port", ethernet(&[], 0x0800, &ipv4(&[], 17, LEASED + 1))),
        ("IPv4, the port with its bytes swapped", ethernet(&[], 0x0800, &ipv4(&[], 17, LEASED.swap_bytes()))),
        ("IPv4, TCP", ethernet(&[], 0x0800, &ipv4(&[], 6, LEASED))),
        ("IPv4, ICMP", ethernet(&[], 0x0800, &ipv4(&[], 1, LEASED))),
        ("IPv4, first fragment", ethernet(&[], 0x0800, &with(ipv4(&[], 17, LEASED), &[(6, 0x20)]))),
        ("IPv4, later fragment", ethernet(&[], 0x0800, &with(ipv4(&[], 17, LEASED), &[(6, 0x20), (7, 185)]))),
        ("IPv4, last fragment", ethernet(&[], 0x0800, &with(ipv4(&[], 17, LEASED), &[(7, 1)]))),
        ("IPv4, fragment far behind", ethernet(&[], 0x0800, &with(ipv4(&[], 17, LEASED), &[(6, 0x10)]))),
        ("IPv4, another address", ethernet(&[], 0x0800, &with(ipv4(&[], 17, LEASED), &[(19, 9)]))),
        ("IPv4, from our address", ethernet(&[], 0x0800, &exchanged(ipv4(&[], 17, LEASED), 12, 16, 4))),
        ("IPv4, the port of the other address", ethernet(&[], 0x0800, &ipv4(&[], 17, LEASED_IPV6))),
        ("IPv4, a header too short", ethernet(&[], 0x0800, &with(ipv4(&[], 17, LEASED), &[(0, 0x44)]))),
        ("IPv4, no version 4", ethernet(&[], 0x0800, &with(ipv4(&[], 17, LEASED), &[(0, 0x55)]))),
        ("IPv4, called IPv6", ethernet(&[], 0x86dd, &ipv4(&[1; 40], 17, LEASED))),
        ("IPv6, another port", ethernet(&[], 0x86dd, &ipv6(17, LEASED + 1))),
        ("IPv6, TCP", ethernet(&[], 0x86dd, &ipv6(6, LEASED))),
        ("IPv6, ICMP", ethernet(&[], 0x86dd, &ipv6(58, LEASED))),
        ("IPv6, called IPv4", ethernet(&[], 0x0800, &ipv6(17, LEASED))),
        ("IPv6, no version 6", ethernet(&[], 0x86dd, &with(ipv6(17, LEASED), &[(0, 0x70)]))),
        ("IPv6, hop-by-hop options", ethernet(&[], 0x86dd, &extended(0))),
        ("IPv6, routing header", ethernet(&[], 0x86dd, &extended(43))),
        ("IPv6, fragment", ethernet(&[], 0x86dd, &extended(44))),
    ] {
        assert_eq!(xdp.verdict(&frame), Verdict::Pass as u32, "{what}");
    }
    for at in [24, 28, 32, 36, 39] {
        let frame = ethernet(&[], 0x86dd, &with(ipv6(17, LEASED), &[(at, 0xee)]));
        assert_eq!(xdp.verdict(&frame), Verdict::Pass as u32, "IPv6, another address from byte {at} on");
    }
}

#[test]
fn xdp_leaves_frames_that_end_early_to_the_kernel() {
    let Some(xdp) = Xdp::new() else { return };
    for (what, frame, headers) in [
        ("IPv4", ethernet(&[], 0x0800, &ipv4(&[], 17, LEASED)), 14 + 20 + 8),
        ("IPv4, options", ethernet(&[], 0x0800, &ipv4(&[1; 40], 17, LEASED)), 14 + 60 + 8),
        ("IPv4, VLANs", ethernet(&[0x88a8, 0x8100], 0x0800, &ipv4(&[], 17, LEASED)), 22 + 20 + 8),
        ("IPv6", ethernet(&[], 0x86dd, &ipv6(17, LEASED)), 14 + 40 + 8),
    ] {
        // The kernel tries no frame without a whole Ethernet header.
        for len in 14..=frame.len() {
            let expected = if len < headers { Verdict::Pass } else { Verdict::Redirect };
            assert_eq!(xdp.verdict(&frame[..len]), expected as u32, "{what}, {len} bytes");
        }
    }
}

#[test]
fn xdp_follows_leases_at_once() {
    let Some(xdp) = Xdp::new() else { return };
    let frame = ethernet(&[], 0x0800, &ipv4(&[], 17, LEASED));
    let port = LocalPort { address: 0, port: LEASED };
    assert!(!xdp.ports.lease(port, 1), "a port has one worker");
    assert!(!xdp.ports.release(port, 1), "nobody gives away what another has");
    assert_eq!(xdp.verdict(&frame), Verdict::Redirect as u32);
    assert!(xdp.ports.release(port, 0));
    assert_eq!(xdp.verdict(&frame), Verdict::Pass as u32);
    assert!(xdp.ports.lease(port, 1));
    assert_eq!(xdp.ports.worker(port), Some(1));
    assert_eq!(xdp.verdict(&frame), Verdict::Redirect as u32);
}

#[test]
fn xdp_leaves_frames_of_a_queue_without_socket_to_the_kernel() {
    let Some(mut xdp) = Xdp::new() else { return };
    let frame = ethernet(&[], 0x0800, &ipv4(&[], 17, LEASED));
    assert_eq!(xdp.verdict(&frame), Verdict::Redirect as u32);
    xdp.socket.take();
    assert_eq!(xdp.verdict(&frame), Verdict::Pass as u32);
}

#[test]
fn sk_lookup_gives_datagrams_for_leased_ports_to_their_worker() {
    let Some(lookup) = Lookup::new() else { return };
    assert_eq!(lookup.chosen(17, OURS_IPV4, LEASED), Some(Chosen { worker: 0, is_ipv6: false }));
    assert_eq!(lookup.chosen(17, SECOND_IPV4, LEASED + 2), Some(Chosen { worker: 1, is_ipv6: false }));
    assert_eq!(lookup.chosen(17, OURS_IPV6, LEASED_IPV6), Some(Chosen { worker: 0, is_ipv6: true }));
    assert_eq!(lookup.chosen(17, OURS_IPV6, u16::MAX), Some(Chosen { worker: 1, is_ipv6: true }));
}

#[test]
fn sk_lookup_leaves_everything_else_to_the_kernel() {
    let Some(lookup) = Lookup::new() else { return };
    for (what, protocol, address, port) in [
        ("SIP", 17, OURS_IPV4, 5060),
        ("TCP", 6, OURS_IPV4, LEASED),
        ("another address", 17, "192.0.2.78", LEASED),
        ("the port of another address", 17, SECOND_IPV4, LEASED),
        ("port zero", 17, OURS_IPV4, 0),
        ("another port over IPv6", 17, OURS_IPV6, LEASED),
        ("another IPv6 address", 17, "2001:db8::78", LEASED_IPV6),
        ("TCP over IPv6", 6, OURS_IPV6, LEASED_IPV6),
    ] {
        assert_eq!(lookup.chosen(protocol, address, port), None, "{what}");
    }
    lookup.ports.release(LocalPort { address: 0, port: LEASED }, 0);
    assert_eq!(lookup.chosen(17, OURS_IPV4, LEASED), None, "a released port");
}

#[test]
fn a_program_that_the_verifier_refuses_says_why() {
    let exit_without_result = [0x95];
    let Err(error) = Program::load("afxdp", Kind::Xdp, c"refused", &exit_without_result) else {
        panic!("no program may end without a result");
    };
    let lacks_capabilities = skipped(&error);
    assert!(lacks_capabilities || error.found.contains("R0 !read_ok"), "{error}");
}

const OURS_IPV4: &str = "192.0.2.77";
const OURS_IPV6: &str = "2001:db8::77";
const SECOND_IPV4: &str = "198.51.100.255";
const LEASED: u16 = 0x4e22;
const LEASED_IPV6: u16 = 40_000;

/// The XDP program, with a socket for queue zero: one that is not bound, as the program runs over nothing real.
struct Xdp {
    ports: PortMap,
    program: Program,
    socket: Option<OwnedFd>,
}

impl Xdp {
    fn new() -> Option<Self> {
        let ports = unless_skipped(PortMap::new("afxdp", &addresses()))?;
        let sockets =
            DescriptorMap::new("afxdp", Descriptors::XdpSockets, 1).expect("a port map could be made, too");
        let program = Program::load("afxdp", Kind::Xdp, c"trunkline", &xdp::assemble(&ports, &sockets))
            .expect("the verifier accepts it");
        // SAFETY: the call takes no addresses.
        let socket = unsafe { libc::socket(libc::AF_XDP, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 0) };
        assert!(socket >= 0, "AF_XDP sockets can be made: {}", std::io::Error::last_os_error());
        // SAFETY: the kernel just made this descriptor, and nobody else knows it.
        let socket = unsafe { OwnedFd::from_raw_fd(socket) };
        sockets.put(0, socket.as_fd()).expect("place 0 is for such a socket");
        assert!(ports.lease(LocalPort { address: 0, port: LEASED }, 0));
        assert!(ports.lease(LocalPort { address: 2, port: LEASED }, 0));
        assert!(ports.lease(LocalPort { address: 2, port: LEASED_IPV6 }, 0));
        Some(Self { ports, program, socket: Some(socket) })
    }

    fn verdict(&self, frame: &[u8]) -> u32 {
        self.program.run(frame, &mut []).expect("the kernel tries frames of 14 bytes and more")
    }
}

/// The sk_lookup program, with the sockets of two workers.
struct Lookup {
    ports: PortMap,
    program: Program,
    sockets: Vec<(UdpSocket, Chosen)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Chosen {
    worker: u32,
    is_ipv6: bool,
}

impl Lookup {
    fn new() -> Option<Self> {
        let ports = unless_skipped(PortMap::new("uring-sklookup", &addresses()))?;
        let map = DescriptorMap::new("uring-sklookup", Descriptors::Sockets, 4)
            .expect("a port map could be made, too");
        let code = sk_lookup::assemble(&ports, &map);
        let program = Program::load("uring-sklookup", Kind::SkLookup, c"trunkline", &code)
            .expect("the verifier accepts it");
        let mut sockets = Vec::new();
        for worker in 0..2 {
            for (is_ipv6, address) in [(false, "127.0.0.1:0"), (true, "[::1]:0")] {
                let socket = UdpSocket::bind(address).expect("the kernel has a free port");
                map.put(sk_lookup::socket_place(worker, is_ipv6), socket.as_fd())
                    .expect("there is such a place");
                sockets.push((socket, Chosen { worker, is_ipv6 }));
            }
        }
        for (address, port, worker) in
            [(0, LEASED, 0), (1, LEASED + 2, 1), (2, LEASED_IPV6, 0), (2, u16::MAX, 1)]
        {
            assert!(ports.lease(LocalPort { address, port }, worker));
        }
        Some(Self { ports, program, sockets })
    }

    fn chosen(&self, protocol: u32, address: &str, port: u16) -> Option<Chosen> {
        // `struct bpf_sk_lookup`: the cookie of the chosen socket at 0, the family at 8, the protocol at 12, the local
        // addresses at 40 and 44, the local port at 60.
        let mut context = [0; 72];
        let family = match parse(address) {
            IpAddr::V4(address) => {
                context[40..44].copy_from_slice(&address.octets());
                libc::AF_INET
            }
            IpAddr::V6(address) => {
                context[44..60].copy_from_slice(&address.octets());
                libc::AF_INET6
            }
        };
        context[8..12].copy_from_slice(&family.to_ne_bytes());
        context[12..16].copy_from_slice(&protocol.to_ne_bytes());
        context[60..64].copy_from_slice(&u32::from(port).to_ne_bytes());
        assert_eq!(self.program.run(&[], &mut context), Ok(1), "the program never drops");
        let cookie = u64::from_ne_bytes(*context.first_chunk().expect("a context is 72 bytes long"));
        let found = self.sockets.iter().find(|(socket, _)| cookie_of(socket) == cookie);
        assert_eq!(found.is_some(), cookie != 0, "the socket is one of ours");
        found.map(|(_, chosen)| *chosen)
    }
}

fn addresses() -> [IpAddr; 3] {
    [OURS_IPV4, SECOND_IPV4, OURS_IPV6].map(parse)
}

fn parse(address: &str) -> IpAddr {
    address.parse().expect("these tests write addresses right")
}

fn cookie_of(socket: &UdpSocket) -> u64 {
    let mut cookie = 0_u64;
    let mut len = size_of::<u64>() as libc::socklen_t;
    let target = (&raw mut cookie).cast();
    // SAFETY: the kernel writes at most `len` bytes, as many as the cookie has.
    let result = unsafe {
        libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_COOKIE, target, &raw mut len)
    };
    assert_eq!(result, 0, "a socket has a cookie");
    cookie
}

/// An Ethernet frame with these VLAN tags.
fn ethernet(tags: &[u16], ether_type: u16, packet: &[u8]) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    for tag in tags {
        frame.extend(tag.to_be_bytes());
        frame.extend([0x20, 0x07]);
    }
    frame.extend(ether_type.to_be_bytes());
    frame.extend(packet);
    frame
}

/// A packet to our IPv4 address, with four bytes of payload.
fn ipv4(options: &[u8], protocol: u8, port: u16) -> Vec<u8> {
    let len = (20 + options.len() + 12) as u8;
    let first = 0x45 + (options.len() / 4) as u8;
    let mut packet = vec![first, 0, 0, len, 0, 0, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 77];
    packet.extend(options);
    packet.extend(segment(port));
    packet
}

/// A packet to our IPv6 address, with four bytes of payload.
fn ipv6(protocol: u8, port: u16) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0, 0, 12, protocol, 64];
    packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x77]);
    packet.extend(segment(port));
    packet
}

/// A packet to our IPv6 address, with an extension header in front of UDP.
fn extended(kind: u8) -> Vec<u8> {
    let mut packet = with(ipv6(kind, LEASED), &[(5, 20)]);
    packet.splice(40..40, [17, 0, 1, 4, 0, 0, 0, 0]);
    packet
}

fn segment(port: u16) -> [u8; 12] {
    let [high, low] = port.to_be_bytes();
    [0x13, 0xc4, high, low, 0, 12, 0, 0, 0xde, 0xad, 0xbe, 0xef]
}

fn with(mut packet: Vec<u8>, changes: &[(usize, u8)]) -> Vec<u8> {
    for &(at, byte) in changes {
        packet[at] = byte;
    }
    packet
}

fn exchanged(mut packet: Vec<u8>, left: usize, right: usize, len: usize) -> Vec<u8> {
    for at in 0..len {
        packet.swap(left + at, right + at);
    }
    packet
}

/// Returns what was set up, unless the process lacks the privileges for it.
fn unless_skipped<T>(result: Result<T, SetupError>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) if skipped(&error) => None,
        Err(error) => panic!("{error}"),
    }
}

fn skipped(error: &SetupError) -> bool {
    let lacks_capabilities = error.found.contains("CAP_");
    if lacks_capabilities {
        skip(&error.to_string());
    }
    lacks_capabilities
}
