//! One of the two sides of a call, as SIP sees it.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use sip::dialog::Dialog;
use sip::flow::{Flow, Protocol, Target};
use sip::transaction::{ClientId, ServerId};
use sip::uri::Host;
use sip::{Request, Scheme, Uri};

/// A leg. It has no dialog until its first INVITE is taken.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) protocol: Protocol,
    /// The address of ours that it uses, if that matters.
    pub(crate) local: Option<SocketAddr>,
    /// Our tag.
    pub(crate) tag: String,
    pub(crate) dialog: Option<Dialog>,
    /// Where requests go.
    pub(crate) way: Option<Target>,
    /// Where messages of the dialog may come from, besides those who are listed.
    pub(crate) hosts: Vec<IpAddr>,
    /// The INVITE of the peer that has no final response yet.
    pub(crate) asked: Option<Asked>,
    /// The acceptance of ours that has no ACK yet.
    pub(crate) unacknowledged: Option<ServerId>,
    /// The INVITE of ours that has no final response yet.
    pub(crate) asks: Option<ClientId>,
    /// A BYE that has to wait for an ACK, with the value of its Reason.
    pub(crate) bye: Option<Option<&'static str>>,
}

/// A name that is to be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    /// How it may be talked to; among several the name says which.
    pub(crate) protocols: Vec<Protocol>,
}

/// An INVITE that waits for us.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) id: ServerId,
    pub(crate) request: Rc<Request>,
}

impl Leg {
    pub(crate) const fn new(protocol: Protocol, local: Option<SocketAddr>, tag: String) -> Self {
        Self {
            protocol,
            local,
            tag,
            dialog: None,
            way: None,
            hosts: Vec::new(),
            asked: None,
            unacknowledged: None,
            asks: None,
            bye: None,
        }
    }

    /// Makes the leg of a request that came.
    pub(crate) fn of_flow(flow: &Flow, tag: String) -> Self {
        let mut leg = Self::new(flow.protocol, Some(flow.local), tag);
        leg.way = Some(back(flow));
        leg.admit_host(flow.remote.ip());
        leg
    }

    /// Uses the connection by which the peer has come last: the one before may be gone.
    pub(crate) fn came_by(&mut self, flow: &Flow) {
        let way = self.way.as_mut().filter(|way| leads_to(way, flow.protocol, flow.remote.ip()));
        if let Some(way) = way {
            way.connection = Some(flow.connection);
        }
    }

    /// Lets messages of the dialog come from a host.
    pub(crate) fn admit_host(&mut self, host: IpAddr) {
        if !self.hosts.contains(&host) {
            // A peer that moves about is followed so far; the first host is the one of the INVITE.
            if self.hosts.len() >= HOSTS_MAX {
                self.hosts.pop();
            }
            self.hosts.push(host);
        }
    }

    /// Finds the way that the dialog leads now; `Some` is a name that has to be looked up first.
    pub(crate) fn follow_dialog(&mut self) -> Option<Question> {
        let next = self.dialog.as_ref()?.next_hop();
        let said = protocol_of(&next);
        let protocol = said.unwrap_or(self.protocol);
        let address = match next.host()? {
            Host::V4(address) => IpAddr::V4(address),
            Host::V6(address) => IpAddr::V6(address),
            Host::Name(name) => {
                let is_known = self.way.as_ref().and_then(|way| way.name.as_deref());
                let is_same = is_known.is_some_and(|known| known.eq_ignore_ascii_case(name));
                let protocols = match said {
                    // RFC 3263 section 4.1. A leg that has a connection keeps to it, above all one that is encrypted.
                    None if protocol == Protocol::Udp => vec![Protocol::Udp, Protocol::Tcp, Protocol::Tls],
                    _ => vec![protocol],
                };
                return (!is_same).then(|| Question {
                    host: name.to_owned(),
                    port: next.parts().port(),
                    protocols,
                });
            }
        };
        // A Contact of a private network is of no use from outside of it: the peer does not know that it is behind NAT.
        if is_private(address) && self.way.as_ref().is_some_and(|way| !is_private(way.remote.ip())) {
            return None;
        }
        let port = next.parts().port().unwrap_or(default_port(protocol));
        if let Some(way) = self.way.as_mut().filter(|way| leads_to(way, protocol, address)) {
            // A connection that is there is used, whatever port its other end listens on: one that it has opened, and then
            // one to that port; or else one that we have opened.
            if way.connection.is_some() {
                way.remote.set_port(port);
            }
            return None;
        }
        let name = self.way.as_ref().and_then(|way| way.name.clone());
        self.lead_to(protocol, SocketAddr::new(address, port), name);
        None
    }

    /// Sends requests to an address from now on, whose certificate bears a name if it has one.
    pub(crate) fn lead_to(&mut self, protocol: Protocol, remote: SocketAddr, name: Option<Rc<str>>) {
        let local = self.local.filter(|_| protocol == self.protocol);
        let connection =
            self.way.as_ref().filter(|way| way.protocol == protocol).and_then(|way| way.connection);
        // Nobody knows yet whether a name is the host that the connection comes from; an address is another one.
        let connection = connection.filter(|_| name.is_some());
        self.way = Some(Target { protocol, remote, name, local, connection });
        self.admit_host(remote.ip());
    }
}

fn leads_to(way: &Target, protocol: Protocol, address: IpAddr) -> bool {
    protocol.is_reliable() && way.protocol == protocol && way.remote.ip() == address
}

/// The way back to whoever sent something.
pub(crate) fn back(flow: &Flow) -> Target {
    let connection = flow.protocol.is_reliable().then_some(flow.connection);
    Target { protocol: flow.protocol, remote: flow.remote, name: None, local: Some(flow.local), connection }
}

/// RFC 3261 section 19.1.2: the port that is meant where none is written.
pub(crate) const fn default_port(protocol: Protocol) -> u16 {
    match protocol {
        Protocol::Udp | Protocol::Tcp => 5060,
        Protocol::Tls => 5061,
    }
}

/// RFC 1918, and RFC 4193 for IPv6.
const fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

fn protocol_of(uri: &Uri) -> Option<Protocol> {
    if uri.parts().scheme() == Scheme::Sips {
        return Some(Protocol::Tls);
    }
    let word = uri.parameters().get("transport")?;
    let known = [("udp", Protocol::Udp), ("tcp", Protocol::Tcp), ("tls", Protocol::Tls)];
    known.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, protocol)| protocol)
}

/// The hosts of the dialog that are remembered: the first one, where requests go, and one or two proxies.
const HOSTS_MAX: usize = 4;
