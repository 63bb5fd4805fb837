//! A call begins: who calls, whether it may be, where it goes, and ports for its media.

mod decide;
mod refusal;

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use control::{Ports, Reason, SideName};
use sdp::SessionDescription;
use sdp::negotiate::{Encryption, Policy};
use sip::dialog::Dialog;
use sip::flow::{Flow, Protocol};
use sip::session_refresh::Refresh;
use sip::transaction::ServerId;
use sip::{Name, Request, Response};
use trunk::failover::Failover;
use trunk::limits::Permit;
use trunk::route::{Caller, LinkTarget, Outcome, RouteTarget};
use trunk::snapshot::Side;
use trunk::{E164, VoiceConnectorId};

use crate::call::{Call, Calls, Phase, Place, PlaceOf, Record, Route};
use crate::clock::{CallTimer, CallTimers};
use crate::counters::Count;
use crate::desk::{Client, Desk, Errand};
use crate::flow::naming::{self, Purpose, Unnamed};
use crate::flow::{answer, bye, failover};
use crate::forwarding::Forwarding;
use crate::leg::{Asked, Leg, default_port};
use crate::media_plan::MediaPlan;
use crate::output::{Output, Wish};
use crate::summary::{Attempt, AttemptId, CallId, Disposition, End, number_or};

use decide::{Decided, decide};
use refusal::Refused;

pub(crate) use refusal::record_broken;

/// An INVITE that begins a call, as it came.
pub(crate) struct Arrival {
    pub(crate) id: ServerId,
    pub(crate) request: Request,
    pub(crate) flow: Flow,
}

/// How long media may take to give ports. It is on the same host, or next to it.
const MEDIA_PATIENCE: Duration = Duration::from_secs(3);

/// Takes an INVITE that belongs to no call.
pub(crate) fn received(desk: &mut Desk, calls: &mut Calls, arrival: Arrival, is_merged: bool) {
    let Arrival { id, request, .. } = &arrival;
    if is_merged {
        // RFC 3261 section 8.2.2.2: the same request by another way.
        desk.counters.add(Count::Merged);
        return desk.refuse(*id, request, 482);
    }
    if !desk.is_open || calls.len() >= desk.setup.limits.calls_max {
        desk.counters.add(if desk.is_open { Count::CallsFull } else { Count::Closed });
        let seconds = u64::from(desk.setup.limits.retry_after_s);
        return desk.refuse_for_now(*id, request, 503, seconds);
    }
    let Some(decided) = decide(desk, &arrival) else { return };
    if let Some(response) = Refresh::of(request).refusal(request) {
        desk.counters.add(Count::IntervalSmall);
        let connector = connector_of(&decided.outcome);
        refusal::await_return(desk, &arrival, decided.side, connector, (false, End::refused(422)));
        let tag = desk.random.tag();
        let tagged = response.clone().with_to_tag(&tag).unwrap_or(response);
        return desk.respond(*id, tagged, request);
    }
    if is_loop(desk, calls, &arrival, &decided.outcome) {
        desk.counters.add(Count::Loop);
        let connector = connector_of(&decided.outcome);
        return refusal::refuse_with(desk, &arrival, decided.side, connector, (decided.user, 482));
    }
    match desk.limits.admit(&decided.snapshot, &decided.outcome, desk.now.elapsed) {
        Ok(permit) => admit(desk, calls, arrival, decided, permit),
        Err(full) => {
            let connector = connector_of(&decided.outcome);
            let retry_after_s = full.retry_after_s.or(Some(u64::from(desk.setup.limits.retry_after_s)));
            let trace = refusal::trace(&decided.trace);
            let refused = Refused { reason: full.reason, connector, retry_after_s, trace };
            refusal::refuse(desk, &arrival, decided.side, refused, decided.user);
        }
    }
}

/// Tells whether a call has come back: by the Via of an INVITE of ours for the same number (RFC 3261 section 16.3), or
/// through somebody who hides it, and to whom the same call is being offered.
///
/// For another number it is no loop: whoever was called has forwarded it.
fn is_loop(desk: &Desk, calls: &Calls, arrival: &Arrival, outcome: &Outcome) -> bool {
    let Some((called, caller)) = outcome.people() else { return false };
    let via = arrival.request.top_via();
    let port = via.and_then(|via| via.port).unwrap_or(default_port(arrival.flow.protocol));
    let host = SocketAddr::new(arrival.flow.remote.ip(), port);
    let errand = Errand { host, called, caller: caller.number };
    if desk.sought.contains(&errand) {
        return true;
    }
    let mut ours =
        arrival.request.headers().vias().filter_map(|via| desk.transactions.of_branch(via.branch()?));
    ours.any(|id| match desk.clients.get(&id).map(|sent| sent.client) {
        Some(Client::Invite(call, _)) => calls.get(call).is_some_and(|call| call.route.called == called),
        Some(Client::Probe(_) | Client::Bye) | None => false,
    })
}

/// Makes the call, has its beginning kept, and asks for what comes first: a name, or ports.
fn admit(desk: &mut Desk, calls: &mut Calls, arrival: Arrival, decided: Decided, permit: Permit) {
    let Arrival { id: server, request, flow } = arrival;
    let Decided { side, outcome, user, offer, said, .. } = decided;
    let Some(heading) = heading(outcome) else {
        // The limits have refused what was rejected.
        return desk.limits.release(permit);
    };
    let id = calls.reserve();
    let sip_call_id = desk.random.tag();
    let mut records = records(desk, id, &heading, (&request, &sip_call_id), (user, &said));
    let invite = desk.awaited(&request, &flow);
    for record in &mut records {
        record.attempt = desk.begin(invite.as_ref(), record.attempt.clone());
    }
    let tag = desk.random.tag();
    let mut a = Leg::of_flow(&flow, tag);
    let hops = request.headers().max_forwards().saturating_sub(1);
    let forwarding = Forwarding::of(request.headers());
    let asked = Asked { id: server, request: Rc::new(request) };
    let policy = caller_policy(desk, &heading, flow.protocol);
    let media = plan(desk, side, &heading, policy);
    desk.servers.insert(server, (id, SideName::A));
    a.asked = Some(asked);
    let route = Route {
        called: heading.called,
        caller: heading.caller,
        forwarding,
        failover: Failover::new(heading.places.len()),
        places: heading.places,
        at: 0,
        others: Vec::new(),
        named: Vec::new(),
        link: None,
        errand: None,
        hops,
        sip_call_id,
    };
    let mut call = Box::new(Call {
        id,
        side,
        phase: Phase::Naming,
        b: Leg::new(flow.protocol, None, String::new()),
        a,
        media,
        offer,
        route,
        permit: Some(permit),
        records,
        owes_answer: None,
        awaits: None,
        change: None,
        busy: 0,
        rings: None,
        timers: CallTimers::default(),
    });
    begin_dialog(desk, &mut call);
    match call.offer.clone() {
        Some(offer) => naming::look_up(desk, &mut call, Purpose::Offer, offer),
        None => open_media(desk, &mut call),
    }
    calls.keep(desk, call);
}

/// From the first response with our tag on the caller has a dialog with us, in which it may send BYE.
fn begin_dialog(desk: &mut Desk, call: &mut Call) {
    let Some(asked) = &call.a.asked else { return };
    let plain = Response::to_request(&asked.request, 180);
    let response = plain.clone().with_to_tag(&call.a.tag).unwrap_or(plain);
    let Ok(dialog) = Dialog::uas(&asked.request, &response) else { return };
    desk.dialogs.insert(dialog.id().clone(), (call.id, SideName::A));
    call.a.dialog = Some(dialog);
    // Until a name is found, requests go back to where the INVITE came from.
    answer::follow_dialog(desk, call, SideName::A);
}

/// The hosts at which the caller wants media are known, or one of them is not to be found.
pub(crate) fn named(desk: &mut Desk, call: &mut Call, offer: Result<SessionDescription, Unnamed>) {
    match offer {
        Ok(offer) => {
            call.offer = Some(offer);
            open_media(desk, call);
        }
        Err(unnamed) => bye::reject(desk, call, unnamed.status(), End::rejected(unnamed.sentence())),
    }
}

fn open_media(desk: &mut Desk, call: &mut Call) {
    if call.offer.as_ref().is_some_and(|offer| !desk.screen().passes(offer)) {
        return bye::reject(desk, call, 488, End::refused(488));
    }
    let Ok(spec) = call.media.wish(call.offer.as_ref()) else {
        return bye::reject(desk, call, 488, End::refused(488));
    };
    call.phase = Phase::Opening;
    desk.sessions.insert(call.media.session, call.id);
    call.wait(desk, MEDIA_PATIENCE, CallTimer::MediaSilent);
    desk.tell(Output::Media(Wish::Open(Box::new(spec))));
}

/// Media has given ports: the first target is tried.
pub(crate) fn opened(desk: &mut Desk, call: &mut Call, ports: Ports) {
    if call.phase != Phase::Opening {
        return;
    }
    call.media.opened(ports);
    desk.relays.open(ports);
    call.phase = Phase::Seeking;
    let (patience, _) = patience(desk, call);
    call.wait(desk, patience, CallTimer::Unanswered);
    call.call_off(desk, CallTimer::MediaSilent);
    failover::begin(desk, call);
}

/// Returns for how long it may ring, and what the caller hears after that. RFC 3261 section 13.3.1: a caller that has said
/// how long it waits hears what it would hear of its own CANCEL.
pub(crate) fn patience(desk: &Desk, call: &Call) -> (Duration, u16) {
    let expires = call.a.asked.as_ref().and_then(|asked| asked.request.header(Name::Expires));
    let expires = expires.and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs);
    match expires.filter(|expires| *expires < desk.setup.ringing_max) {
        Some(expires) => (expires, 487),
        None => (desk.setup.ringing_max, 480),
    }
}

/// Media gives none, or does not answer.
pub(crate) fn media_refused(desk: &mut Desk, call: &mut Call, why: Option<Reason>) {
    if call.phase != Phase::Opening {
        return;
    }
    let why = why.map_or("timeout", Reason::word);
    bye::reject(desk, call, 503, End::rejected(&format!("503 Service Unavailable: media, {why}")));
}

/// The places and the people of a call.
pub(super) struct Heading {
    called: E164,
    caller: Caller,
    /// Whose call it is, if it is a customer's.
    from: Option<VoiceConnectorId>,
    places: Vec<Place>,
}

fn heading(outcome: Outcome) -> Option<Heading> {
    let route = |target: RouteTarget| Place {
        of: PlaceOf::Connector { id: target.connector, is_encrypted: target.is_encrypted },
        peer: target.peer,
    };
    let link = |target: LinkTarget| Place { peer: target.peer.clone(), of: PlaceOf::Link(target) };
    Some(match outcome {
        Outcome::Inbound(it) => Heading {
            called: it.called,
            caller: it.caller,
            from: None,
            places: it.targets.into_iter().map(route).collect(),
        },
        Outcome::OnNet(it) => Heading {
            called: it.called,
            caller: it.caller,
            from: Some(it.connector),
            places: it.targets.into_iter().map(route).collect(),
        },
        Outcome::Outbound(it) => Heading {
            called: it.called,
            caller: it.caller,
            from: Some(it.connector),
            places: it.links.into_iter().map(link).collect(),
        },
        Outcome::Reject(_) => return None,
    })
}

/// One record for the customer who calls, and one for the customer who is called.
fn records(
    desk: &mut Desk,
    call: CallId,
    heading: &Heading,
    (request, sip_call_id): (&Request, &str),
    (user, said): (Option<String>, &str),
) -> Vec<Record> {
    let to = heading.places.first().and_then(|place| match place.of {
        PlaceOf::Connector { id, .. } => Some(id),
        PlaceOf::Link(_) => None,
    });
    let caller = heading.from.map(|id| (id, Disposition::Termination, request.call_id(), user));
    let callee = to.map(|id| (id, Disposition::Origination, sip_call_id, None));
    let sides = [caller, callee].into_iter().flatten();
    let record = |(connector, disposition, sip_call_id, sip_user): (_, _, &str, _)| Record {
        attempt: Attempt {
            id: AttemptId(desk.random.number()),
            call: Some(call),
            connector,
            sip_call_id: sip_call_id.to_owned(),
            invite_call_id: request.call_id().to_owned(),
            from_number: number_or(heading.caller.number, said),
            to_number: heading.called.to_string(),
            disposition,
            sip_user,
            begun: desk.now.unix,
        },
        answered: None,
    };
    sides.map(record).collect()
}

fn connector_of(outcome: &Outcome) -> Option<VoiceConnectorId> {
    match outcome {
        Outcome::Inbound(inbound) => inbound.targets.first().map(|target| target.connector),
        Outcome::OnNet(on_net) => Some(on_net.connector),
        Outcome::Outbound(outbound) => Some(outbound.connector),
        Outcome::Reject(reject) => reject.connector,
    }
}

fn plan(desk: &mut Desk, side: Side, heading: &Heading, caller: Policy) -> MediaPlan {
    let setup = &desk.setup;
    let realm = match side {
        Side::Carrier => &setup.carrier_realm,
        Side::Customer => &setup.customer_realm,
    };
    let callee_realm = match heading.places.first().map(|place| &place.of) {
        Some(PlaceOf::Link(_)) => &setup.carrier_realm,
        Some(PlaceOf::Connector { .. }) | None => &setup.customer_realm,
    };
    let realms = [realm.clone(), callee_realm.clone()];
    let callee = Policy { codecs: setup.codecs.clone(), ..Policy::default() };
    let timeout =
        setup.media_timeout.map_or(0, |timeout| u32::try_from(timeout.as_secs()).unwrap_or(u32::MAX));
    let timeout = timeout.min(control::MEDIA_TIMEOUT_S_MAX);
    MediaPlan::new(realms, [caller, callee], timeout, &mut desk.random)
}

/// Whether the caller's media is protected.
fn caller_policy(desk: &Desk, heading: &Heading, protocol: Protocol) -> Policy {
    let connector = heading.from.and_then(|id| desk.snapshot.connector(&id));
    let encryption = match connector {
        Some(connector) if connector.require_encryption => Encryption::Required,
        Some(connector) if connector.srtp_without_tls => Encryption::Accepted,
        _ if protocol == Protocol::Tls => Encryption::Accepted,
        // Keys that anybody on the way reads protect nothing.
        _ => Encryption::Refused,
    };
    Policy { encryption, codecs: desk.setup.codecs.clone(), ..Policy::default() }
}
