//! Telephone events: keys pressed, carried beside the voice under a payload type of their own (RFC 4733).

use crate::Malformed;

/// One report of an event; a key press is reported many times while it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub code: Code,
    /// Tells that the event is over; the last report is sent three times.
    pub end: bool,
    /// The reserved bit, kept as it came: senders leave it unset and receivers ignore it (RFC 4733 section 2.3.3).
    pub reserved: bool,
    /// The level of the tone in dBm0 without its minus sign; more than 63 is written as 63.
    pub volume: u8,
    /// How long the event has lasted, in units of the RTP timestamp.
    pub duration: u16,
}

impl Event {
    /// Reads an event from its four bytes: every value of them is one.
    pub const fn from_bytes([code, flags, d0, d1]: [u8; 4]) -> Self {
        Self {
            code: Code(code),
            end: flags & END != 0,
            reserved: flags & RESERVED != 0,
            volume: flags & VOLUME_MAX,
            duration: u16::from_be_bytes([d0, d1]),
        }
    }

    /// Writes the event into its four bytes.
    pub const fn to_bytes(self) -> [u8; 4] {
        let end = if self.end { END } else { 0 };
        let reserved = if self.reserved { RESERVED } else { 0 };
        let volume = if self.volume < VOLUME_MAX { self.volume } else { VOLUME_MAX };
        let [d0, d1] = self.duration.to_be_bytes();
        [self.code.0, end | reserved | volume, d0, d1]
    }
}

/// Tells what happened, by the numbers registered with IANA; those without a name here are kept as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Code(pub u8);

impl Code {
    /// The hook flash: registered by RFC 2833 and still sent.
    pub const FLASH: Self = Self(16);

    /// Returns the event of a key: `0` to `9`, `*`, `#`, and `A` to `D`.
    pub const fn from_key(key: u8) -> Option<Self> {
        let mut code = 0;
        let mut keys = KEYS.as_slice();
        while let [first, rest @ ..] = keys {
            if *first == key {
                return Some(Self(code));
            }
            code = code.wrapping_add(1_u8);
            keys = rest;
        }
        None
    }

    /// Returns the key of the event, when it is one.
    pub fn key(self) -> Option<u8> {
        KEYS.get(usize::from(self.0)).copied()
    }
}

/// The events of one payload.
///
/// RFC 4733 section 2.5.1.5: several short events that follow each other without a gap may share a packet. The first
/// begins at the RTP timestamp, and each next one where the one before it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Events<'a>(&'a [[u8; 4]]);

impl<'a> Events<'a> {
    /// Parses the payload of a telephone-event packet: at least one event, and nothing beside them.
    ///
    /// # Errors
    /// [`Malformed::Truncated`] when there is no event at all, [`Malformed::BadLength`] when there is part of one.
    #[inline]
    pub fn parse(payload: &'a [u8]) -> Result<Self, Malformed> {
        match payload.as_chunks() {
            ([], _) => Err(Malformed::Truncated),
            (events, []) => Ok(Self(events)),
            _ => Err(Malformed::BadLength),
        }
    }

    /// Returns the events in their order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Event> + Clone + use<'a> {
        self.0.iter().copied().map(Event::from_bytes)
    }
}

const END: u8 = 0x80;
const RESERVED: u8 = 0x40;
const VOLUME_MAX: u8 = 0x3f;
/// RFC 4733 section 3.2: the place of a key is its event code.
const KEYS: [u8; 16] = *b"0123456789*#ABCD";

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn the_last_report_of_a_key_says_so() {
        // The key 5 let go after 100 ms at 8 kHz, at -10 dBm0.
        let event = Event::from_bytes([0x05, 0x8a, 0x03, 0x20]);
        assert_eq!(event.code.key(), Some(b'5'));
        assert!(event.end);
        assert_eq!((event.volume, event.duration), (10, 800));
        assert_eq!(event.to_bytes(), [0x05, 0x8a, 0x03, 0x20]);
    }

    #[test]
    fn several_events_may_share_a_packet() {
        let events = Events::parse(&[1, 0x8a, 0x01, 0x90, 11, 0x0a, 0x00, 0xa0]).unwrap();
        let keys: Vec<_> = events.iter().map(|event| event.code.key()).collect();
        assert_eq!(keys, [Some(b'1'), Some(b'#')]);
    }

    #[test]
    fn a_payload_is_whole_events() {
        assert_eq!(Events::parse(&[]), Err(Malformed::Truncated));
        assert_eq!(Events::parse(&[5, 0x8a, 3]), Err(Malformed::Truncated));
        assert_eq!(Events::parse(&[5, 0x8a, 3, 0x20, 0]), Err(Malformed::BadLength));
    }

    #[test]
    fn keys_and_codes_are_each_others_inverse() {
        for code in 0..16 {
            assert_eq!(Code(code).key().and_then(Code::from_key), Some(Code(code)));
        }
        assert_eq!(Code::FLASH.key(), None);
        assert_eq!(Code::from_key(b'E'), None);
    }

    #[test]
    fn a_volume_that_does_not_fit_is_the_quietest() {
        let event = Event { code: Code(0), end: false, reserved: false, volume: 200, duration: 0 };
        assert_eq!(event.to_bytes(), [0, 0x3f, 0, 0]);
    }
}
