//! A peer with transactions of its own, which says what a test tells it to.

use std::net::SocketAddr;
use std::time::Duration;

use sip::dialog::Dialog;
use sip::flow::{Destination, Flow, Protocol, Target};
use sip::transaction::{ClientId, Event, Limits, ServerId, Transactions};
use sip::validate::{Rules, Verdict, validate};
use sip::{Method, Name, NameAddr, Request, Response, Uri};

use super::HERE;

/// A description at an address.
pub(crate) fn sdp(host: [u8; 4], port: u16) -> String {
    let [a, b, c, d] = host;
    let host = format!("{a}.{b}.{c}.{d}");
    format!(
        "v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 101\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n"
    )
}

pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    pub(crate) protocol: Protocol,
    pub(crate) transactions: Transactions,
    pub(crate) now: Duration,
    pub(crate) dialog: Option<Dialog>,
    tag: String,
    /// What the peer has heard and the test has not asked for yet.
    pub(crate) requests: Vec<(ServerId, Request)>,
    pub(crate) responses: Vec<(ClientId, Response)>,
    pub(crate) acks: Vec<Request>,
    pub(crate) cancelled: Vec<ServerId>,
    pub(crate) unacknowledged: usize,
    pub(crate) failed: usize,
    calls: u32,
    /// What it calls its bodies.
    pub(crate) media_type: &'static str,
}

impl Peer {
    pub(crate) fn new(host: [u8; 4]) -> Self {
        Self::with_protocol(host, Protocol::Udp)
    }

    pub(crate) fn with_protocol(host: [u8; 4], protocol: Protocol) -> Self {
        let [.., last] = host;
        Self {
            address: SocketAddr::from((host, 5060)),
            protocol,
            transactions: Transactions::new(Limits::default(), [last; 32]),
            now: Duration::from_secs(1),
            dialog: None,
            tag: format!("tag{last}"),
            requests: Vec::new(),
            responses: Vec::new(),
            acks: Vec::new(),
            cancelled: Vec::new(),
            unacknowledged: 0,
            failed: 0,
            calls: 0,
            media_type: "application/sdp",
        }
    }

    /// How the engine sees what the peer sends.
    pub(crate) fn flow(&self, _to: &Destination) -> Flow {
        let port = if self.protocol == Protocol::Tls { 5061 } else { 5060 };
        let local = SocketAddr::from((HERE, port));
        let connection = u64::from(self.protocol.is_reliable());
        Flow { protocol: self.protocol, local, remote: self.address, connection }
    }

    pub(crate) fn target(&self) -> Target {
        let flow = self.flow_here();
        Target { protocol: self.protocol, remote: flow.remote, name: None, local: None, connection: None }
    }

    fn flow_here(&self) -> Flow {
        let port = if self.protocol == Protocol::Tls { 5061 } else { 5060 };
        let remote = SocketAddr::from((HERE, port));
        Flow {
            protocol: self.protocol,
            local: self.address,
            remote,
            connection: u64::from(self.protocol.is_reliable()),
        }
    }

    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        let lexed = sip::lexer::lex(bytes).unwrap();
        let flow = self.flow_here();
        match validate(&lexed, &Rules::TRUNK) {
            Verdict::Request(request) => {
                self.transactions.receive_request(self.now, request.to_request(), flow);
            }
            Verdict::Response(response) => {
                self.transactions.receive_response(self.now, response.to_response(), flow);
            }
            verdict @ (Verdict::Answer(_) | Verdict::Drop(_)) => {
                panic!("the engine said what breaks a rule: {verdict:?}")
            }
        }
    }

    pub(crate) fn collect(&mut self) {
        while let Some(event) = self.transactions.poll_event() {
            match event {
                Event::Request { id, request, .. } => self.requests.push((id, request)),
                Event::Ack { request, .. } => self.acks.push(request),
                Event::Cancelled { id, .. } => self.cancelled.push(id),
                Event::Response { id, response, .. } => self.responses.push((id, response)),
                Event::Failed { .. } => self.failed += 1,
                Event::AckMissing { .. } | Event::ResponseLost { .. } => self.unacknowledged += 1,
                Event::Narrowed { .. } => panic!("a peer sends nothing wide"),
            }
        }
    }

    /// An INVITE as a PBX or a carrier sends it.
    pub(crate) fn invitation(&mut self, from: &str, to: &str, host: &str, body: &str) -> Request {
        self.calls += 1;
        let uri = Uri::parse(&format!("sip:{to}@{host}")).unwrap();
        let own = Uri::parse(&format!("sip:{from}@{}", self.address)).unwrap();
        let mut request = Request::new(Method::Invite, uri.clone())
            .with(Name::MaxForwards, "70")
            .with(Name::From, NameAddr::new(own.clone()).with_tag(&self.tag).unwrap().to_string())
            .with(Name::To, NameAddr::new(uri).to_string())
            .with(Name::CallId, format!("{}-{}", self.tag, self.calls))
            .with(Name::CSeq, "1 INVITE")
            .with(Name::Contact, NameAddr::new(own).to_string());
        request.set_body(self.media_type, body);
        request
    }

    pub(crate) fn send(&mut self, request: Request) -> ClientId {
        let target = self.target();
        let sent_by = self.address.to_string();
        self.transactions.request(self.now, request, target, &sent_by).unwrap()
    }

    /// Answers the last request that came.
    pub(crate) fn answer(&mut self, status: u16, body: &str) -> Response {
        let (id, request) = self.requests.last().cloned().expect("a request has come");
        self.answer_to(id, &request, status, body)
    }

    pub(crate) fn answer_to(&mut self, id: ServerId, request: &Request, status: u16, body: &str) -> Response {
        let tag = self.tag.clone();
        self.answer_as(id, request, status, body, &tag)
    }

    /// Answers with a tag, as one of several forks.
    pub(crate) fn answer_as(
        &mut self,
        id: ServerId,
        request: &Request,
        status: u16,
        body: &str,
        tag: &str,
    ) -> Response {
        let contact = format!("<sip:{}>", self.address);
        let mut response = Response::to_request(request, status).with_to_tag(tag).unwrap();
        if status < 300 {
            response = response.with_record_route(request).with(Name::Contact, contact);
        }
        response.set_body(self.media_type, body);
        if request.method() == Method::Invite && (200..300).contains(&status) && self.dialog.is_none() {
            self.dialog = Some(Dialog::uas(request, &response).unwrap());
        }
        self.transactions.respond(self.now, id, response.clone()).unwrap();
        response
    }

    /// The statuses of the responses that came, in order.
    pub(crate) fn statuses(&self) -> Vec<u16> {
        self.responses.iter().map(|(_, response)| response.code()).collect()
    }

    /// The last response that came.
    pub(crate) fn heard(&self) -> &Response {
        &self.responses.last().expect("a response has come").1
    }

    /// The methods of the requests that came, in order.
    pub(crate) fn methods(&self) -> Vec<Method> {
        self.requests.iter().map(|(_, request)| request.method()).collect()
    }

    /// Acknowledges the acceptance that came last, and has a dialog from then on.
    pub(crate) fn acknowledge(&mut self, body: &str) {
        let response = self.heard().clone();
        assert!(response.is_success(), "{}", response.code());
        let number = response.cseq().unwrap().seq;
        match &mut self.dialog {
            Some(dialog) => dialog.confirm_by(&response).unwrap(),
            None => self.dialog = Some(Dialog::from_acceptance(&response).unwrap()),
        }
        let mut ack = self.dialog.as_ref().unwrap().ack(number);
        ack.set_body(self.media_type, body);
        let (target, sent_by) = (self.target(), self.address.to_string());
        self.transactions.acknowledge(ack, target, &sent_by).unwrap();
    }

    /// Sends a request within the dialog.
    pub(crate) fn request(&mut self, method: Method, body: &str) -> ClientId {
        let contact = format!("<sip:{}>", self.address);
        let mut request = self.dialog.as_mut().expect("there is a dialog").request(method);
        request.headers_mut().push(Name::Contact, contact);
        request.set_body(self.media_type, body);
        self.send(request)
    }
}
