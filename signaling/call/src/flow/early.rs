//! Somebody rings, or speaks before answering: the caller hears of it, and is told again every minute.

use std::time::Duration;

use control::SideName;
use sdp::SessionDescription;
use sip::Response;
use trunk::failover::Event;

use crate::call::{Call, Phase};
use crate::clock::Timer;
use crate::crossing::{self, SDP};
use crate::desk::Desk;
use crate::flow::failover;
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
    let is_changed = take_description(desk, call, response);
    let is_news = call.rings != Some(status) || is_changed;
    if call.rings.is_none() {
        desk.clock.set(desk.now.elapsed.saturating_add(REPEAT), Timer::Ringing { call: call.id });
    }
    call.rings = Some(status);
    if is_news {
        tell(desk, call, status);
    }
}

/// Tells the caller once more.
pub(crate) fn again(desk: &mut Desk, call: &mut Call) {
    let Some(status) = call.rings.filter(|_| call.phase == Phase::Seeking) else { return };
    tell(desk, call, status);
    desk.clock.set(desk.now.elapsed.saturating_add(REPEAT), Timer::Ringing { call: call.id });
}

/// Takes an early answer: the latest one counts, of whichever fork. One that is of no use is not an answer yet.
fn take_description(desk: &mut Desk, call: &mut Call, response: &Response) -> bool {
    if call.offer.is_none() || response.body().is_empty() {
        return false;
    }
    let Ok(answer) = SessionDescription::parse(response.body()) else { return false };
    // A name would have to be looked up; by then the call is answered.
    if name_to_resolve(&answer).is_some() || !desk.screen().passes(&answer) {
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
