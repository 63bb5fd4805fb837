//! A session that goes on while its wish changes: what the wish says is new, what was heard and sent is kept.

use crate::retired::Retired;
use crate::session::{Candidate, Flow, Peer, Session, Side};

impl Session {
    /// Makes the session what a later wish says. What is not needed any more is left in the wish, for its owner to drop.
    pub(crate) fn follow(&mut self, wish: &mut Self, retired: &mut Retired) {
        debug_assert_eq!(self.id, wish.id, "a wish is for one session");
        self.epoch = wish.epoch;
        self.media_timeout_s = wish.media_timeout_s;
        self.timeout_told = false;
        for (side, wish) in self.sides.iter_mut().zip(&mut wish.sides) {
            side.follow(wish, retired);
        }
    }
}

impl Side {
    fn follow(&mut self, wish: &mut Self, retired: &mut Retired) {
        self.is_muxed = wish.is_muxed;
        self.payload_maps = wish.payload_maps;
        self.telephone_event = wish.telephone_event;
        self.traffic_class = wish.traffic_class;
        self.accepts = wish.accepts;
        self.sends = wish.sends;
        self.reception.clock_rate = wish.reception.clock_rate;
        // A time that counted while the side was held or not is over: the timeout begins again.
        self.reception.heard_ms = wish.reception.heard_ms;
        if self.continuity.is_none() {
            self.continuity = wish.continuity;
        }
        self.follow_keys(wish, retired);
        self.peer.follow(&wish.peer);
    }

    /// RFC 4568 section 7.1.4: the same key goes on with its indices, another one starts anew.
    ///
    /// The indices that were used under a key are forgotten with it: signaling must never send under one again.
    fn follow_keys(&mut self, wish: &mut Self, retired: &mut Retired) {
        let same_opener = match (&self.opener, &wish.opener) {
            (Some(opener), Some(wished)) => opener.same_key_as(wished),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !same_opener {
            core::mem::swap(&mut self.opener, &mut wish.opener);
            let former = self.retiree.and_then(|retiree| retired.opener(retiree));
            if let (Some(opener), Some(former)) = (&mut self.opener, former)
                && opener.same_key_as(former)
            {
                // A key that comes back this soon still knows what was heard under it.
                core::mem::swap(opener, former);
            }
            retired.end(self.retiree.take());
            if self.opener.is_some() {
                self.retiree = retired.begin(&mut wish.opener);
            }
        }
        let same_sealer = match (&self.sealer, &wish.sealer) {
            (Some(sealer), Some(wished)) => sealer.same_key_as(wished),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !same_sealer {
            core::mem::swap(&mut self.sealer, &mut wish.sealer);
        }
    }
}

impl Peer {
    fn follow(&mut self, wish: &Self) {
        let has_moved = self.signalled != wish.signalled;
        let is_barred = self.remote != self.signalled && !wish.permits(&self.remote);
        if has_moved && self.remote.port() != 0 {
            self.former = self.remote;
            self.former_sweeps = FORMER_SWEEPS;
        }
        if has_moved || is_barred {
            self.remote = wish.remote;
            self.heard.forget(Flow::Rtp);
            (self.candidate, self.streak) = (Candidate::NONE, 0);
        }
        if has_moved || is_barred || self.signalled_rtcp_port != wish.signalled_rtcp_port {
            // Where media was learned, its reports are expected as far from it as signaling says.
            let distance = wish.rtcp_port.wrapping_sub(wish.remote.port());
            self.rtcp_port = self.remote.port().wrapping_add(distance);
            self.heard.forget(Flow::Rtcp);
        }
        self.signalled = wish.signalled;
        self.signalled_rtcp_port = wish.signalled_rtcp_port;
        self.learn = wish.learn;
        self.permits = wish.permits;
    }
}

/// For so many sweeps, one a second, packets from the former address still count: those that were on their way.
const FORMER_SWEEPS: u8 = 5;
