//! INVITEs that were asked to log in, or for a longer session interval. Each is an attempt from then on, which goes on when
//! it comes back, and ends when it does not.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use sip::transaction::PATIENCE;
use sip::{Name, Request};

use crate::clock::{Clock, Timer};
use crate::fingerprint::{Fingerprint, Fingerprints};
use crate::summary::{Attempt, End};

/// As much of an INVITE as tells which call it would begin, and whether it is a copy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Invite {
    /// Source, Call-ID and the tag of who calls: all INVITEs of an attempt have the same.
    call: Fingerprint,
    number: u32,
    /// By its Via.
    transaction: Fingerprint,
}

impl Invite {
    pub(crate) fn of(prints: &Fingerprints, request: &Request, source: IpAddr) -> Self {
        let tag = request.from_tag().unwrap_or_default();
        let number = request.cseq().map_or(0, |cseq| cseq.seq);
        let via = request.header(Name::Via).unwrap_or_default();
        Self::new(prints, source, (request.call_id(), tag), (number, via))
    }

    pub(crate) fn new(
        prints: &Fingerprints,
        source: IpAddr,
        (call_id, tag): (&str, &str),
        (number, via): (u32, &str),
    ) -> Self {
        let source = source.to_string();
        Self {
            call: prints.of(&[source.as_bytes(), call_id.as_bytes(), tag.as_bytes()]),
            number,
            transaction: prints.of(&[via.as_bytes()]),
        }
    }
}

/// All that were asked within the last 32 seconds, by call.
#[derive(Default)]
pub(crate) struct Challenged(HashMap<Fingerprint, Asked>);

/// One that was asked.
struct Asked {
    /// None once it has come back and was taken or refused, or when nobody can tell whose it is.
    attempt: Option<Attempt>,
    is_over: bool,
    /// How often the login was wrong.
    failures: u8,
    /// The INVITE that came last.
    last: Invite,
    /// How it ends if it does not come back.
    end: End,
    until: Duration,
}

impl Asked {
    /// A number that some peers forget to raise tells nothing; another transaction does.
    fn has_seen(&self, invite: &Invite) -> bool {
        let Invite { number, transaction, .. } = self.last;
        invite.number < number || (invite.number == number && invite.transaction == transaction)
    }
}

/// The second wrong login of a call is its last.
const TRIES_MAX: u8 = 2;

impl Challenged {
    /// Tells whether a wrong login is the last one of its call. Where nothing can be remembered, the first is.
    pub(crate) fn is_last(&self, invite: &Invite, max: usize) -> bool {
        match self.0.get(&invite.call) {
            None => self.0.len() >= max,
            Some(asked) if asked.is_over || asked.has_seen(invite) => false,
            Some(asked) => asked.failures.saturating_add(1) >= TRIES_MAX,
        }
    }

    /// Tells whether an attempt begins with an INVITE that is asked to log in.
    pub(crate) fn begins(&self, invite: &Invite) -> bool {
        self.0.get(&invite.call).is_none_or(|asked| asked.is_over && !asked.has_seen(invite))
    }

    /// Tells whether another call can be remembered.
    pub(crate) fn has_room(&self, invite: &Invite, max: usize) -> bool {
        self.0.len() < max || self.0.contains_key(&invite.call)
    }

    /// Notes one that is asked, with its attempt if it begins one.
    pub(crate) fn note(
        &mut self,
        (clock, now): (&mut Clock, Duration),
        invite: Invite,
        (attempt, is_wrong): (Option<Attempt>, bool),
        end: End,
    ) {
        let is_new = self.begins(&invite);
        let until = now.saturating_add(PATIENCE);
        let asked = self.0.entry(invite.call).or_insert_with(|| Asked {
            attempt: None,
            is_over: false,
            failures: 0,
            last: invite,
            end: end.clone(),
            until,
        });
        if !is_new && asked.has_seen(&invite) {
            return;
        }
        if is_new {
            (asked.attempt, asked.is_over, asked.failures) = (attempt, false, 0);
        }
        asked.end = end;
        asked.failures = asked.failures.saturating_add(u8::from(is_wrong));
        asked.keep(clock, invite, until);
    }

    /// Returns the attempt that an INVITE goes on with, which is not asked any more.
    pub(crate) fn resume(
        &mut self,
        (clock, now): (&mut Clock, Duration),
        invite: &Invite,
    ) -> Option<Attempt> {
        let asked = self.0.get_mut(&invite.call).filter(|asked| !asked.is_over)?;
        asked.is_over = true;
        // Copies of what it was asked by may come for as long.
        asked.keep(clock, *invite, now.saturating_add(PATIENCE));
        asked.attempt.take()
    }

    /// Forgets one whose time has come; returns its attempt if it has not come back, and how that ends.
    pub(crate) fn expire(&mut self, call: Fingerprint) -> Option<(Attempt, End)> {
        let Asked { attempt, end, .. } = self.0.remove(&call)?;
        Some((attempt?, end))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Asked {
    fn keep(&mut self, clock: &mut Clock, invite: Invite, until: Duration) {
        let timer = Timer::Challenged { call: invite.call };
        clock.unset(self.until, timer);
        clock.set(until, timer);
        (self.last, self.until) = (invite, until);
    }
}
