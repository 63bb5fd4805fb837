//! A key, a source and an index never protect two packets, whatever the other side sends.

use std::collections::HashSet;

use control::SideName;
use crypto::{Opener, Suite};
use wire::rtp::Header;

use crate::call::{Call, KEYS, SUITES, mixed_peers, srtp_peers};
use crate::luck::Luck;
use crate::peer::{Peer, open, open_report};
use crate::report::{goodbye, receiver_report, sender_report};
use crate::world::{b_at, key, rtp, srtp};

/// What was protected under the keys that a peer got, told by openers of these keys alone.
struct Record {
    suite: Suite,
    number: u8,
    opener: Opener,
    media: HashSet<(u8, u32, u64)>,
    reports: HashSet<(u8, u32, u32)>,
}

impl Record {
    fn new(suite: Suite, number: u8) -> Self {
        let opener = Opener::new(&key(suite, number));
        Self { suite, number, opener, media: HashSet::new(), reports: HashSet::new() }
    }

    fn change_key(&mut self, number: u8) {
        (self.number, self.opener) = (number, Opener::new(&key(self.suite, number)));
    }

    /// Takes down a packet: its tag proves its index.
    fn take(&mut self, packet: &[u8]) {
        if (192..=223).contains(&packet[1]) {
            return self.take_report(packet);
        }
        open(&mut self.opener, packet).expect("what is sent is authentic and new");
        let Header { ssrc, sequence, .. } = Header::parse(packet).unwrap();
        let heard = self.opener.export();
        let highest = heard.sources().find(|source| source.ssrc == ssrc.0).unwrap().rtp_next - 1;
        let index = highest - u64::from((highest as u16).wrapping_sub(sequence.0));
        assert!(self.media.insert((self.number, ssrc.0, index)), "index {index} of {ssrc:?} is used twice");
    }

    fn take_report(&mut self, packet: &[u8]) {
        open_report(&mut self.opener, packet).expect("what is sent is authentic and new");
        // The index stands in front of the tag, and behind that of GCM.
        let end = if self.suite.is_aead() { packet.len() } else { packet.len() - self.suite.rtcp_tag_len() };
        let word = |at: usize| u32::from_be_bytes(*packet[at..].first_chunk().unwrap());
        let (ssrc, index) = (word(4), word(end - 4));
        assert!(self.reports.insert((self.number, ssrc, index)), "report {index} of {ssrc:x} is sent twice");
    }
}

#[test]
fn chaos_on_a_plain_side_repeats_no_index_on_a_protected_one() {
    for (seed, suite) in [(1, Suite::AesCm128HmacSha1_80), (2, Suite::AeadAes128Gcm)] {
        let mut luck = Luck::new(seed);
        let [a, _] = mixed_peers();
        let mut call = Call::between([a, Peer::srtp(b_at(), 5000, suite, KEYS[1])], |_| ());
        let mut record = Record::new(suite, KEYS[1] + 1);
        let mut source = Source { ssrc: 7, sequence: 65_000, last: Vec::new() };
        let packets = 100_000;
        println!("{packets} packets of chaos");
        for number in 0..packets {
            let (from, port) = (call.peers[0].at, call.peers[0].port);
            call.world.arrive(port, from, &source.next(&mut luck));
            if luck.one_in(50) {
                let ssrc = *luck.pick(&[7, 8, 9, reporter(number)]);
                let report = *luck.pick(&[receiver_report, |ssrc, _| goodbye(ssrc)]);
                call.world.arrive(port, from, &report(ssrc, 1));
            }
            if luck.one_in(8) {
                call.world.now_us += 20_000;
                call.world.turn();
            }
            if luck.one_in(5000) {
                call.world.turn();
                take_all(&mut call, &mut record);
                if luck.one_in(2) {
                    record.change_key(record.number + 2);
                    call.spec.sides[1].send = srtp(suite, record.number);
                }
                call.update();
            }
            take_all(&mut call, &mut record);
        }
        assert!(record.media.len() as u64 > packets / 2, "{} packets were sent", record.media.len());
        assert!(record.reports.len() as u64 > packets / 100, "{} reports were sent", record.reports.len());
        call.check_books();
    }
}

/// A source that only reports.
fn reporter(number: u64) -> u32 {
    number as u32 | 0x8000_0000
}

fn take_all(call: &mut Call, record: &mut Record) {
    while let Some(sent) = call.world.take_sent() {
        record.take(&sent.bytes);
    }
}

/// A far side that jumps, begins anew, changes its source and repeats itself.
struct Source {
    ssrc: u32,
    sequence: u16,
    last: Vec<Vec<u8>>,
}

impl Source {
    fn next(&mut self, luck: &mut Luck) -> Vec<u8> {
        match luck.below(60) {
            0 => self.sequence = self.sequence.wrapping_sub(luck.below(200) as u16),
            1 => self.sequence = self.sequence.wrapping_add(luck.below(200) as u16),
            2 => self.sequence = luck.number() as u16,
            3 => self.ssrc = *luck.pick(&[7, 8, 9]),
            4 => (self.ssrc, self.sequence) = (luck.number() as u32, 0),
            5..=9 if !self.last.is_empty() => return luck.pick(&self.last).clone(),
            10 => self.sequence = 65_530,
            _ => (),
        }
        let packet = rtp(self.ssrc, self.sequence, luck.number() as u32);
        self.sequence = self.sequence.wrapping_add(1);
        if self.last.len() == 300 {
            self.last.remove(0);
        }
        self.last.push(packet.clone());
        packet
    }
}

#[test]
fn every_way_to_repeat_a_sequence_finds_another_index() {
    let mut call = Call::mixed();
    let mut record = Record::new(SUITES[1], KEYS[1] + 1);
    let runs: [(u32, &[u16]); 8] = [
        (7, &[100, 101, 102, 103]),
        (7, &[101, 101, 100, 102]),
        (8, &[100, 101, 102]),
        (7, &[100, 101, 102]),
        (7, &[0, 1, 2]),
        (7, &[65_534, 65_535, 0, 1]),
        (7, &[32_768, 32_769]),
        (8, &[103, 102, 101]),
    ];
    for (ssrc, sequences) in runs {
        for sequence in sequences {
            if let Some(sent) = call.relay(SideName::A, &rtp(ssrc, *sequence, 0)) {
                record.take(&sent.bytes);
            }
        }
        call.update();
    }
    assert_eq!(record.media.len(), 15, "the others are repeated or astray");
}

#[test]
fn updates_with_the_same_key_repeat_no_report_index() {
    let mut call = Call::srtp();
    let mut record = Record::new(SUITES[1], KEYS[1] + 1);
    call.go_on(1);
    for step in 0..50 {
        let report = sender_report(call.peer(SideName::A).ssrc, step, 1, 0);
        let report = call.peer(SideName::A).seal_report(&report);
        record.take(&call.relay_report(SideName::A, &report).unwrap().bytes);
        call.update();
    }
    assert_eq!(record.reports.len(), 50);
}

#[test]
fn a_protected_far_side_that_restarts_under_a_new_key_repeats_no_index() {
    let mut call = Call::between(srtp_peers(SUITES), |_| ());
    let mut record = Record::new(SUITES[1], KEYS[1] + 1);
    for restart in 0..5 {
        for _ in 0..200 {
            let packet = call.peer(SideName::A).next_sealed();
            if let Some(sent) = call.relay(SideName::A, &packet) {
                record.take(&sent.bytes);
            }
        }
        let number = 100 + restart * 2;
        call.peer(SideName::A).change_keys(SUITES[0], number);
        call.peer(SideName::A).sequence = 0;
        call.spec.sides[0].receive = srtp(SUITES[0], number);
        call.update();
    }
    assert!(record.media.len() >= 1000 - 4, "of a beginning a little back the first packet is astray");
}
