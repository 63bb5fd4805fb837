//! What stands on every message of a phone: who sends it, and where it goes.

use std::fmt::Debug;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use sip::flow::{Protocol, Target};
use sip::transaction::{ClientId, ServerId};
use sip::uri::{Host, Uri};
use sip::{Request, Response};

use crate::phone::call::{Call, Terms};
use crate::phone::desk::Desk;
use crate::phone::line::Line;
use crate::phone::{CallNumber, Told};

impl Desk {
    pub(super) fn send(&mut self, request: Request, target: Target) -> io::Result<ClientId> {
        let (now, sent_by) = (self.now(), sent_by(&self.line));
        self.transactions.request(now, request, target, &sent_by).map_err(invalid)
    }

    pub(super) fn respond(&mut self, id: ServerId, response: Response) -> io::Result<()> {
        let now = self.now();
        self.transactions.respond(now, id, response).map_err(invalid)
    }

    /// Answers with no more than a status.
    pub(super) fn refuse(&mut self, id: ServerId, request: &Request, status: u16) -> io::Result<()> {
        let response = self.tagged(request, status)?;
        self.respond(id, response)
    }

    /// Makes a response with a tag of this phone and its Contact.
    pub(super) fn tagged(&self, request: &Request, status: u16) -> io::Result<Response> {
        let response = Response::to_request(request, status).with_to_tag(&random()?).map_err(invalid)?;
        Ok(response.with_record_route(request).with(sip::Name::Contact, self.contact()))
    }

    pub(super) fn contact(&self) -> String {
        let local = self.line.local();
        let transport = match self.line.protocol() {
            Protocol::Udp => "",
            Protocol::Tcp => ";transport=tcp",
            Protocol::Tls => ";transport=tls",
        };
        format!("<sip:{}@{local}{transport}>", self.setup.own_number)
    }

    pub(super) fn now(&self) -> Duration {
        self.started.elapsed()
    }

    pub(super) const fn terms(&self) -> Terms {
        let crate::phone::Setup { media_address, suite, part, clock, .. } = &self.setup;
        Terms { address: *media_address, suite: *suite, part: *part, clock: *clock }
    }

    pub(super) fn find(&self, is_it: impl Fn(&Call) -> bool) -> Option<CallNumber> {
        self.calls.iter().find_map(|(number, call)| is_it(call).then_some(*number))
    }

    pub(super) fn tell(&self, told: Told) {
        // Nobody has to listen.
        let _ = self.told.send(told);
    }
}

/// Returns where a request goes: to an address in its URI, or to the server, which knows names.
pub(super) fn target(line: &Line, next_hop: &Uri, server: SocketAddr) -> Target {
    let port = next_hop.parts().port().unwrap_or(5060);
    match next_hop.host() {
        Some(Host::V4(address)) => line.target(address.into(), port),
        Some(Host::V6(address)) => line.target(address.into(), port),
        Some(Host::Name(_)) | None => line.target(server.ip(), server.port()),
    }
}

/// Returns the own end, as Vias name it.
pub(super) fn sent_by(line: &Line) -> String {
    line.local().to_string()
}

/// Returns 128 bits that nobody foresees, as a text.
pub(super) fn random() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

pub(super) fn invalid(error: impl Debug) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("a message that cannot be made: {error:?}"))
}
