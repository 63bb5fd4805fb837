//! What a request is matched by: RFC 3261 section 17.2.3, and sections 8.2.2.2 and 13.3.1.4.

use std::net::{IpAddr, SocketAddr};

use rsip::Method;

use super::secret::{Key, Kind, Secret};
use crate::flow::{Destination, Flow, Protocol};
use crate::header::Via;
use crate::message::{Request, Response};
use crate::method;
use crate::uri::Host;

/// Returns what identifies the transaction of a request, or of another method with the same branch: a CANCEL and the
/// ACK of a refusal belong to an INVITE. It comes from the host that began it and in the same manner: a branch is no secret
/// on the way, and what answers a request goes back by the way that it came (RFC 3261 section 18.2.2).
pub(super) fn transaction(secret: &Secret, request: &Request, flow: &Flow, method: Method) -> Option<Key> {
    let via = request.top_via()?;
    let (host, port) = sent_by(&via);
    let word = method::word(method).as_bytes();
    let way = [flow.protocol as u8];
    let source = octets(flow.remote);
    let Some(branch) = via.transaction_branch() else {
        let number = request.cseq()?.seq.to_be_bytes();
        // The To tag is not among them: that of an ACK is the one of the response.
        return Some(secret.key(
            Kind::WithoutBranch,
            &[
                word,
                &way,
                &source,
                request.uri().as_str().as_bytes(),
                request.from_tag().unwrap_or("").as_bytes(),
                request.call_id().as_bytes(),
                &number,
                via.transport.as_bytes(),
                &host,
                &port,
                via.branch().unwrap_or("").as_bytes(),
            ],
        ));
    };
    Some(secret.key(Kind::Branch, &[word, &way, &source, branch.as_bytes(), &host, &port]))
}

/// Returns what two requests have in common that come from one over several ways; `None` within a dialog.
pub(super) fn merged(secret: &Secret, request: &Request) -> Option<Key> {
    if request.to_tag().is_some() {
        return None;
    }
    let parts = [
        method::word(request.method()).as_bytes(),
        request.from_tag().unwrap_or("").as_bytes(),
        request.call_id().as_bytes(),
        &request.cseq()?.seq.to_be_bytes(),
    ];
    Some(secret.key(Kind::Merged, &parts))
}

/// Returns what the ACK of an acceptance is found by.
pub(super) fn ack(secret: &Secret, ack: &Request) -> Option<Key> {
    let tags = (ack.from_tag(), ack.to_tag());
    Some(acceptance(secret, ack.call_id(), tags, ack.cseq()?.seq))
}

/// Returns what the ACK of this acceptance will be found by.
pub(super) fn awaited_ack(secret: &Secret, response: &Response) -> Option<Key> {
    let tags = (response.from_tag(), response.to_tag());
    Some(acceptance(secret, response.call_id(), tags, response.cseq()?.seq))
}

fn acceptance(secret: &Secret, call_id: &str, (from, to): (Option<&str>, Option<&str>), number: u32) -> Key {
    let (from, to) = (from.unwrap_or("").as_bytes(), to.unwrap_or("").as_bytes());
    secret.key(Kind::Ack, &[call_id.as_bytes(), from, to, &number.to_be_bytes()])
}

/// Returns what a host is counted by.
pub(super) fn host(secret: &Secret, source: SocketAddr) -> Key {
    secret.key(Kind::Host, &[&octets(source)])
}

/// Returns what a destination is found by.
pub(super) fn destination(secret: &Secret, destination: &Destination) -> Key {
    match destination {
        Destination::Flow(flow) => {
            let connection = flow.connection.to_be_bytes();
            let (local, remote) = (address(flow.local), address(flow.remote));
            secret.key(Kind::Destination, &[&[0, flow.protocol as u8], &connection, &local, &remote])
        }
        Destination::Target(target) => {
            let local = target.local.map(address);
            let name = target.name.as_deref();
            let said = u8::from(local.is_some()) | u8::from(name.is_some()) << 1;
            secret.key(
                Kind::Destination,
                &[
                    &[1, target.protocol as u8, said],
                    &address(target.remote),
                    &local.unwrap_or_default(),
                    name.unwrap_or("").as_bytes(),
                ],
            )
        }
    }
}

/// Writes a host as bytes; one of IPv4 is the same however it is written.
fn octets(source: SocketAddr) -> [u8; 16] {
    match source.ip() {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

/// Writes an address as bytes: host, port, scope.
fn address(address: SocketAddr) -> [u8; 23] {
    let (version, host, scope) = match address {
        SocketAddr::V4(v4) => (4, v4.ip().to_ipv6_mapped(), 0),
        SocketAddr::V6(v6) => (6, *v6.ip(), v6.scope_id()),
    };
    let mut bytes = [version; 23];
    let written = host.octets().into_iter().chain(address.port().to_be_bytes()).chain(scope.to_be_bytes());
    bytes.iter_mut().skip(1).zip(written).for_each(|(byte, written)| *byte = written);
    bytes
}

/// Returns host and port of the sender as it names itself; a port that goes without saying is the same one said.
fn sent_by(via: &Via<'_>) -> (Vec<u8>, [u8; 2]) {
    let host = match via.host {
        Host::V4(address) => address.octets().to_vec(),
        Host::V6(address) => address.octets().to_vec(),
        Host::Name(name) => name.to_ascii_lowercase().into_bytes(),
    };
    (host, via.port.unwrap_or(default_port(via)).to_be_bytes())
}

/// RFC 3261 section 18.1.1: 5060, and 5061 over TLS.
pub(super) fn default_port(via: &Via<'_>) -> u16 {
    if via.transport.eq_ignore_ascii_case(Protocol::Tls.via_word()) { 5061 } else { 5060 }
}
