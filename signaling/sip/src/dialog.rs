//! Dialogs: what two peers have agreed on about the way between them (RFC 3261 section 12).

mod id;
mod route;

use rsip::Method;
use rsip::typed::CSeq;

use crate::error::Malformed;
use crate::header::Name;
use crate::header::number::{CSEQ_MAX, write_cseq};
use crate::message::{Headers, Request, Response};
use crate::uri::Uri;
pub use id::DialogId;
use route::RouteSet;

/// How a request stands to those before it in its dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// It is newer than all before.
    Next,
    /// It has the number of the newest: a copy that came when its transaction was over, and nothing to be done again.
    Repeated,
    /// It is older: RFC 3261 section 12.2.2 wants 500.
    Old,
}

/// One end of a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialog {
    id: DialogId,
    /// Our address with our tag, as the peer knows it.
    local: String,
    /// The address of the peer with its tag, as it is written.
    remote: String,
    local_number: u32,
    remote_number: Option<u32>,
    routes: RouteSet,
    target: Uri,
    confirmed: bool,
}

impl Dialog {
    /// Makes the dialog of an INVITE that we sent, from a response with a tag: early from a provisional one. Each To tag
    /// is a dialog of its own.
    ///
    /// # Errors
    /// `Malformed` when what a dialog needs is missing or cannot be read.
    pub fn uac(request: &Request, response: &Response) -> Result<Self, Malformed> {
        // A provisional response without a Contact is common; until there is one the request says where to.
        Self::from_response(response, Some(request.uri()))
    }

    /// Makes the dialog of an acceptance alone, for its ACK and BYE, when nobody knows the call any longer.
    ///
    /// # Errors
    /// As [`Dialog::uac`].
    pub fn from_acceptance(response: &Response) -> Result<Self, Malformed> {
        Self::from_response(response, None)
    }

    fn from_response(response: &Response, fallback: Option<&Uri>) -> Result<Self, Malformed> {
        let headers = response.headers();
        Ok(Self {
            id: DialogId::of_response(response).ok_or(Malformed::NameAddr)?,
            local: value(headers, Name::From)?,
            remote: value(headers, Name::To)?,
            local_number: response.cseq().ok_or(Malformed::Value)?.seq,
            remote_number: None,
            // RFC 3261 section 12.1.2: the last one wrote itself on top.
            routes: RouteSet::new(headers.all(Name::RecordRoute))?.reversed(),
            target: contact(headers)?.or(fallback.cloned()).map_or_else(|| peer(headers, Name::To), Ok)?,
            confirmed: response.is_success(),
        })
    }

    /// Makes the dialog of an INVITE that we answer, from the response that we give: early from a provisional one.
    ///
    /// # Errors
    /// `Malformed` when what a dialog needs is missing or cannot be read; the response needs a tag in To.
    pub fn uas(request: &Request, response: &Response) -> Result<Self, Malformed> {
        let headers = request.headers();
        let local_tag = response.to_tag().ok_or(Malformed::NameAddr)?;
        Ok(Self {
            id: DialogId::new(request.call_id(), local_tag, request.from_tag().unwrap_or("")),
            local: value(response.headers(), Name::To)?,
            remote: value(headers, Name::From)?,
            local_number: 0,
            remote_number: Some(request.cseq().ok_or(Malformed::Value)?.seq),
            routes: RouteSet::new(headers.all(Name::RecordRoute))?,
            target: contact(headers)?.map_or_else(|| peer(headers, Name::From), Ok)?,
            confirmed: response.is_success(),
        })
    }

    /// Returns what identifies it.
    pub const fn id(&self) -> &DialogId {
        &self.id
    }

    /// Tells whether the INVITE was accepted.
    pub const fn is_confirmed(&self) -> bool {
        self.confirmed
    }

    /// Returns where the peer is.
    pub const fn target(&self) -> &Uri {
        &self.target
    }

    /// Returns the number of our newest request.
    pub const fn local_number(&self) -> u32 {
        self.local_number
    }

    /// Takes note that we have accepted the INVITE.
    pub const fn confirm(&mut self) {
        self.confirmed = true;
    }

    /// Takes the acceptance of the INVITE that we sent: the route set is learnt anew, and the peer is where its Contact
    /// says (RFC 3261 section 13.2.2.4). Once confirmed, only the Contact counts.
    ///
    /// # Errors
    /// `Malformed` when either cannot be read; nothing is changed then.
    pub fn confirm_by(&mut self, acceptance: &Response) -> Result<(), Malformed> {
        let headers = acceptance.headers();
        let target = contact(headers)?;
        if !self.confirmed {
            self.routes = RouteSet::new(headers.all(Name::RecordRoute))?.reversed();
        }
        self.confirmed = true;
        self.target = target.unwrap_or_else(|| self.target.clone());
        Ok(())
    }

    /// Takes the Contact of a re-INVITE that we accept, or of the acceptance of ours: the peer has moved.
    ///
    /// # Errors
    /// `Malformed` when there is one that cannot be read; the peer is where it was then.
    pub fn retarget(&mut self, headers: &Headers) -> Result<(), Malformed> {
        if let Some(target) = contact(headers)? {
            self.target = target;
        }
        Ok(())
    }

    /// Tells whether a request of the peer belongs here: by Call-ID and both tags. Hosts in From and To may have been
    /// rewritten on the way, and it may come by any connection.
    pub fn matches(&self, request: &Request) -> bool {
        self.id.call_id() == request.call_id()
            && request.to_tag() == Some(self.id.local_tag())
            && request.from_tag().unwrap_or("") == self.id.remote_tag()
    }

    /// Takes the number of a request of the peer, other than ACK and CANCEL, whose number is that of the INVITE.
    pub fn receive(&mut self, request: &Request) -> Order {
        let Some(CSeq { seq, .. }) = request.cseq() else { return Order::Old };
        match self.remote_number {
            Some(newest) if seq < newest => Order::Old,
            Some(newest) if seq == newest => Order::Repeated,
            _ => {
                self.remote_number = Some(seq);
                Order::Next
            }
        }
    }

    /// Makes the next request: it wants a Contact, and whatever it is to say.
    ///
    /// # Panics
    /// For ACK and CANCEL, whose number is that of an INVITE.
    pub fn request(&mut self, method: Method) -> Request {
        assert!(!matches!(method, Method::Ack | Method::Cancel), "it has the number of an INVITE");
        self.local_number = self.local_number.saturating_add(1).min(CSEQ_MAX);
        self.numbered(method, self.local_number)
    }

    /// Makes the ACK of an acceptance: by the route set, to the Contact of that acceptance. Its number is that of the
    /// INVITE, which need not be the newest request.
    pub fn ack(&self, invite_number: u32) -> Request {
        self.numbered(Method::Ack, invite_number)
    }

    /// Returns where requests go to: the first of the route set, else the peer.
    pub fn next_hop(&self) -> Uri {
        self.routes.first().unwrap_or(&self.target).clone()
    }

    fn numbered(&self, method: Method, seq: u32) -> Request {
        let (uri, routes) = self.routes.lead(&self.target);
        let mut request = Request::new(method, uri);
        let headers = request.headers_mut();
        for route in routes {
            headers.push(Name::Route, route);
        }
        headers.push(Name::MaxForwards, "70");
        headers.push(Name::From, &*self.local);
        headers.push(Name::To, &*self.remote);
        headers.push(Name::CallId, self.id.call_id());
        headers.push(Name::CSeq, write_cseq(&CSeq { seq, method }));
        request
    }
}

fn value(headers: &Headers, name: Name) -> Result<String, Malformed> {
    headers.get(name).map(str::to_owned).ok_or(Malformed::NameAddr)
}

/// Returns the Contact as a Request-URI.
fn contact(headers: &Headers) -> Result<Option<Uri>, Malformed> {
    let Some(value) = headers.get(Name::Contact) else { return Ok(None) };
    route::uri_of(value).map(Some)
}

/// Returns the address of the peer as a Request-URI, when there is nothing better.
fn peer(headers: &Headers, name: Name) -> Result<Uri, Malformed> {
    route::uri_of(headers.get(name).ok_or(Malformed::NameAddr)?)
}
