//! A description names a host for its media: the name is looked up before anything else is done with it.

use std::net::IpAddr;

use control::SideName;
use sdp::SessionDescription;
use sip::flow::Protocol;

use crate::call::Call;
use crate::desk::{Desk, Query};
use crate::flow::{answer, early, invite, reinvite};
use crate::leg::Question;
use crate::media_plan::{name_to_resolve, with_address};

/// A description whose host is looked up.
pub(crate) struct Naming {
    query: u64,
    name: String,
    description: SessionDescription,
    purpose: Purpose,
}

/// What a description is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The offer of the caller.
    Offer,
    /// What a target says before it answers, with a status.
    Early(u16),
    /// The answer of the target.
    Answer,
    /// What a leg wants changed.
    ChangeOffer(SideName),
    /// The answer of a leg to a change.
    ChangeAnswer(SideName),
    /// The offer of a leg that was asked for one.
    LateOffer(SideName),
    /// The answer of a leg in its ACK.
    LateAnswer(SideName),
}

/// Why there is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unnamed {
    /// Nobody knows the name.
    Unknown,
    /// Too many names are looked up already.
    Busy,
}

impl Unnamed {
    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::Unknown => 488,
            Self::Busy => 503,
        }
    }

    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::Unknown => "488 Not Acceptable Here: unknown media host",
            Self::Busy => "503 Service Unavailable: too many names",
        }
    }
}

/// Goes on with a description as soon as its hosts are addresses.
pub(crate) fn look_up(desk: &mut Desk, call: &mut Call, purpose: Purpose, description: SessionDescription) {
    call.awaits = None;
    let Some(name) = name_to_resolve(&description) else {
        return go_on(desk, call, purpose, Ok(description));
    };
    // Only the address counts; the port is in the description.
    let question = Question { host: name.clone(), port: Some(0), protocols: vec![Protocol::Udp] };
    match desk.ask(Query::Media(call.id), question) {
        Some(query) => call.awaits = Some(Naming { query, name, description, purpose }),
        None => go_on(desk, call, purpose, Err(Unnamed::Busy)),
    }
}

/// A name was looked up. What nobody waits for any more says nothing.
pub(crate) fn found(desk: &mut Desk, call: &mut Call, query: u64, address: Option<IpAddr>) {
    let Some(Naming { name, description, purpose, .. }) = call.awaits.take_if(|awaits| awaits.query == query)
    else {
        return;
    };
    match address {
        Some(address) => look_up(desk, call, purpose, with_address(description, &name, address)),
        None => go_on(desk, call, purpose, Err(Unnamed::Unknown)),
    }
}

/// Takes what was said early for the answer, which is not repeated; `false` when nothing was.
pub(crate) fn is_answer(call: &mut Call) -> bool {
    let early = call.awaits.as_mut().filter(|awaits| matches!(awaits.purpose, Purpose::Early(_)));
    early.map(|awaits| awaits.purpose = Purpose::Answer).is_some()
}

fn go_on(
    desk: &mut Desk,
    call: &mut Call,
    purpose: Purpose,
    description: Result<SessionDescription, Unnamed>,
) {
    match (purpose, description) {
        (Purpose::Offer, offer) => invite::named(desk, call, offer),
        (Purpose::Early(status), Ok(answer)) => early::named(desk, call, status, answer),
        // One that is of no use is not an answer yet.
        (Purpose::Early(_), Err(_)) => {}
        (Purpose::Answer, answer) => answer::named(desk, call, answer),
        (Purpose::ChangeOffer(leg), offer) => reinvite::named(desk, call, leg, offer),
        (Purpose::ChangeAnswer(leg), answer) => reinvite::agree(desk, call, leg, answer.ok()),
        (Purpose::LateOffer(leg), offer) => reinvite::offer_late(desk, call, leg, offer.ok()),
        (Purpose::LateAnswer(leg), answer) => answer::answered_late(desk, call, leg, answer.ok()),
    }
}
