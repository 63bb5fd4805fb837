//! What a phone says: the melody, and keys in between.

use std::collections::VecDeque;

use crypto::{Parts, Sealer};
use wire::dtmf::{Code, Event};
use wire::rtp::{Header, PayloadType, Sequence, Ssrc, Timestamp};

use crate::phone::melody::{PACKET_SAMPLES, Part, payload};
use crate::phone::voice::Agreed;

/// Bytes of the longest packet: header, voice and the largest tag.
const ROOM: usize = 12 + PACKET_SAMPLES + 16;
/// How long a key is pressed, in packets, and how long none is before the next.
const PRESSED: u16 = 5;
const RELEASED: u16 = 5;
/// RFC 4733 section 2.5.1.4: the end of a key is told three times.
const ENDS: u16 = 3;
/// G.711 μ-law (RFC 3551).
pub(super) const PCMU: PayloadType = PayloadType::new(0).expect("zero fits into seven bits");
/// The level of the tone, -10 dBm0.
const VOLUME: u8 = 10;

/// The sending half of a voice.
pub(super) struct Mouth {
    part: Part,
    speaker: u16,
    ssrc: Ssrc,
    sequence: Sequence,
    timestamp: Timestamp,
    payload_type: PayloadType,
    telephone_event: Option<PayloadType>,
    sealer: Option<Sealer>,
    speaks: bool,
    keys: VecDeque<u8>,
    /// How many packets ago the first key in the queue was pressed, and when in samples.
    since: u16,
    pressed_at: Timestamp,
    /// When each packet of the melody was said, by its number.
    spoken: Vec<u64>,
    packets: [([u8; ROOM], usize); ENDS as usize + 1],
    count: usize,
}

impl Mouth {
    pub(super) fn new(part: Part, speaker: u16) -> Self {
        // Any will do, as long as both phones of a call have others.
        let ssrc = match part {
            Part::High => Ssrc(0x4849_4748),
            Part::Low => Ssrc(0x4c4f_5721),
        };
        Self {
            part,
            speaker,
            ssrc,
            // Close to where it starts again, so that every call passes that point.
            sequence: Sequence(u16::MAX - 20),
            timestamp: Timestamp(u32::MAX - 9000),
            payload_type: PCMU,
            telephone_event: None,
            sealer: None,
            speaks: false,
            keys: VecDeque::new(),
            since: 0,
            pressed_at: Timestamp(0),
            spoken: Vec::new(),
            packets: [([0; ROOM], 0); ENDS as usize + 1],
            count: 0,
        }
    }

    pub(super) fn agree(&mut self, agreed: &Agreed) {
        self.payload_type = agreed.payload_type;
        self.telephone_event = agreed.telephone_event;
        self.speaks = agreed.speaks;
        // The same key goes on counting; another one starts anew.
        let sealer = agreed.sealed_with.as_ref().map(Sealer::new);
        let is_same = matches!((&self.sealer, &sealer), (Some(old), Some(new)) if old.same_key_as(new));
        if !is_same {
            self.sealer = sealer;
        }
    }

    pub(super) fn press(&mut self, keys: &[u8]) {
        self.keys.extend(keys);
    }

    /// Returns when each packet of the melody was said.
    pub(super) fn spoken(&self) -> &[u64] {
        &self.spoken
    }

    /// Returns what is to be said now.
    pub(super) fn speak(&mut self, now_ns: u64) -> impl Iterator<Item = &[u8]> {
        self.count = 0;
        if self.speaks {
            match (self.keys.front().copied().and_then(Code::from_key), self.telephone_event) {
                (Some(code), Some(payload_type)) if self.since < PRESSED => self.hold_key(code, payload_type),
                (Some(_), Some(_)) => self.release_key(),
                _ => {}
            }
            if self.count == 0 {
                let number = self.spoken.len() as u32;
                self.spoken.push(now_ns);
                self.put(self.payload_type, self.timestamp, false, &payload(self.part, self.speaker, number));
            }
        }
        self.timestamp = Timestamp(self.timestamp.0.wrapping_add(PACKET_SAMPLES as u32));
        self.packets[..self.count].iter().map(|(bytes, len)| &bytes[..*len])
    }

    /// Tells that a key is pressed, and at last that it no longer is.
    fn hold_key(&mut self, code: Code, payload_type: PayloadType) {
        let is_first = self.since == 0;
        if is_first {
            self.pressed_at = self.timestamp;
        }
        self.since += 1;
        let end = self.since == PRESSED;
        let duration = self.since * PACKET_SAMPLES as u16;
        let event = Event { code, end, reserved: false, volume: VOLUME, duration };
        for _ in 0..if end { ENDS } else { 1 } {
            self.put(payload_type, self.pressed_at, is_first, &event.to_bytes());
        }
    }

    /// Speaks on for a while before the next key.
    fn release_key(&mut self) {
        self.since += 1;
        if self.since == PRESSED + RELEASED {
            self.since = 0;
            self.keys.pop_front();
        }
    }

    fn put(&mut self, payload_type: PayloadType, timestamp: Timestamp, marker: bool, payload: &[u8]) {
        let mut header = Header::new(payload_type, self.sequence, timestamp, self.ssrc);
        header.marker = marker;
        let (buffer, len) = &mut self.packets[self.count];
        let header_len = header.write([], None, buffer).expect("a header of twelve bytes fits");
        buffer[header_len..][..payload.len()].copy_from_slice(payload);
        *len = header_len + payload.len();
        if let Some(sealer) = &mut self.sealer {
            let parts = Parts { header_len, ssrc: self.ssrc.0, sequence: self.sequence.0 };
            *len = sealer.seal_rtp(buffer, *len, parts).expect("a key lasts longer than any call");
        }
        self.count += 1;
        self.sequence = Sequence(self.sequence.0.wrapping_add(1));
    }
}
