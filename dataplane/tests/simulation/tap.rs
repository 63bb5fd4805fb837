//! Listens to what the worker sends to one peer, and knows every key: nothing passes that the other peer did not send.

use std::collections::{BTreeMap, BTreeSet};

use crypto::{Opener, Parts};
use wire::demux::{Kind as Protocol, classify};
use wire::rtp::Header;

use crate::call::Side;
use crate::hearing::estimate;
use crate::network::Seal;
use crate::peer::master;
use crate::record::{self, Kind, Records};
use crate::verdict::{Checked, Invariant};

/// What was heard of the packets to one peer.
#[derive(Default)]
pub(crate) struct Tap {
    openers: BTreeMap<u32, Opener>,
    /// The highest index of each source under each key.
    highest: BTreeMap<(u32, u32), u64>,
    /// Key, source, index, and whether it is a report.
    seals: BTreeSet<(u32, u32, u64, bool)>,
    /// The source of the stream.
    name: Option<u32>,
    /// Its highest sequence number.
    number: Option<u16>,
    /// What a simulation of errors does to the keys that the tap is told.
    pub(crate) is_told_wrong_keys: bool,
}

/// What a packet turned out to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// None if it is a report that says nothing.
    pub(crate) record: Option<usize>,
    pub(crate) seal: Option<Seal>,
    pub(crate) is_report: bool,
}

impl Tap {
    /// Recognises a packet that went to the peer of `far`, side `side` of call `call`.
    pub(crate) fn hear(
        place: (usize, usize),
        far: &mut Side,
        seed: u64,
        packet: &[u8],
        records: &Records,
    ) -> Checked<Found> {
        let mut packet = packet.to_vec();
        let is_report = match classify(&packet) {
            Protocol::Rtp => false,
            Protocol::Rtcp => true,
            other @ (Protocol::Stun
            | Protocol::Zrtp
            | Protocol::Dtls
            | Protocol::TurnChannel
            | Protocol::Unknown) => {
                return Err(Invariant::Intact.violated(format!("the peer gets {other:?}: {packet:?}")));
            }
        };
        let seal = match far.wish.send {
            None => None,
            Some(key) => {
                let told = if far.tap.is_told_wrong_keys { key + 1_000_000 } else { key };
                Some(far.tap.unseal(told, seed, &mut packet, is_report)?)
            }
        };
        let record = if is_report {
            far.identify_report(place, &packet, records)?
        } else {
            Some(far.identify_media(place, &packet, records)?)
        };
        Ok(Found { record, seal, is_report })
    }

    fn unseal(&mut self, key: u32, seed: u64, packet: &mut Vec<u8>, is_report: bool) -> Checked<Seal> {
        let refused = |why: &str| Invariant::Intact.violated(format!("not protected under key {key}: {why}"));
        let opener = self.openers.entry(key).or_insert_with(|| Opener::new(&master(seed, key)));
        opener.grant_recoveries(4);
        let (ssrc, index) = if is_report {
            let suite = master(seed, key).suite();
            let from_end = if suite.is_aead() { 4 } else { 4 + suite.rtcp_tag_len() };
            let at = packet.len().checked_sub(from_end).ok_or_else(|| refused("too short"))?;
            let word = |at: usize| {
                packet.get(at..).and_then(|rest| rest.first_chunk()).map(|w| u32::from_be_bytes(*w))
            };
            let (Some(ssrc), Some(index)) = (word(4), word(at)) else { return Err(refused("too short")) };
            (ssrc, u64::from(index & 0x7fff_ffff))
        } else {
            let header = Header::parse(packet).map_err(|_| refused("no header"))?;
            let highest = self.highest.get(&(key, header.ssrc.0));
            let index =
                highest.map_or(header.sequence.0.into(), |highest| estimate(*highest, header.sequence.0));
            let known = self.highest.entry((key, header.ssrc.0)).or_insert(index);
            *known = index.max(*known);
            (header.ssrc.0, index)
        };
        let is_new = self.seals.insert((key, ssrc, index, is_report));
        Invariant::IndexOnce
            .holds(is_new, || format!("key {key}, source {ssrc:#x}, index {index}, report {is_report}"))?;
        let opened = if is_report {
            opener.open_rtcp(packet)
        } else {
            let header_len = Header::parse(packet).map_or(12, |header| header.header_len());
            opener.open_rtp(packet, Parts { header_len, ssrc, sequence: index as u16 })
        };
        let len = opened.map_err(|refusal| refused(&format!("{refusal:?} at index {index} of {ssrc:#x}")))?;
        packet.truncate(len);
        Ok(Seal { key, ssrc, index })
    }

    /// A stream has one name, and its numbers run backwards by no more than the network's disorder.
    fn follow(&mut self, ssrc: u32, sequence: Option<u16>) -> Checked {
        let name = *self.name.get_or_insert(ssrc);
        Invariant::OneStream.holds(name == ssrc, || format!("{name:#x} became {ssrc:#x}"))?;
        let Some(sequence) = sequence else { return Ok(()) };
        let highest = self.number.get_or_insert(sequence);
        let ahead = sequence.wrapping_sub(*highest).cast_signed();
        Invariant::OneStream
            .holds(ahead > -64, || format!("{sequence} comes {} behind {highest}", -ahead))?;
        if ahead > 0 {
            *highest = sequence;
        }
        Ok(())
    }
}

impl Side {
    fn identify_media(
        &mut self,
        (call, side): (usize, usize),
        packet: &[u8],
        records: &Records,
    ) -> Checked<usize> {
        let foreign =
            |why: &str| Invariant::Intact.violated(format!("media to {call}/{side}: {why}: {packet:?}"));
        let header = Header::parse(packet).map_err(|_| foreign("no header"))?;
        let number = record::media_number(packet, &header).ok_or_else(|| foreign("no number"))?;
        let record = records.get(number).ok_or_else(|| foreign("a number that nobody used"))?;
        let Kind::Media(written) = &record.kind else { return Err(foreign("the number of a report")) };
        if (record.call, record.side) != (call, 1 - side) {
            return Err(foreign("from somebody else"));
        }
        if packet.get(header.header_len()..) != Some(&written.payload[..]) {
            return Err(foreign("another payload"));
        }
        if header.marker != written.marker {
            return Err(foreign("another marker"));
        }
        if self.stream.is_some() {
            self.tap.follow(header.ssrc.0, Some(header.sequence.0))?;
        } else {
            let sent = (record.ssrc, record.sequence, written.timestamp);
            if sent != (header.ssrc.0, header.sequence.0, header.timestamp.0) {
                return Err(foreign("another source, number or time"));
            }
        }
        Ok(number)
    }

    fn identify_report(
        &mut self,
        (call, side): (usize, usize),
        packet: &[u8],
        records: &Records,
    ) -> Checked<Option<usize>> {
        let foreign =
            |why: &str| Invariant::Intact.violated(format!("report to {call}/{side}: {why}: {packet:?}"));
        let read = record::read_report(packet).ok_or_else(|| foreign("malformed"))?;
        if self.stream.is_some() {
            read.sources.iter().try_for_each(|source| self.tap.follow(*source, None))?;
        }
        let Some(number) = read.number else {
            // The goodbye of a source that is not the last behind its stream leaves an empty report.
            return if self.stream.is_some() && packet.len() == 8 {
                Ok(None)
            } else {
                Err(foreign("no number"))
            };
        };
        let record =
            records.get(number).filter(|_| read.is_whole).ok_or_else(|| foreign("a number of nobody"))?;
        if !matches!(record.kind, Kind::Report { .. }) || (record.call, record.side) != (call, 1 - side) {
            return Err(foreign("from somebody else, or no report"));
        }
        if self.stream.is_none() && read.sources.iter().any(|source| *source != record.ssrc) {
            return Err(foreign("another source"));
        }
        Ok(Some(number))
    }
}
