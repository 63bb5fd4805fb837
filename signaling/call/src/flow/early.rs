//! Somebody rings, or speaks before answering: the caller hears of it, and is told again every minute.

use std::time::Duration;

use control::SideName;
use sdp::SessionDescription;
use sip::Response;
use trunk::failover::Event;

use crate::call::{Call, Phase};
use crate::clock::CallTimer;
use crate::crossing::{self, SDP};
use crate::desk::Desk;
use crate::flow::failover;
use crate::flow::naming::{self, Purpose};
use crate::media_plan::name_to_resolve;
use crate::output::{Output, Wish};

/// RFC 3261 section 16.7: proxies on the way of the caller give up after three minutes without a word.
const REPEAT: Duration = Duration::from_secs(60);

/// Takes a provisional response of the target that is tried.
pub(crate) fn rings(desk: &mut Desk, call: &mut Call, response: &Response) {
    let status = response.code();
    failover::advance(desk, call, call.route.at, Event::Response { status });
    // 100 is for this hop alone, and 199 tells of one fork among others (RFC 6228).
    if status == 100 || status == 199 {
        return;
    }
    if let Some(place) = call.route.places.get(call.route.at) {
        desk.dead_hosts.answered(&place.peer);
    }
    call.call_off(desk, CallTimer::NoProvisional);
    if call.rings.is_none() {
        call.wait(desk, REPEAT, CallTimer::Ringing);
    }
    let is_news = call.rings.replace(status) != Some(status);
    match description_of(call, response) {
        Some(answer) if name_to_resolve(&answer).is_none() => hear(desk, call, status, answer, is_news),
        // That it rings is not held back until the name is found.
        answer => {
            if is_news {
                tell(desk, call, status);
            }
            if let Some(answer) = answer {
                naming::look_up(desk, call, Purpose::Early(status), answer);
            }
        }
    }
}

/// The host in an early answer is known now.
pub(crate) fn named(desk: &mut Desk, call: &mut Call, status: u16, answer: SessionDescription) {
    if call.phase == Phase::Seeking {
        hear(desk, call, status, answer, false);
    }
}

/// Takes an early answer, and tells the caller if there is something new.
fn hear(desk: &mut Desk, call: &mut Call, status: u16, answer: SessionDescription, is_news: bool) {
    let is_changed = take(desk, call, answer);
    if is_news || is_changed {
        tell(desk, call, status);
    }
}

/// Tells the caller once more.
pub(crate) fn again(desk: &mut Desk, call: &mut Call) {
    let Some(status) = call.rings.filter(|_| call.phase == Phase::Seeking) else { return };
    tell(desk, call, status);
    call.wait(desk, REPEAT, CallTimer::Ringing);
}

/// Returns an early answer, if there was an offer to answer.
fn description_of(call: &Call, response: &Response) -> Option<SessionDescription> {
    call.offer.as_ref()?;
    SessionDescription::parse(response.body()).ok()
}

/// Takes an early answer: the latest one counts, of whichever fork. One that is of no use is not an answer yet.
fn take(desk: &mut Desk, call: &mut Call, answer: SessionDescription) -> bool {
    if !desk.screen().passes(&answer) {
        return false;
    }
    let is_same = call.media.changes(SideName::B, &answer).is_some_and(|changes| changes.is_empty());
    if is_same || call.media.answered(answer).is_err() {
        return false;
    }
    if let Ok(spec) = call.media.wish(None) {
        desk.tell(Output::Media(Wish::Update(Box::new(spec))));
    }
    true
}

fn tell(desk: &mut Desk, call: &Call, status: u16) {
    let Some(asked) = &call.a.asked else { return };
    let mut response = crossing::response(desk, &call.a, asked, status);
    if let Some(said) = call.media.said(SideName::A).filter(|_| call.media.is_agreed()) {
        response.set_body(SDP, said.write());
    }
    desk.respond(asked.id, response, &asked.request);
}
