//! A side without sockets: whole frames through a packet socket, from any address and port.
//!
//! Replies reach us if the device sends them to this interface. Questions for our IPv4 addresses are answered here, so
//! that they need not be on the interface. Where they are, the kernel of this host sees the frames, too, and answers some
//! with an ICMP message that the port is closed, which costs it time and the device nothing.

mod arp;

use core::net::IpAddr;
use core::time::Duration;
use std::net::UdpSocket;
use std::thread;

use netio::netlink::{Hop, Mirror, Path};
use netio::{BATCH_MAX, Endpoint, LeaseError, LocalPort, PacketSocket, VOICE_TRAFFIC_CLASS};
use wire::datagram::{Datagram, Headers};
use wire::ether::{self, EtherType, Mac, Tag, Tags};
use wire::ip::{Addresses, TrafficClass};
use wire::udp::Ports;

use crate::media::packet::{Packet, Packets};
use crate::media::side::drivers::{endpoint, lacking};
use crate::media::side::{Losses, Side, SideError};

const NAME: &str = "packet";

/// What the kernel writes into packets of its own.
const HOP_LIMIT: u8 = 64;

/// How often a queue that is full is asked again before the packets are given up: each time the kernel has worked off
/// some of it.
const RETRIES_MAX: u32 = 1000;

/// A packet socket that speaks for our addresses.
pub struct Ethernet {
    socket: PacketSocket,
    interface: String,
    addresses: Vec<IpAddr>,
    /// For each port of each address whether it is leased.
    leased: Vec<Box<[bool]>>,
    /// The stations on the way to the device, by its addresses: one or two.
    links: Vec<(IpAddr, ether::Header)>,
    unsent: u64,
}

impl Ethernet {
    /// Opens a packet socket on an interface, for these addresses of ours.
    ///
    /// # Errors
    ///
    /// If the interface or the capability CAP_NET_RAW is lacking.
    pub fn open(addresses: &[IpAddr], interface: &str) -> Result<Self, SideError> {
        Ok(Self {
            socket: PacketSocket::open(interface)?,
            interface: interface.to_owned(),
            addresses: addresses.to_vec(),
            leased: addresses.iter().map(|_| vec![false; 1 << 16].into_boxed_slice()).collect(),
            links: Vec::new(),
            unsent: 0,
        })
    }

    fn link(&mut self, to: IpAddr) -> Result<ether::Header, SideError> {
        if let Some((_, link)) = self.links.iter().find(|(address, _)| *address == to) {
            return Ok(*link);
        }
        let link = find_link(to, &self.interface)?;
        self.links.push((to, link));
        Ok(link)
    }

    /// Writes the headers before the payload; returns how long they are.
    fn dress(&mut self, packet: &mut Packet) -> Result<usize, SideError> {
        let source = packet.pretended.unwrap_or_else(|| endpoint(&self.addresses, packet.local));
        let addresses = match (source.address(), packet.remote.address()) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => Addresses::V4 { source, destination },
            (IpAddr::V6(source), IpAddr::V6(destination)) => Addresses::V6 { source, destination },
            _ => {
                return Err(lacking(NAME, "one version of IP on both ends", "two", "choose another address"));
            }
        };
        let headers = Headers {
            link: Some(self.link(packet.remote.address())?),
            addresses,
            ports: Ports { source: source.port(), destination: packet.remote.port() },
            traffic_class: TrafficClass(VOICE_TRAFFIC_CLASS),
            hop_limit: HOP_LIMIT,
        };
        let header_len = headers.header_len();
        headers.write(packet.with_headers(header_len)).expect("a payload of ours fits a packet");
        Ok(header_len)
    }

    fn is_leased(&self, local: LocalPort) -> bool {
        self.leased.get(usize::from(local.address)).is_some_and(|ports| ports[usize::from(local.port)])
    }
}

impl Side for Ethernet {
    fn name(&self) -> &'static str {
        NAME
    }

    fn lease(&mut self, port: LocalPort) -> Result<(), LeaseError> {
        let ports = self.leased.get_mut(usize::from(port.address)).ok_or(LeaseError::NotLocal)?;
        let is_leased = &mut ports[usize::from(port.port)];
        if core::mem::replace(is_leased, true) { Err(LeaseError::InUse) } else { Ok(()) }
    }

    fn transmit(&mut self, packets: &mut [Packet], _now_ns: u64) -> Result<(), SideError> {
        for packets in packets.chunks_mut(BATCH_MAX) {
            let mut header_lens = [0; BATCH_MAX];
            for (packet, header_len) in packets.iter_mut().zip(&mut header_lens) {
                *header_len = self.dress(packet)?;
            }
            let mut sent = 0;
            let mut retries = 0;
            while sent < packets.len() && retries < RETRIES_MAX {
                let rest = packets[sent..].iter_mut().zip(&header_lens[sent..]);
                match self.socket.send(rest.map(|(packet, len)| &*packet.with_headers(*len)))? {
                    0 => {
                        retries += 1;
                        thread::yield_now();
                    }
                    count => sent += count,
                }
            }
            self.unsent += (packets.len() - sent) as u64;
        }
        Ok(())
    }

    fn receive(&mut self, packets: &mut Packets, _now_ns: u64, wait: Duration) -> Result<(), SideError> {
        if packets.vacant().is_empty() {
            return Ok(());
        }
        let mut count =
            self.socket.receive(packets.vacant().iter_mut().map(|packet| &mut packet.whole()[..]))?;
        if count == 0 && !wait.is_zero() {
            self.socket.wait(wait);
            count = self.socket.receive(packets.vacant().iter_mut().map(|packet| &mut packet.whole()[..]))?;
        }
        self.answer_questions(packets.vacant(), count)?;
        let mut place = 0;
        packets.keep(count, |packet| {
            let len = self.socket.received(place);
            place += 1;
            len.is_some_and(|len| self.undress(packet, len))
        });
        Ok(())
    }

    fn losses(&mut self) -> Losses {
        Losses { unsent: self.unsent, unreceived: self.socket.dropped() }
    }
}

impl Ethernet {
    /// Tells who asks that our addresses are here. There is nothing to tell before the first packet has left.
    fn answer_questions(&mut self, frames: &[Packet], count: usize) -> Result<(), SideError> {
        let Some((_, link)) = self.links.first().copied() else { return Ok(()) };
        for (place, frame) in frames[..count].iter().enumerate() {
            let len = self.socket.received(place).unwrap_or(0);
            if let Some(answer) = arp::answer(frame.first_bytes(len), &self.addresses, link.source) {
                // A question without an answer is asked again.
                self.socket.send([&answer[..]])?;
            }
        }
        Ok(())
    }

    /// Finds the payload of a frame, if it is for a port of ours.
    ///
    /// The UDP checksum is not looked at: over a virtual cable nobody has computed it, and stamps tell of any damage.
    fn undress(&self, packet: &mut Packet, frame_len: usize) -> bool {
        let Ok(datagram) = Datagram::parse_ethernet(packet.first_bytes(frame_len)) else { return false };
        let (to, from) = (datagram.destination(), datagram.source());
        let Some(address) = self.addresses.iter().position(|address| *address == to.ip()) else {
            return false;
        };
        let local = LocalPort { address: address as u8, port: to.port() };
        packet.place_payload(datagram.payload_offset, datagram.payload_len);
        (packet.local, packet.remote) = (local, Endpoint::from(from));
        self.is_leased(local)
    }
}

/// Finds out which stations a packet to this address passes, with the help of this host's routes and neighbours.
fn find_link(to: IpAddr, interface: &str) -> Result<ether::Header, SideError> {
    let mirror = Mirror::start(NAME)?;
    let mut reader = mirror.reader();
    for _ in 0..FIND_TRIES {
        reader.refresh();
        if let Path::Direct(hop) = reader.path(&Endpoint::new(to, DISCARD_PORT)) {
            return Ok(link_header(&hop));
        }
        ask_for_neighbour(to);
        thread::sleep(FIND_WAIT);
    }
    Err(lacking(
        NAME,
        &format!("a neighbour on {interface} that leads to {to}"),
        "none that answers",
        "see `ip route get` and `ip neighbour`; over loopback use --side sockets",
    ))
}

/// Two seconds in all: the kernel asks for a neighbour three times, a second apart.
const FIND_TRIES: u32 = 40;
const FIND_WAIT: Duration = Duration::from_millis(50);
/// RFC 863: whatever comes there is thrown away.
const DISCARD_PORT: u16 = 9;

/// Has the kernel ask for the neighbour, by sending something there.
fn ask_for_neighbour(to: IpAddr) {
    let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    // Without a route there will be no neighbour, and whoever called says so.
    let _ = UdpSocket::bind(any).and_then(|socket| socket.send_to(&[0], (to, DISCARD_PORT)));
}

fn link_header(hop: &Hop) -> ether::Header {
    let tags = match hop.vlan {
        Some(id) => Tags::Single(Tag { protocol: EtherType::CUSTOMER_TAG, control: id }),
        None => Tags::Untagged,
    };
    ether::Header { destination: Mac(hop.next_hop_mac), source: Mac(hop.source_mac), tags }
}
