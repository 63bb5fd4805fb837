//! What must become of a packet that reaches the worker, and whether it did.

use std::net::SocketAddr;

use crate::call::{Call, Side};
use crate::door::{GRACE_OVER_US, GRACE_SURE_US, Origin};
use crate::hearing::Expected;
use crate::network::Datagram;
use crate::record::{Kind, Record};
use crate::verdict::{Checked, Invariant};

/// What was made of one packet.
pub(crate) struct Judgement {
    /// Whether it was forwarded, by the rules.
    pub(crate) expected: Expected,
    /// Whether its side accepted it, forwarded or not.
    pub(crate) accepted: Expected,
}

/// Key and index of an opener's verdict: whether the key is the one before.
#[derive(Clone, Copy)]
struct Key {
    accepted: Expected,
    is_former: bool,
}

/// Returns the side that a packet came to, and the one that it goes on to.
fn near_and_far(sides: &mut [Side; 2], side: usize) -> (&mut Side, &mut Side) {
    let [a, b] = sides;
    if side == 0 { (a, b) } else { (b, a) }
}

impl Call {
    /// Judges a packet that a peer sent and that reached side `side`; `came` says whether it went on.
    pub(crate) fn judge(
        &mut self,
        side: usize,
        packet: &Datagram,
        record: &Record,
        came: bool,
        now_us: u64,
    ) -> Checked<Judgement> {
        let judgement = match &record.kind {
            Kind::Media(_) => self.judge_media(side, packet, record, came, now_us),
            Kind::Report { .. } => self.judge_report(side, packet, record, came, now_us),
        };
        let fits = match judgement.expected {
            Expected::Must => came,
            Expected::May => true,
            Expected::Never => !came,
        };
        Invariant::Complete.holds(fits, || {
            let (door, far) = (&self.sides[side].door, &self.sides[1 - side]);
            format!(
                "expected {:?} to go on, and it did: {came}; session {} side {side}, {packet:?}, {record:?}, {door:?}, to {:?} {:?}",
                judgement.expected, self.id, far.wish, far.door,
            )
        })?;
        Ok(judgement)
    }

    fn judge_media(
        &mut self,
        side: usize,
        packet: &Datagram,
        record: &Record,
        came: bool,
        now_us: u64,
    ) -> Judgement {
        let is_loud = self.is_loud;
        let (near, far) = near_and_far(&mut self.sides, side);
        let never = Judgement { expected: Expected::Never, accepted: Expected::Never };
        if !near.wish.accepts {
            return never;
        }
        let key = near.key(packet, record, now_us);
        near.heard.bad_tags += u64::from(key.accepted != Expected::Must);
        if key.accepted == Expected::Never {
            return never;
        }
        let origin = near.door.media(packet.from, near.wish.receive.is_some(), is_loud, now_us);
        let accepted = match origin {
            Origin::Stranger => Expected::Never,
            Origin::Known(sure) => sure.min(key.accepted),
            Origin::Unproven(sure) if near.wish.receive.is_some() => sure.min(key.accepted),
            Origin::Unproven(sure) => {
                let is_proved = near.door.prove(packet.from, record.ssrc, record.sequence);
                if is_proved || sure == Expected::May { sure } else { Expected::Never }
            }
        };
        let onward = far.takes(record);
        let expected = accepted.min(onward);
        // What was forwarded was accepted; what was not, though it would have been, was not.
        let accepted = match accepted {
            Expected::May if came => Expected::Must,
            Expected::May if onward == Expected::Must => Expected::Never,
            Expected::Never | Expected::May | Expected::Must => accepted,
        };
        if let Some(stream) = far.stream.as_mut().filter(|_| came) {
            stream.note(record.ssrc, record.sequence);
        }
        near.note_media(packet, (accepted, key.is_former), origin, now_us);
        Judgement { expected, accepted }
    }

    fn judge_report(
        &mut self,
        side: usize,
        packet: &Datagram,
        record: &Record,
        came: bool,
        now_us: u64,
    ) -> Judgement {
        let (near, far) = near_and_far(&mut self.sides, side);
        let is_sure = near.door.is_report_sure(packet.from, !packet.is_for_reports);
        let key = near.key(packet, record, now_us);
        let accepted = if is_sure { key.accepted } else { key.accepted.min(Expected::May) };
        let onward = far.is_somewhere();
        let expected = accepted.min(onward);
        let is_accepted = came || accepted == Expected::Must && onward != Expected::Never;
        near.heard.bad_tags += u64::from(key.accepted != Expected::Must);
        if accepted != Expected::Never {
            near.note_report(packet, is_accepted, now_us);
        }
        if packet.is_for_reports && !is_sure && !key.is_former && accepted != Expected::Never {
            near.door.learn_report(packet.from, came);
        }
        Judgement { expected, accepted }
    }
}

impl Side {
    /// What the keys of the side say of a packet.
    fn key(&self, packet: &Datagram, record: &Record, now_us: u64) -> Key {
        let verdict = |accepted, is_former| Key { accepted, is_former };
        let is_report = matches!(record.kind, Kind::Report { .. });
        let (Some(hearing), Some(seal)) = (&self.hearing, packet.seal) else {
            // In the clear where that is agreed: the checksum of UDP has dropped what was damaged.
            let is_clear = self.hearing.is_none() && packet.seal.is_none();
            return verdict(if is_clear { Expected::Must } else { Expected::Never }, false);
        };
        if packet.is_damaged {
            return verdict(Expected::Never, false);
        }
        if hearing.key == seal.key {
            let accepted = if is_report {
                hearing.report(seal.ssrc, seal.index)
            } else {
                hearing.media(seal.ssrc, seal.index)
            };
            return verdict(accepted, false);
        }
        let former = self.former.as_ref().filter(|(former, _)| former.key == seal.key);
        let Some((former, since_us)) = former else { return verdict(Expected::Never, false) };
        let passed_us = now_us - since_us;
        if passed_us > GRACE_OVER_US {
            return verdict(Expected::Never, false);
        }
        let accepted = if is_report {
            former.report(seal.ssrc, seal.index).min(Expected::May)
        } else {
            former.media(seal.ssrc, seal.index)
        };
        // What has a place taken under the key of now is not tried under the one before.
        let is_sure =
            passed_us < GRACE_SURE_US && (is_report || hearing.looks_new(seal.ssrc, seal.index as u16));
        verdict(if is_sure { accepted } else { accepted.min(Expected::May) }, true)
    }

    /// Whether this side's peer gets an accepted packet from the other one.
    fn takes(&self, record: &Record) -> Expected {
        if !self.wish.sends {
            return Expected::Never;
        }
        let stream = self.stream.as_ref();
        self.is_somewhere()
            .min(stream.map_or(Expected::Must, |stream| stream.media(record.ssrc, record.sequence)))
    }

    /// Whether it is known where the peer is.
    fn is_somewhere(&self) -> Expected {
        match self.door.remote {
            Some(_) => Expected::Must,
            // A packet of the same batch may teach it.
            None if self.door.may_learn() => Expected::May,
            None => Expected::Never,
        }
    }

    fn note_media(
        &mut self,
        packet: &Datagram,
        (accepted, is_former): (Expected, bool),
        origin: Origin,
        now_us: u64,
    ) {
        if accepted == Expected::Never {
            return;
        }
        let is_sure = accepted == Expected::Must;
        if let Some(seal) = packet.seal {
            let former = self.former.as_mut().map(|(hearing, _)| hearing);
            if let Some(hearing) = if is_former { former } else { self.hearing.as_mut() } {
                hearing.note(seal.ssrc, seal.index, is_sure);
            }
        }
        if is_former {
            // A key of before teaches nothing about where the peer is now.
            self.heard.note(packet.from, is_sure, now_us);
            return;
        }
        match origin {
            Origin::Known(_) if self.door.remote == Some(packet.from) => self.door.hear(),
            Origin::Unproven(_) if is_sure => self.door.move_to(packet.from),
            Origin::Unproven(_) => self.door.is_unsure = true,
            // Whether the place before still counted, or the packet had to prove its sender, is not certain.
            Origin::Known(Expected::May) => self.door.is_unsure |= self.door.may_learn(),
            Origin::Known(_) | Origin::Stranger => {}
        }
        self.heard.note(packet.from, is_sure, now_us);
    }

    fn note_report(&mut self, packet: &Datagram, is_sure: bool, now_us: u64) {
        if let Some(seal) = packet.seal {
            let hearings = self.hearing.iter_mut().chain(self.former.iter_mut().map(|(hearing, _)| hearing));
            for hearing in hearings.filter(|hearing| hearing.key == seal.key) {
                hearing.note_report(seal.ssrc, seal.index, is_sure);
            }
        }
        if !self.wish.accepts {
            self.heard.perhaps_us = now_us;
            if is_sure {
                self.heard.sure_us = now_us;
            }
        }
    }
}

impl crate::call::Heard {
    fn note(&mut self, from: SocketAddr, is_sure: bool, now_us: u64) {
        self.perhaps_us = now_us;
        self.perhaps += 1;
        if is_sure {
            self.sure_us = now_us;
            self.media += 1;
        }
        let first = self.first.get_or_insert((from, is_sure));
        if is_sure && !first.1 && !self.is_first_told {
            // Whether an earlier one was the first stays open.
            first.0 = from;
        }
    }
}
