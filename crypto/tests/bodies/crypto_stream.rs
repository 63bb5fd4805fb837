//! A script of what happens between a sender and a receiver, checked against sets of what was sealed and what
//! was delivered.
//!
//! The first bytes choose suite, replay window and first sequence number. Each of the others is a step: what
//! happens in its lowest three bits, how far in the five above.

use std::collections::BTreeSet;

use crypto::{MasterKey, Opener, Parts, Refusal, Reserve, Sealer, Suite, WindowSize};

#[path = "../media/model.rs"]
mod model;

use model::Model;

const SSRC: u32 = 0x5eed;

/// Half a cycle: a packet that is further from the highest index is taken for one of another cycle.
const NEAR: u64 = 0x7fff;

/// How far behind the highest index a sealer still seals what it has not sealed.
const REORDER_MAX: u64 = 64;

/// Checks one script.
pub(crate) fn check(script: &[u8]) {
    let [suite, window, high, low, steps @ ..] = script else {
        return;
    };
    let suite = Suite::ALL[usize::from(*suite) % Suite::ALL.len()];
    let window = 128 << (window % 4);
    let mut stream = Stream::new(suite, window, u16::from_be_bytes([*high, *low]).into());
    for step in steps {
        let distance = u64::from(step >> 3);
        match step % 8 {
            0 => stream.send(distance + 1),
            1 => stream.send(1 + distance * 1_000),
            2 => stream.send_late(distance * 3),
            3 => stream.deliver(0),
            4 => stream.deliver(distance),
            5 => stream.deliver(distance * window / 16),
            6 => stream.deliver_damaged(distance),
            _ => stream.hand_over(distance),
        }
    }
}

struct Stream {
    suite: Suite,
    window: u64,
    sealer: Sealer,
    opener: Opener,
    /// The highest index sealed, plus one.
    next: u64,
    /// The packets below count as sealed, since who sealed them has handed over.
    floor: u64,
    used: BTreeSet<u64>,
    sealed: Vec<(u64, Vec<u8>)>,
    delivered: Model,
}

impl Stream {
    fn new(suite: Suite, window: u64, first: u64) -> Self {
        Self {
            suite,
            window,
            sealer: Sealer::new(&key(suite)),
            opener: new_opener(suite, window),
            next: first,
            floor: 0,
            used: BTreeSet::new(),
            sealed: Vec::new(),
            delivered: Model::new(window as u16),
        }
    }

    /// Seals a packet `distance` above the highest index.
    fn send(&mut self, distance: u64) {
        let index = if self.used.is_empty() { self.next } else { self.next + distance - 1 };
        assert_eq!(self.seal(index), Ok(()), "{}: index {index}", self.suite);
        self.next = index + 1;
    }

    /// Seals a packet that others have overtaken.
    fn send_late(&mut self, age: u64) {
        let Some(index) = self.next.checked_sub(age + 1).filter(|_| !self.used.is_empty()) else {
            return;
        };
        let is_used = age >= REORDER_MAX || index < self.floor || self.used.contains(&index);
        let expected = if is_used { Err(Refusal::IndexUsed) } else { Ok(()) };
        assert_eq!(self.seal(index), expected, "{}: index {index}, {age} late", self.suite);
    }

    fn seal(&mut self, index: u64) -> Result<(), Refusal> {
        let plain = plain(index);
        let mut buffer = [&plain[..], &[0; Suite::RTP_OVERHEAD_MAX]].concat();
        let sealed_len = self.sealer.seal_rtp(&mut buffer, plain.len(), parts(index))?;
        buffer.truncate(sealed_len);
        assert!(self.used.insert(index), "{}: index {index} was used twice", self.suite);
        self.sealed.push((index, buffer));
        Ok(())
    }

    /// Brings the packet that was sealed `back` packets ago, perhaps not for the first time.
    fn deliver(&mut self, back: u64) {
        let Some((index, packet)) = self.sealed.iter().rev().nth(back as usize) else {
            return;
        };
        let mut buffer = packet.clone();
        let opened = self.opener.open_rtp(&mut buffer, parts(*index));
        let context = format!("{}, window {}, index {index}", self.suite, self.window);
        match opened {
            Ok(len) => {
                assert_eq!(buffer[..len], plain(*index), "{context}");
                assert_eq!(self.delivered.judge(*index), Ok(()), "{context}");
            }
            Err(_) => assert_eq!(buffer, *packet, "{context}: a refused packet has changed"),
        }
        // Further away a packet may be taken for one of another cycle, or be saved by a second try.
        let next = self.delivered.next();
        if index.abs_diff(next) < NEAR || next == 0 && *index <= 0xffff {
            assert_eq!(opened.map(drop), self.delivered.judge(*index), "{context}, next {next}");
        }
        if opened.is_ok() {
            self.delivered.deliver(*index);
        }
    }

    fn deliver_damaged(&mut self, back: u64) {
        let Some((index, packet)) = self.sealed.iter().rev().nth(back as usize) else {
            return;
        };
        let before = self.opener.export();
        let mut damaged = packet.clone();
        let place = (back as usize * 7 + *index as usize) % damaged.len();
        damaged[place] ^= 1 << (back % 8);
        let arrived = damaged.clone();
        assert!(self.opener.open_rtp(&mut damaged, parts(*index)).is_err(), "{}: index {index}", self.suite);
        assert_eq!(damaged, arrived, "{}: a refused packet has changed", self.suite);
        assert_eq!(self.opener.export(), before, "{}: a damaged packet left a trace", self.suite);
    }

    /// Replaces the receiver by one that imports its snapshot, or the sender likewise.
    fn hand_over(&mut self, reserve: u64) {
        if reserve.is_multiple_of(2) {
            let snapshot = self.opener.export();
            self.opener = new_opener(self.suite, self.window);
            self.opener.import(&snapshot);
            assert_eq!(self.opener.export(), snapshot, "{}", self.suite);
            self.delivered.close();
        } else if !self.used.is_empty() {
            let snapshot = self.sealer.export(Reserve { rtp: reserve as u32, rtcp: 0 });
            self.sealer = Sealer::new(&key(self.suite));
            self.sealer.import(&snapshot);
            self.next += reserve;
            self.floor = self.next;
            assert_eq!(self.sealer.next_sequence(SSRC), Some(self.next as u16), "{}", self.suite);
        }
    }
}

fn plain(index: u64) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend((index as u16).to_be_bytes());
    packet.extend([0; 4]);
    packet.extend(SSRC.to_be_bytes());
    packet.extend(index.to_be_bytes());
    packet
}

fn parts(index: u64) -> Parts {
    Parts { header_len: 12, ssrc: SSRC, sequence: index as u16 }
}

fn new_opener(suite: Suite, window: u64) -> Opener {
    Opener::with_window(&key(suite), WindowSize::new(window as u16).expect("a window that exists"))
}

fn key(suite: Suite) -> MasterKey {
    MasterKey::from_bytes(suite, &[0x3c; 46][..suite.inline_len()]).expect("the length is that of the suite")
}
