//! The URI that a login was made for: the one of the request, as far as nobody on the way had to change it.

use std::net::IpAddr;

use sip::Request;
use sip::flow::Flow;
use sip::uri::{Host, UriParts};

use crate::desk::Desk;

/// Tells whether a login was made for a request (RFC 7616 section 3.4.6), by meaning and not by letter.
///
/// An SBC may write another host or port into the Request-URI; the login then still names the one of ours that its maker
/// has called.
pub(super) fn is_of(desk: &Desk, signed: &str, request: &Request, flow: &Flow) -> bool {
    let asked = request.uri().parts();
    if signed == asked.as_str() {
        return true;
    }
    let Ok(signed) = UriParts::parse(signed) else { return false };
    signed.host().is_some_and(|host| is_ours(desk, host, flow)) || is_same(&signed, &asked)
}

fn is_same(signed: &UriParts<'_>, asked: &UriParts<'_>) -> bool {
    let is_user = match (signed.dialled(), asked.dialled()) {
        (Some(signed), Some(asked)) => signed == asked,
        _ => signed.user() == asked.user(),
    };
    is_user
        && match (signed.host(), asked.host()) {
            (Some(Host::Name(signed)), Some(Host::Name(asked))) => signed.eq_ignore_ascii_case(asked),
            // A number has no host.
            (None, _) | (_, None) => signed.dialled().is_some(),
            (signed, asked) => signed == asked,
        }
}

/// Tells whether a host is one of ours: of our zone, what peers are told of a listener, or an address that they speak to.
fn is_ours(desk: &Desk, host: Host<'_>, flow: &Flow) -> bool {
    let text = host.to_string();
    let address = match host {
        Host::V4(address) => Some(IpAddr::V4(address)),
        Host::V6(address) => Some(IpAddr::V6(address)),
        Host::Name(_) => None,
    };
    let zone = desk.snapshot.zone();
    desk.snapshot.is_in_zone(&text)
        || text.strip_suffix('.').unwrap_or(&text).eq_ignore_ascii_case(zone)
        || address == Some(flow.local.ip())
        || desk.setup.listeners.iter().any(|listener| {
            listener.host().eq_ignore_ascii_case(&text) || address == Some(listener.local.ip())
        })
}
