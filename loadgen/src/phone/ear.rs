//! What a phone hears, judged packet by packet.

use crypto::{Opener, Parts};
use wire::demux::{self, Kind};
use wire::dtmf::Events;
use wire::rtp::{Header, PayloadType};

use crate::media::latency::Latency;
use crate::phone::melody::{PACKET_SAMPLES, Part, decode, recognise};
use crate::phone::mouth::PCMU;
use crate::phone::voice::Agreed;

/// The receiving half of a voice.
pub(super) struct Ear {
    part: Part,
    payload_type: PayloadType,
    telephone_event: Option<PayloadType>,
    opener: Option<Opener>,
    /// When each packet of the melody was heard first, by its number; zero if never.
    arrived: Vec<u64>,
    /// When the last key ended, by the clock of its sender.
    last_key: Option<u32>,
    heard: Heard,
}

/// What was heard in all.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Who this phone is in the call, and who spoke to it, if anybody did.
    pub listener: u16,
    /// See `listener`.
    pub speaker: Option<u16>,
    /// Packets of the melody, each bit by bit as it was said.
    pub packets: u64,
    /// Those that came again.
    pub repeated: u64,
    /// Voice that nobody said so, or not in this call.
    pub damaged: u64,
    /// What was not protected as agreed.
    pub refused: u64,
    /// Keys that the other phone has pressed.
    pub keys: String,
    /// When each packet of the melody was heard, and when those of this phone's own were said: by their numbers, zero
    /// if never, in nanoseconds of the common clock.
    pub arrived: Vec<u64>,
    /// See `arrived`.
    pub spoken: Vec<u64>,
    /// The melody as samples of 16 bits at 8 kHz, in the order in which it came.
    pub samples: Vec<i16>,
}

/// How a direction went: what one phone has said, and the other heard.
#[derive(Clone, Debug)]
pub struct Passage {
    /// Packets of the melody that were said.
    pub spoken: u64,
    /// Of these, those that were never heard.
    pub lost: u64,
    /// How long the others took.
    pub latency: Latency,
}

impl Passage {
    /// Compares what one phone said with what the other heard.
    #[must_use]
    pub fn between(speaker: &Heard, listener: &Heard) -> Self {
        let mut passage = Self { spoken: speaker.spoken.len() as u64, lost: 0, latency: Latency::new() };
        let arrivals = listener.arrived.iter().copied().chain(std::iter::repeat(0));
        for (spoken, arrived) in speaker.spoken.iter().zip(arrivals) {
            match arrived {
                0 => passage.lost += 1,
                arrived => passage.latency.record(arrived.saturating_sub(*spoken)),
            }
        }
        passage
    }
}

impl Ear {
    /// Makes an ear for the part that the other phone speaks.
    pub(super) fn new(part: Part) -> Self {
        Self {
            part,
            payload_type: PCMU,
            telephone_event: None,
            opener: None,
            arrived: Vec::new(),
            last_key: None,
            heard: Heard::default(),
        }
    }

    pub(super) fn agree(&mut self, agreed: &Agreed) {
        self.payload_type = agreed.payload_type;
        self.telephone_event = agreed.telephone_event;
        let opener = agreed.opened_with.as_ref().map(Opener::new);
        let is_same = matches!((&self.opener, &opener), (Some(old), Some(new)) if old.same_key_as(new));
        if !is_same {
            self.opener = opener;
        }
    }

    /// Returns how many packets of the melody were heard so far.
    pub(super) fn count(&self) -> u64 {
        self.heard.packets
    }

    pub(super) fn hear(&mut self, packet: &mut [u8], now_ns: u64) {
        if demux::classify(packet) != Kind::Rtp {
            return;
        }
        let Ok(header) = Header::parse(packet) else {
            self.heard.damaged += 1;
            return;
        };
        let header_len = header.header_len();
        let parts = Parts { header_len, ssrc: header.ssrc.0, sequence: header.sequence.0 };
        let len = match &mut self.opener {
            Some(opener) => match opener.open_rtp(packet, parts) {
                Ok(len) => len,
                Err(_) => {
                    self.heard.refused += 1;
                    return;
                }
            },
            None => packet.len(),
        };
        let payload = &packet[header_len..len];
        let payload_type = header.payload_type;
        if Some(payload_type) == self.telephone_event {
            self.hear_key(payload, header.timestamp.0);
        } else if payload_type == self.payload_type {
            self.hear_melody(payload, now_ns);
        } else {
            self.heard.damaged += 1;
        }
    }

    fn hear_melody(&mut self, payload: &[u8], now_ns: u64) {
        let Some((speaker, number)) = recognise(self.part, payload) else {
            self.heard.damaged += 1;
            return;
        };
        let number = number as usize;
        // Nobody speaks for longer than a day, and nobody else has anything to say here.
        if number >= PACKETS_MAX || *self.heard.speaker.get_or_insert(speaker) != speaker {
            self.heard.damaged += 1;
            return;
        }
        if self.arrived.len() <= number {
            self.arrived.resize(number + 1, 0);
        }
        if self.arrived[number] != 0 {
            self.heard.repeated += 1;
            return;
        }
        self.arrived[number] = now_ns;
        self.heard.packets += 1;
        debug_assert_eq!(payload.len(), PACKET_SAMPLES);
        self.heard.samples.extend(payload.iter().copied().map(decode));
    }

    /// A key counts when it ends; that is told several times, with the time at which it was pressed.
    fn hear_key(&mut self, payload: &[u8], timestamp: u32) {
        let Ok(events) = Events::parse(payload) else {
            self.heard.damaged += 1;
            return;
        };
        for event in events.iter().filter(|event| event.end) {
            if self.last_key.replace(timestamp) != Some(timestamp) {
                self.heard.keys.push(event.code.key().map_or('?', char::from));
            }
        }
    }

    /// Ends, with what the own mouth has said.
    pub(super) fn heard(self, listener: u16, spoken: &[u64]) -> Heard {
        Heard { listener, arrived: self.arrived, spoken: spoken.to_vec(), ..self.heard }
    }
}

/// A day of packets.
const PACKETS_MAX: usize = 24 * 60 * 60 * 50;
