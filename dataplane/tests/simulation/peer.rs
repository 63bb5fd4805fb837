//! A peer: it sends media, keys and reports under its own key, and opens what it gets.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use crypto::{MasterKey, Opener, Parts, Sealer, Suite};
use netem::random::Random;

use crate::hearing::{Expected, Hearing};
use crate::network::{Datagram, Seal};
use crate::record::{Kind, Record, Records, Written};
use crate::verdict::{Checked, Invariant};

/// The endpoint of a call's side.
pub(crate) struct Peer {
    seed: u64,
    pub(crate) call: usize,
    pub(crate) side: usize,
    /// Where it really is.
    pub(crate) at: SocketAddr,
    pub(crate) rtcp_port: u16,
    /// The key it sends under.
    pub(crate) key: Option<u32>,
    sealer: Option<Sealer>,
    openers: BTreeMap<u32, (Opener, Hearing)>,
    pub(crate) ssrc: u32,
    /// The number of the next packet, rollovers included.
    index: u64,
    report_index: u64,
    timestamp: u32,
    interval_us: u64,
    pub(crate) next_media_us: u64,
    pub(crate) next_report_us: u64,
    payload_type: u8,
    pub(crate) telephone_event: Option<u8>,
    /// Everywhere that it ever was.
    pub(crate) places: Vec<SocketAddr>,
    /// Packets of keys that wait to be sent.
    keys: VecDeque<Written>,
    /// A peer that says no word: since when it is silent, until when.
    pub(crate) quiet_until_us: u64,
    /// It numbers two packets alike now and then: a model that is wrong on purpose.
    pub(crate) repeats: bool,
}

/// The key of a number, its suite included.
pub(crate) fn master(seed: u64, key: u32) -> MasterKey {
    let mut random = Random::stream(seed ^ 0x6b65_7973, key.into());
    let suite = Suite::ALL[random.below(Suite::ALL.len() as u64) as usize];
    let bytes: Vec<u8> = (0..suite.inline_len()).map(|_| random.next_u64() as u8).collect();
    MasterKey::from_bytes(suite, &bytes).unwrap()
}

impl Peer {
    pub(crate) fn new(
        seed: u64,
        place: (usize, usize),
        at: SocketAddr,
        rtcp_port: u16,
        random: &mut Random,
    ) -> Self {
        let mut peer = Self {
            seed,
            call: place.0,
            side: place.1,
            at,
            rtcp_port,
            key: None,
            sealer: None,
            openers: BTreeMap::new(),
            ssrc: 0,
            index: 0,
            report_index: 0,
            timestamp: 0,
            interval_us: 1000 * (10 + 10 * random.below(6)),
            next_media_us: 0,
            next_report_us: 0,
            payload_type: [0, 8, 18, 96][random.below(4) as usize],
            telephone_event: (random.below(3) > 0).then_some(101),
            places: vec![at],
            keys: VecDeque::new(),
            quiet_until_us: 0,
            repeats: false,
        };
        peer.restart(true, random);
        peer
    }

    /// Is somewhere else from now on.
    pub(crate) fn move_to(&mut self, at: SocketAddr, rtcp_port: u16) {
        (self.at, self.rtcp_port) = (at, rtcp_port);
        self.places.push(at);
    }

    /// Sends under another key from now on; the sequence goes on, the rollovers begin again.
    pub(crate) fn change_key(&mut self, key: Option<u32>) {
        self.key = key;
        self.sealer = key.map(|key| Sealer::new(&master(self.seed, key)));
        self.index = u64::from(self.index as u16);
        self.report_index = 0;
    }

    /// Begins another stream; under a key, only as another source.
    pub(crate) fn restart(&mut self, is_new_source: bool, random: &mut Random) {
        if is_new_source {
            self.ssrc = random.next_u64() as u32;
        }
        // One in six is about to begin a new cycle.
        let near_end = random.below(6) == 0;
        self.index = if near_end { 65_535 - random.below(60) } else { random.below(65_536) };
        self.timestamp = random.next_u64() as u32;
        self.report_index = 0;
        self.keys.clear();
    }

    /// Makes the sealer of a source that the key has not protected before.
    pub(crate) fn renew_sealer(&mut self) {
        self.sealer = self.key.map(|key| Sealer::new(&master(self.seed, key)));
    }

    /// Presses a key: three packets while it is pressed and three when it is let go (RFC 4733 section 2.5.1.4).
    ///
    /// False if it cannot.
    pub(crate) fn press(&mut self, digit: usize, event: u8) -> bool {
        let Some(payload_type) = self.telephone_event else { return false };
        let timestamp = self.timestamp;
        for step in 1..=6u16 {
            let is_end = step > 3;
            let duration = 160 * step.min(4);
            let [high, low] = duration.to_be_bytes();
            let payload = vec![event, if is_end { 0x8a } else { 0x0a }, high, low];
            let digit = is_end.then_some(digit);
            self.keys.push_back(Written { payload_type, timestamp, marker: step == 1, payload, digit });
        }
        true
    }

    /// Sends the next media packet.
    pub(crate) fn speak(&mut self, now_us: u64, records: &mut Records, random: &mut Random) -> Datagram {
        self.next_media_us = now_us + self.interval_us;
        let number = records.len();
        if self.repeats {
            self.renew_sealer();
        }
        // A key begins when its first packet is sent.
        if self.keys.front().is_some_and(|key| key.marker) {
            self.keys.iter_mut().take(6).for_each(|key| key.timestamp = self.timestamp);
        }
        let written = self.keys.pop_front().unwrap_or_else(|| Written {
            payload_type: self.payload_type,
            timestamp: self.timestamp,
            marker: false,
            payload: (0..random.below(60)).map(|at| (at as u8).wrapping_mul(37) ^ number as u8).collect(),
            digit: None,
        });
        let mut bytes = written.write(self.ssrc, self.index as u16, number as u32);
        let header_len = written.header_len();
        let record = Record {
            call: self.call,
            side: self.side,
            ssrc: self.ssrc,
            sequence: self.index as u16,
            key: self.key,
            kind: Kind::Media(written),
            arrived: 0,
            forwarded: 0,
        };
        let seal = self.key.map(|key| Seal { key, ssrc: self.ssrc, index: self.index });
        if let Some(sealer) = &mut self.sealer {
            let parts = Parts { header_len, ssrc: self.ssrc, sequence: self.index as u16 };
            let len = bytes.len();
            bytes.resize(len + Suite::RTP_OVERHEAD_MAX, 0);
            let len = sealer.seal_rtp(&mut bytes, len, parts).expect("a peer's index rises");
            bytes.truncate(len);
        }
        records.add(record);
        self.timestamp = self.timestamp.wrapping_add((self.interval_us * 8 / 1000) as u32);
        if !(self.repeats && number.is_multiple_of(5)) {
            self.index += 1;
        }
        self.datagram(false, bytes, number, seal)
    }

    /// Sends a report.
    pub(crate) fn report(
        &mut self,
        now_us: u64,
        is_muxed: bool,
        records: &mut Records,
        random: &mut Random,
    ) -> Datagram {
        self.next_report_us = now_us + 300_000 + random.below(1_500_000);
        let number = records.len();
        let form = random.below(5) as u8;
        let mut bytes = crate::record::write_report(form, self.ssrc, self.timestamp, number as u32);
        let record = Record {
            call: self.call,
            side: self.side,
            ssrc: self.ssrc,
            sequence: 0,
            key: self.key,
            kind: Kind::Report { form },
            arrived: 0,
            forwarded: 0,
        };
        let seal = self.key.map(|key| Seal { key, ssrc: self.ssrc, index: self.report_index });
        if let Some(sealer) = &mut self.sealer {
            let len = bytes.len();
            bytes.resize(len + Suite::RTCP_OVERHEAD_MAX, 0);
            let len = sealer.seal_rtcp(&mut bytes, len).expect("a peer's index rises");
            bytes.truncate(len);
        }
        records.add(record);
        self.report_index += 1;
        self.datagram(!is_muxed, bytes, number, seal)
    }

    fn datagram(&self, is_for_reports: bool, bytes: Vec<u8>, record: usize, seal: Option<Seal>) -> Datagram {
        let mut from = self.at;
        if is_for_reports {
            from.set_port(self.rtcp_port);
        }
        Datagram {
            from,
            is_for_reports,
            lease: 0,
            bytes,
            record: Some(record),
            seal,
            is_damaged: false,
            is_forged: false,
        }
    }

    /// Opens what arrived: it must be what the index rules promise.
    pub(crate) fn hear(&mut self, mut packet: Datagram, is_report: bool) -> Checked {
        let Some(seal) = packet.seal else { return Ok(()) };
        let (opener, hearing) = (self.openers.entry(seal.key))
            .or_insert_with(|| (Opener::new(&master(self.seed, seal.key)), Hearing::new(seal.key)));
        opener.grant_recoveries(4);
        let (expected, opened) = if is_report {
            (hearing.report(seal.ssrc, seal.index), opener.open_rtcp(&mut packet.bytes))
        } else {
            let header_len = wire::rtp::Header::parse(&packet.bytes).map_or(12, |header| header.header_len());
            let parts = Parts { header_len, ssrc: seal.ssrc, sequence: seal.index as u16 };
            (hearing.media(seal.ssrc, seal.index), opener.open_rtp(&mut packet.bytes, parts))
        };
        let expected = if packet.is_damaged { Expected::Never } else { expected };
        let fits = match expected {
            Expected::Must => opened.is_ok(),
            Expected::May => true,
            Expected::Never => opened.is_err(),
        };
        Invariant::Intact
            .holds(fits, || format!("the peer was to find {seal:?} {expected:?}: {opened:?}"))?;
        if opened.is_ok() && is_report {
            hearing.note_report(seal.ssrc, seal.index, true);
        } else if opened.is_ok() {
            hearing.note(seal.ssrc, seal.index, true);
        }
        Ok(())
    }
}
