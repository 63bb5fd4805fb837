//! Packets in memory of our own, in batches: where they are written before they leave, and read after they came.

use netio::{Endpoint, LocalPort};

/// The most packets that leave or come at once.
pub const BATCH_MAX: usize = 64;

/// Bytes before the payload of UDP: room for Ethernet with a VLAN tag, IPv6 and UDP (18 + 40 + 8), rounded up.
pub const HEADROOM: usize = 128;

/// Bytes of a packet with its headroom: more than an Ethernet carries.
pub const ROOM: usize = 2048;

/// One packet: what UDP carries, and between whom.
pub struct Packet {
    memory: Box<[u8; ROOM]>,
    start: usize,
    len: usize,
    /// Our port that it leaves from, or came to.
    pub local: LocalPort,
    /// Whom it goes to, or who sent it.
    pub remote: Endpoint,
    /// Who it says that it is from, on sides that write their own headers; who it is from, if nobody else is named.
    pub pretended: Option<Endpoint>,
}

impl Packet {
    fn new() -> Self {
        let local = LocalPort { address: 0, port: 0 };
        Self {
            memory: Box::new([0; ROOM]),
            start: HEADROOM,
            len: 0,
            local,
            remote: Endpoint::NONE,
            pretended: None,
        }
    }

    /// Returns what UDP carries.
    #[inline]
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.memory[self.start..][..self.len]
    }

    /// Returns where the payload stands, with all room behind it.
    #[inline]
    pub fn payload_and_room(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..]
    }

    /// Sets how long the payload is.
    ///
    /// # Panics
    ///
    /// If there is no such room.
    #[inline]
    pub fn set_len(&mut self, len: usize) {
        assert!(self.start + len <= ROOM, "a payload lies within its packet");
        self.len = len;
    }

    /// Returns how long the payload is.
    #[inline]
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "an empty packet is nothing special")]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns the payload with so many bytes before it, for headers.
    ///
    /// # Panics
    ///
    /// If there are more than [`HEADROOM`].
    #[inline]
    pub fn with_headers(&mut self, header_len: usize) -> &mut [u8] {
        let begin = self.start.checked_sub(header_len).expect("headers fit the headroom");
        &mut self.memory[begin..self.start + self.len]
    }

    /// Returns all memory, for a frame that is received from its first byte.
    pub fn whole(&mut self) -> &mut [u8; ROOM] {
        &mut self.memory
    }

    /// Returns the first bytes of the memory.
    #[must_use]
    pub fn first_bytes(&self, len: usize) -> &[u8] {
        &self.memory[..len.min(ROOM)]
    }

    /// Says where in the memory the payload is.
    ///
    /// # Panics
    ///
    /// If it is not there.
    pub fn place_payload(&mut self, start: usize, len: usize) {
        assert!(start + len <= ROOM, "a payload lies within its packet");
        (self.start, self.len) = (start, len);
    }

    /// Makes it an empty packet again, with its headroom.
    fn clear(&mut self) {
        (self.start, self.len, self.pretended) = (HEADROOM, 0, None);
    }
}

/// Up to [`BATCH_MAX`] packets, whose memory is used again and again.
pub struct Packets {
    packets: Vec<Packet>,
    len: usize,
}

impl Packets {
    /// Takes the memory.
    #[must_use]
    pub fn new() -> Self {
        Self { packets: (0..BATCH_MAX).map(|_| Packet::new()).collect(), len: 0 }
    }

    /// Adds an empty packet to fill; none if the batch is full.
    #[inline]
    pub fn push(&mut self) -> Option<&mut Packet> {
        let packet = self.packets.get_mut(self.len)?;
        packet.clear();
        self.len += 1;
        Some(packet)
    }

    /// Returns the packets.
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [Packet] {
        &mut self.packets[..self.len]
    }

    /// Returns the memory behind the packets, to receive into; [`Packets::keep`] says which of it counts.
    pub fn vacant(&mut self) -> &mut [Packet] {
        &mut self.packets[self.len..]
    }

    /// Looks at the first `count` vacant packets, and makes those of them that `is_kept` packets of the batch.
    ///
    /// # Panics
    ///
    /// If there are not so many.
    #[inline]
    pub fn keep(&mut self, count: usize, mut is_kept: impl FnMut(&mut Packet) -> bool) {
        for place in self.len..self.len + count {
            if is_kept(&mut self.packets[place]) {
                self.packets.swap(self.len, place);
                self.len += 1;
            }
        }
    }

    /// Returns how many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Tells whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Empties the batch.
    pub fn clear(&mut self) {
        self.len = 0;
    }
}

impl Default for Packets {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(packets: &mut Packets) -> Vec<u8> {
        packets.as_mut_slice().iter().map(|packet| packet.payload()[0]).collect()
    }

    #[test]
    fn a_batch_takes_as_many_packets_as_it_says_and_begins_anew_when_it_is_cleared() {
        let mut packets = Packets::new();
        for _ in 0..2 {
            assert_eq!(core::iter::from_fn(|| packets.push().map(drop)).count(), BATCH_MAX);
            packets.clear();
            assert!(packets.is_empty());
        }
    }

    #[test]
    fn of_the_vacant_packets_only_those_that_are_kept_count_in_their_order() {
        let mut packets = Packets::new();
        let first = packets.push().unwrap();
        first.payload_and_room()[0] = 100;
        first.set_len(1);
        for (content, packet) in (0..).zip(packets.vacant()) {
            packet.whole()[7] = content;
            packet.place_payload(7, 1);
        }
        packets.keep(6, |packet| packet.payload()[0] % 2 == 1);
        assert_eq!(contents(&mut packets), [100, 1, 3, 5]);
        packets.keep(0, |_| true);
        assert_eq!(packets.len(), 4);
    }

    #[test]
    fn headers_stand_right_before_the_payload() {
        let mut packets = Packets::new();
        let packet = packets.push().unwrap();
        packet.payload_and_room()[..3].copy_from_slice(b"abc");
        packet.set_len(3);
        packet.with_headers(2)[..2].copy_from_slice(b"xy");
        assert_eq!(packet.with_headers(2), b"xyabc");
        assert_eq!(packet.payload(), b"abc");
    }
}
