//! What passes from leg to leg. Nothing is copied: each message is written anew from values that were understood, so
//! that what is not named here stays on its leg.

use sip::flow::Protocol;
use sip::{Malformed, Method, Name, NameAddr, Request, Response, Uri};

use crate::call::{Place, PlaceOf, Route};
use crate::desk::{Desk, allow};
use crate::leg::{Asked, Leg};
use crate::setup::Listener;

/// What a description of media is called.
pub(crate) const SDP: &str = "application/sdp";
/// What a body may be: a description, or several parts of which one is.
pub(crate) const BODIES: &str = "application/sdp, multipart/mixed";

/// Makes the INVITE of the other leg.
///
/// # Errors
/// `Malformed` when a host cannot be written in a URI.
pub(crate) fn invite(
    listener: &Listener,
    route: &Route,
    place: &Place,
    tag: &str,
    description: &str,
) -> Result<Request, Malformed> {
    let uri = place_uri(place, route.called)?;
    let mut request = Request::new(Method::Invite, uri.clone());
    let headers = request.headers_mut();
    headers.push(Name::MaxForwards, route.hops.to_string());
    headers.push(Name::To, NameAddr::new(uri).to_string());
    headers.push(Name::CallId, route.sip_call_id.clone());
    headers.push(Name::CSeq, "1 INVITE");
    headers.push(Name::Contact, listener.contact());
    headers.push(Name::Allow, allow());
    identify(&mut request, listener, route, place, tag)?;
    let is_customer = matches!(place.of, PlaceOf::Connector { .. });
    route.forwarding.write(request.headers_mut(), listener.host(), is_customer)?;
    request.set_body(SDP, description);
    Ok(request)
}

/// Says who calls: to a carrier everything, and what it has to keep to itself; to a customer what it may know.
fn identify(
    request: &mut Request,
    listener: &Listener,
    route: &Route,
    place: &Place,
    tag: &str,
) -> Result<(), Malformed> {
    let caller = &route.caller;
    let (asserted, name) = match &place.of {
        PlaceOf::Connector { .. } => (caller.shown(), None),
        PlaceOf::Link(_) => (caller.number, caller.name.as_deref()),
    };
    let address = |number: trunk::E164| -> Result<NameAddr, Malformed> {
        let uri = Uri::parse(&format!("sip:{number}@{}", listener.host()))?;
        Ok(NameAddr::new(uri).with_display_name(name.unwrap_or_default()))
    };
    let from = match asserted.filter(|_| !caller.is_restricted) {
        Some(number) => address(number)?,
        // RFC 3323 section 4.1.1.3.
        None => NameAddr::parse("\"Anonymous\" <sip:anonymous@anonymous.invalid>")?,
    };
    let headers = request.headers_mut();
    headers.push(Name::From, from.with_tag(tag)?.to_string());
    if let Some(number) = asserted {
        headers.push(Name::PAssertedIdentity, address(number)?.to_string());
        if caller.is_restricted {
            headers.push(Name::Privacy, "id");
        }
    }
    if let PlaceOf::Connector { id, .. } = &place.of {
        headers.push_named("X-VoiceConnector-ID", id.as_str());
    }
    Ok(())
}

fn place_uri(place: &Place, user: trunk::E164) -> Result<Uri, Malformed> {
    let peer = &place.peer;
    let transport = match protocol_of(peer.transport) {
        Protocol::Udp => "",
        Protocol::Tcp => ";transport=tcp",
        Protocol::Tls => ";transport=tls",
    };
    Uri::parse(&format!("sip:{user}@{}:{}{transport}", peer.host, peer.port))
}

/// Makes a response to the INVITE of a leg; one that begins or keeps a dialog says where we are.
pub(crate) fn response(desk: &Desk, leg: &Leg, asked: &Asked, status: u16) -> Response {
    let plain = Response::to_request(&asked.request, status);
    let response = plain.clone().with_to_tag(&leg.tag).unwrap_or(plain);
    if !(101..300).contains(&status) {
        return response;
    }
    let mut response = response.with_record_route(&asked.request);
    if let Some(listener) = desk.setup.listener(leg.protocol, leg.local) {
        response.headers_mut().set(Name::Contact, listener.contact());
    }
    if status >= 200 {
        response.headers_mut().set(Name::Allow, allow());
    }
    response
}

/// Tells the transport of a trunk as SIP names it.
pub(crate) const fn protocol_of(transport: trunk::Transport) -> Protocol {
    match transport {
        trunk::Transport::Udp => Protocol::Udp,
        trunk::Transport::Tcp => Protocol::Tcp,
        trunk::Transport::Tls => Protocol::Tls,
    }
}

/// Tells the protocol of a message as a trunk names it.
pub(crate) const fn transport_of(protocol: Protocol) -> trunk::Transport {
    match protocol {
        Protocol::Udp => trunk::Transport::Udp,
        Protocol::Tcp => trunk::Transport::Tcp,
        Protocol::Tls => trunk::Transport::Tls,
    }
}

/// Tells what the caller hears of a refusal. What a target says of itself, or wants from us, is none of its business.
pub(crate) const fn refusal_heard(status: u16) -> u16 {
    match status {
        // RFC 3261 section 8.1.3.4 leaves redirections to whoever called; we do not follow them, nor let others.
        300..=399 => 480,
        // Our own login at the target is wrong, or there is none.
        401 | 407 => 500,
        // The target knows nothing of a call that has just begun.
        481 => 480,
        // RFC 3261 section 16.7: 503 is about the target, and would be taken to be about us.
        503 => 500,
        _ => status,
    }
}
