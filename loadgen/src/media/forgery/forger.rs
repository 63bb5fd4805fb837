//! Makes forged packets, each from a seed and its number alone, but for what it copies.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netem::random::Random;
use netio::{Endpoint, LocalPort};

use crate::media::flow::{Flow, HEADER_BYTES, Timeline};
use crate::media::forgery::past::Past;
use crate::media::forgery::rhythm::Rhythm;
use crate::media::forgery::{Forgery, Kind, Strangers};
use crate::media::packet::Packet;
use crate::media::schedule::Pace;
use crate::media::stamp::FlowId;

/// Makes forged packets when they are due, and counts them.
pub struct Forger {
    forgery: Forgery,
    strangers: Strangers,
    payload_len: usize,
    past: Past,
    rhythm: Rhythm,
    sent: [u64; Kind::ALL.len()],
    delivered: u64,
}

/// Stands in front of every forged payload: whoever looks at a trace sees it, and no stamp begins so.
const MARK: &[u8; 6] = b"FORGED";
/// The longest packet that begins right and ends too soon.
const TRUNCATED_MAX: u64 = 20;
/// As long as the tag of most suites.
const TAG_BYTES: usize = 10;

/// Tells whether a payload was made up here.
#[must_use]
pub fn is_marked(payload: &[u8]) -> bool {
    payload.starts_with(MARK)
}

impl Forger {
    /// Prepares to forge packets of these flows.
    ///
    /// # Panics
    ///
    /// If there is no port for strangers on the address of a flow.
    #[must_use]
    pub fn new(forgery: Forgery, strangers: Strangers, flows: &[Flow], payload_len: usize) -> Self {
        let has_stranger =
            |flow: &Flow| strangers.ports.iter().any(|port| port.address == flow.leaves.address);
        assert!(flows.iter().all(has_stranger), "there are strangers on every address");
        let is_protected = flows.iter().any(|flow| flow.sealer.is_some());
        let packet_len_max = HEADER_BYTES + payload_len + crypto::Suite::RTP_OVERHEAD_MAX;
        let nothing = Pace { flows: 1, interval_ns: 1, packets_per_flow: 0 };
        Self {
            forgery,
            strangers,
            payload_len,
            past: Past::new(if is_protected { flows.len() } else { 0 }, packet_len_max),
            rhythm: Rhythm::new(nothing, forgery.factor, 0),
            sent: [0; Kind::ALL.len()],
            delivered: 0,
        }
    }

    /// Begins a run; all counts are zero.
    pub fn begin(&mut self, pace: Pace, start_ns: u64) {
        self.rhythm = Rhythm::new(pace, self.forgery.factor, start_ns);
        (self.sent, self.delivered) = (Default::default(), 0);
    }

    /// Returns when the next packet is to leave; none if all have left.
    #[inline]
    #[must_use]
    pub fn next_due_ns(&self) -> Option<u64> {
        self.rhythm.next_due_ns()
    }

    /// Makes the next packet. The good ones have come as far as this counter.
    pub fn forge(&mut self, packet: &mut Packet, flows: &[Flow], timeline: &Timeline, counter: u64) {
        let random = &mut Random::stream(self.forgery.seed, self.rhythm.take());
        let flow = &flows[random.below(flows.len() as u64) as usize];
        let kinds = if flow.sealer.is_some() { &Kind::ALL[..] } else { &Kind::IN_CLEAR };
        let mut kind = kinds[random.below(kinds.len() as u64) as usize];
        (packet.local, packet.remote) = (flow.leaves, flow.to);
        let bytes = packet.payload_and_room();
        let len = match kind {
            Kind::BadTag => self.bad_tag(flow.id, random, bytes),
            Kind::Replay => self.past.copy(flow.id, random, bytes),
            Kind::Truncated => Some(self.truncated(flow, random, bytes)),
            Kind::NotMedia => Some(not_media(random, self.payload_len, bytes)),
            Kind::OtherSsrc => self.other_ssrc(flow.id, random, bytes),
            Kind::Stranger => {
                let len = self.stranger(flow, timeline, counter, random, bytes);
                (packet.local, packet.pretended) = self.elsewhere(flow, random);
                Some(len)
            }
        };
        let len = len.unwrap_or_else(|| {
            // Nothing was overheard yet.
            kind = Kind::Truncated;
            self.truncated(flow, random, packet.payload_and_room())
        });
        packet.set_len(len);
        self.sent[kind as usize] += 1;
    }

    /// Keeps a packet as it left, to forge others of it. One in the clear is not worth it.
    pub fn overhear(&mut self, flow: &Flow, counter: u64, packet: &[u8]) {
        if flow.sealer.is_some() {
            self.past.keep(flow.id, counter, packet);
        }
    }

    /// Tells whether a second copy of a packet may be of our making.
    #[must_use]
    pub fn has_copied(&self, flow: &Flow, counter: u64) -> bool {
        flow.sealer.is_some() && self.past.was_copied(flow.id, counter)
    }

    /// Takes note of a forged packet that a device has delivered.
    pub fn count_delivered(&mut self) {
        self.delivered += 1;
    }

    /// Returns what is forged.
    #[must_use]
    pub fn forgery(&self) -> Forgery {
        self.forgery
    }

    /// Returns how many packets were sent, by the numbers of their kinds.
    #[must_use]
    pub fn sent(&self) -> [u64; Kind::ALL.len()] {
        self.sent
    }

    /// Returns how many forged packets were delivered.
    #[must_use]
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    fn bad_tag(&mut self, flow: FlowId, random: &mut Random, bytes: &mut [u8]) -> Option<usize> {
        let len = self.past.copy(flow, random, bytes)?;
        let (header, behind) = bytes[..len].split_at_mut(HEADER_BYTES);
        match random.below(3) {
            0 => fill(behind, random),
            1 => {
                let bit = random.below(behind.len() as u64 * 8) as usize;
                behind[bit / 8] ^= 1 << (bit % 8);
            }
            _ => {
                let sequence = u16::from_be_bytes([header[2], header[3]]);
                let moved = sequence.wrapping_add(1 + random.below(u16::MAX.into()) as u16);
                header[2..4].copy_from_slice(&moved.to_be_bytes());
            }
        }
        Some(len)
    }

    fn other_ssrc(&mut self, flow: FlowId, random: &mut Random, bytes: &mut [u8]) -> Option<usize> {
        let len = self.past.copy(flow, random, bytes)?;
        let change = 1 + random.below(u32::MAX.into()) as u32;
        for (byte, change) in bytes[8..12].iter_mut().zip(change.to_be_bytes()) {
            *byte ^= change;
        }
        Some(len)
    }

    fn truncated(&mut self, flow: &Flow, random: &mut Random, bytes: &mut [u8]) -> usize {
        let len = random.below(TRUNCATED_MAX + 1) as usize;
        let is_copy = flow.sealer.is_some() && random.below(2) == 0;
        if is_copy && self.past.copy(flow.id, random, bytes).is_some() {
            return len;
        }
        fill(&mut bytes[..HEADER_BYTES + TRUNCATED_MAX as usize], random);
        if random.below(2) == 0 {
            // RTP with fifteen contributing sources, of which two fit at most.
            (bytes[0], bytes[1]) = (0x8f, 0);
        } else {
            // A sender report that goes on for 256 KB.
            bytes[..4].copy_from_slice(&[0x80, 200, 0xff, 0xff]);
        }
        len
    }

    fn stranger(
        &mut self,
        flow: &Flow,
        timeline: &Timeline,
        counter: u64,
        random: &mut Random,
        bytes: &mut [u8],
    ) -> usize {
        let is_copy = flow.sealer.is_some() && random.below(2) == 0;
        if is_copy && let Some(len) = self.past.copy(flow.id, random, bytes) {
            return len;
        }
        let header = flow.sent.header(counter + random.below(3), timeline);
        let header_len = header.write([], None, bytes).expect("a header without extras has 12 bytes");
        let tag_len = if flow.sealer.is_some() { TAG_BYTES } else { 0 };
        let len = header_len + self.payload_len + tag_len;
        fill(&mut bytes[header_len..len], random);
        bytes[header_len..][..MARK.len()].copy_from_slice(MARK);
        len
    }

    /// Chooses where a stranger sends from: a port of ours, and what a side may claim in its place.
    fn elsewhere(&self, flow: &Flow, random: &mut Random) -> (LocalPort, Option<Endpoint>) {
        let is_there = |port: &&LocalPort| port.address == flow.leaves.address;
        let count = self.strangers.ports.iter().filter(is_there).count();
        let place = random.below(count as u64) as usize;
        let port = self.strangers.ports.iter().filter(is_there).nth(place);
        let port = *port.expect("there are strangers on every address");
        let own = self.strangers.addresses[usize::from(flow.leaves.address)];
        let pretended = if random.below(2) == 0 {
            let distance = 1 + random.below(u16::MAX.into()) as u16;
            Endpoint::new(own, flow.leaves.port.wrapping_add(distance))
        } else {
            let port = if random.below(2) == 0 { flow.leaves.port } else { random.below(1 << 16) as u16 };
            Endpoint::new(neighbour(own, flow.to.address(), random), port)
        };
        (port, Some(pretended))
    }
}

/// Writes something that is no RTP by its first byte, as long as the longest good packet at most.
fn not_media(random: &mut Random, payload_len: usize, bytes: &mut [u8]) -> usize {
    // RFC 7983 section 7: STUN, ZRTP, DTLS, TURN, and what is nothing at all. The version of RTP is two: 128 to 191.
    const FIRST: [(u8, u8); 7] = [(0, 3), (16, 19), (20, 63), (64, 79), (4, 15), (80, 127), (192, 255)];
    /// RFC 8489 section 5.
    const STUN_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
    let len = 1 + random.below((HEADER_BYTES + payload_len) as u64) as usize;
    fill(&mut bytes[..len.max(8)], random);
    let (first, last) = FIRST[random.below(FIRST.len() as u64) as usize];
    bytes[0] = first + random.below(u64::from(last - first) + 1) as u8;
    if bytes[0] < 4 {
        bytes[4..8].copy_from_slice(&STUN_COOKIE);
    }
    len
}

/// Chooses another address of the same network, which is neither ours nor the device's. Nobody answers for it.
fn neighbour(own: IpAddr, device: IpAddr, random: &mut Random) -> IpAddr {
    loop {
        let address = match own {
            IpAddr::V4(own) => {
                let [a, b, c, _] = own.octets();
                IpAddr::V4(Ipv4Addr::new(a, b, c, 1 + random.below(254) as u8))
            }
            IpAddr::V6(own) => {
                let low = 1 + u128::from(random.below(u16::MAX.into()));
                IpAddr::V6(Ipv6Addr::from_bits(own.to_bits() & !u128::from(u16::MAX) | low))
            }
        };
        if address != own && address != device {
            return address;
        }
    }
}

fn fill(bytes: &mut [u8], random: &mut Random) {
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&random.next_u64().to_be_bytes()[..chunk.len()]);
    }
}
