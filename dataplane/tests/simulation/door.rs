//! Where a peer may send from, and where it is sent to: the rules of addresses, as signaling and senders see them.

use std::net::SocketAddr;

use crate::hearing::Expected;

/// What may be learned of a peer's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lesson {
    Never,
    Port,
    Address { window_ms: u16 },
}

/// What is known of one peer's place.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) signalled: Option<SocketAddr>,
    /// Where media goes to.
    pub(crate) remote: Option<SocketAddr>,
    /// The port of reports.
    pub(crate) rtcp_port: u16,
    /// Whether the peer may have been learned without our knowing: then it is `remote` or wherever it really is.
    pub(crate) is_unsure: bool,
    /// Whether the same holds for the port of reports.
    pub(crate) is_port_unsure: bool,
    /// Whether its reports were heard since signaling said where it is.
    are_reports_heard: bool,
    former: Option<Former>,
    is_heard: bool,
    lesson: Lesson,
    until_us: u64,
    streak: Option<Streak>,
}

#[derive(Clone, Copy, Debug)]
struct Former {
    at: SocketAddr,
    since_us: u64,
    is_unsure: bool,
}

#[derive(Clone, Copy, Debug)]
struct Streak {
    from: SocketAddr,
    ssrc: u32,
    sequence: u16,
    len: u8,
}

/// What an address says of a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The peer, at its place or at the one before, as far as can be told.
    Known(Expected),
    /// Somebody who may be the peer; as far as can be told.
    Unproven(Expected),
    /// Somebody else.
    Stranger,
}

/// The rules give five sweeps of a second; the first may come at once, and the last a little late.
pub(crate) const GRACE_SURE_US: u64 = 4_000_000;
/// Nothing of before counts after so long.
pub(crate) const GRACE_OVER_US: u64 = 7_000_000;
/// The control thread's clock may be so far from that of the turn.
const SKEW_US: u64 = 5_000;

impl Door {
    /// Makes a door as signaling says it at first.
    pub(crate) fn new(signalled: Option<SocketAddr>, is_muxed: bool, lesson: Lesson, now_us: u64) -> Self {
        let mut door = Self {
            signalled: None,
            remote: None,
            rtcp_port: u16::from(!is_muxed),
            is_unsure: false,
            is_port_unsure: false,
            are_reports_heard: false,
            former: None,
            is_heard: false,
            lesson,
            until_us: 0,
            streak: None,
        };
        door.follow(signalled, is_muxed, now_us);
        door
    }

    /// Follows what signaling says.
    pub(crate) fn follow(&mut self, signalled: Option<SocketAddr>, is_muxed: bool, now_us: u64) {
        if let Lesson::Address { window_ms } = self.lesson {
            self.until_us = now_us + u64::from(window_ms) * 1000;
        }
        if self.signalled == signalled {
            return;
        }
        if let Some(at) = self.remote {
            self.former = Some(Former { at, since_us: now_us, is_unsure: self.is_unsure });
        }
        (self.signalled, self.remote, self.is_unsure) = (signalled, signalled, false);
        (self.is_heard, self.streak) = (false, None);
        self.rtcp_port = signalled.map_or(0, |at| at.port()) + u16::from(!is_muxed);
        (self.is_port_unsure, self.are_reports_heard) = (false, false);
    }

    /// What the address of a media packet says; `is_loud` while strangers spoil what has to be proved.
    pub(crate) fn media(&self, from: SocketAddr, is_protected: bool, is_loud: bool, now_us: u64) -> Origin {
        if self.remote == Some(from) {
            return Origin::Known(if self.is_unsure { Expected::May } else { Expected::Must });
        }
        if let Some(former) = self.former.filter(|former| former.at == from || former.is_unsure) {
            let passed_us = now_us - former.since_us;
            if passed_us < GRACE_SURE_US && !former.is_unsure {
                return Origin::Known(Expected::Must);
            }
            if passed_us < GRACE_OVER_US {
                return Origin::Known(Expected::May);
            }
        }
        let open = |is_open: bool| match is_open {
            true if self.is_unsure || is_loud => Origin::Unproven(Expected::May),
            true => Origin::Unproven(Expected::Must),
            false if self.is_unsure => Origin::Unproven(Expected::May),
            false => Origin::Stranger,
        };
        if self.is_heard && !is_protected {
            return open(false);
        }
        match self.lesson {
            Lesson::Never => Origin::Stranger,
            Lesson::Port => open(self.signalled.is_some_and(|at| at.ip() == from.ip())),
            Lesson::Address { .. } if is_protected => open(true),
            Lesson::Address { .. } if now_us.abs_diff(self.until_us) < SKEW_US => {
                Origin::Unproven(Expected::May)
            }
            Lesson::Address { .. } => open(now_us < self.until_us),
        }
    }

    /// What the address of a report on its own port says: whether it is certainly let in.
    pub(crate) fn is_report_sure(&self, from: SocketAddr, is_media_port: bool) -> bool {
        let port = |at: SocketAddr| if is_media_port { at.port() } else { self.rtcp_port };
        !self.is_unsure
            && !self.is_port_unsure
            && self.remote.is_some_and(|at| at.ip() == from.ip() && port(at) == from.port())
    }

    /// Counts a plain packet of unproven origin; true if it proves its sender.
    pub(crate) fn prove(&mut self, from: SocketAddr, ssrc: u32, sequence: u16) -> bool {
        let before = self.streak.filter(|streak| {
            let step = sequence.wrapping_sub(streak.sequence);
            streak.from == from && streak.ssrc == ssrc && (1..=3).contains(&step)
        });
        let len = before.map_or(1, |streak| streak.len.saturating_add(1));
        self.streak = Some(Streak { from, ssrc, sequence, len });
        len >= 5
    }

    /// The peer was heard where it should be.
    pub(crate) fn hear(&mut self) {
        self.is_heard = true;
    }

    /// The peer is here from now on.
    pub(crate) fn move_to(&mut self, at: SocketAddr) {
        // Its reports may have moved with it before, or not; and whether those that were heard stay is left open.
        self.is_port_unsure |= self.is_unsure || self.are_reports_heard;
        let distance = self.rtcp_port.wrapping_sub(self.remote.map_or(0, |remote| remote.port()));
        self.rtcp_port = at.port().wrapping_add(distance);
        (self.remote, self.is_heard, self.streak, self.is_unsure) = (Some(at), true, None, false);
    }

    /// A report may have come from another port of the peer's address: then the worker knows that port.
    pub(crate) fn learn_report(&mut self, from: SocketAddr, is_certain: bool) {
        let is_of_before = self.former.is_some_and(|former| former.at.ip() == from.ip());
        let is_elsewhere = self.remote.is_none_or(|remote| remote.ip() != from.ip());
        if self.lesson == Lesson::Never || is_elsewhere {
            self.is_port_unsure |= self.is_unsure;
            return;
        }
        // What is on its way from the place before teaches nothing, as long as that counts.
        self.is_port_unsure = is_of_before || !is_certain;
        if is_certain && !is_of_before {
            (self.rtcp_port, self.are_reports_heard) = (from.port(), true);
        }
    }

    /// Whether somebody may be let in whom nobody has told of.
    pub(crate) fn may_learn(&self) -> bool {
        self.lesson != Lesson::Never
    }
}
