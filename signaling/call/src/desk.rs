//! What all calls share: transactions, clock, limits, and which message belongs to which call.

mod accepted;
mod challenged;
mod datagram_hosts;
mod departed;
mod relays;
mod sought;
mod turned_away;

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use control::{SessionId, SideName};
use sip::dialog::DialogId;
use sip::flow::{Flow, Protocol, Target};
use sip::transaction::{ClientId, ServerId, Transactions};
use sip::{Headers, Method, Name, Request, Response};
use trunk::failover::DeadHosts;
use trunk::snapshot::{Side, Snapshot};

use crate::clock::{Clock, Timer};
use crate::counters::Counters;
use crate::fingerprint::{Fingerprint, Fingerprints};
use crate::flow::auth::Guard;
use crate::flow::options::Links;
use crate::leg::Question;
use crate::load::Load;
use crate::manipulation::{Message, Travel};
use crate::media_plan::Screen;
use crate::moment::Moment;
use crate::output::Output;
use crate::random::Random;
use crate::setup::Setup;
use crate::summary::{Attempt, CallId, End, Ended};

pub(crate) use accepted::Accepted;
pub(crate) use challenged::{Challenged, Invite};
pub(crate) use datagram_hosts::DatagramHosts;
pub(crate) use departed::Departed;
pub(crate) use relays::Relays;
pub(crate) use sought::{Errand, Sought};
pub(crate) use turned_away::{Noted, TurnedAway};

/// What all calls share.
pub(crate) struct Desk {
    pub(crate) now: Moment,
    pub(crate) setup: Setup,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) random: Random,
    pub(crate) transactions: Transactions,
    pub(crate) clock: Clock,
    pub(crate) limits: trunk::limits::Limits,
    pub(crate) dead_hosts: DeadHosts,
    pub(crate) guard: Guard,
    pub(crate) links: Links,
    pub(crate) accepted: Accepted,
    pub(crate) departed: Departed,
    pub(crate) sought: Sought,
    pub(crate) relays: Relays,
    pub(crate) turned_away: TurnedAway,
    pub(crate) challenged: Challenged,
    pub(crate) fingerprints: Fingerprints,
    pub(crate) datagram_hosts: DatagramHosts,
    pub(crate) counters: Counters,
    pub(crate) load: Load,
    /// Whether new calls are taken.
    pub(crate) is_open: bool,
    pub(crate) clients: HashMap<ClientId, Sent>,
    pub(crate) servers: HashMap<ServerId, (CallId, SideName)>,
    pub(crate) dialogs: HashMap<DialogId, (CallId, SideName)>,
    pub(crate) sessions: HashMap<SessionId, CallId>,
    /// What names are looked up for, and until when.
    queries: HashMap<u64, (Query, Duration)>,
    query: u64,
    /// Addresses of ours.
    own: Vec<IpAddr>,
    outputs: VecDeque<Output>,
}

/// What a request of ours is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// An INVITE of a call.
    Invite(CallId, SideName),
    /// An OPTIONS to a carrier.
    Probe(trunk::CarrierLinkId),
    /// One whose answer changes nothing.
    Bye,
}

/// A request of ours, and where it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) client: Client,
    pub(crate) host: IpAddr,
    connection: Option<u64>,
}

impl Sent {
    /// Tells whether something comes from where it went.
    pub(crate) fn went_to(&self, flow: &Flow) -> bool {
        let is_connection = flow.protocol.is_reliable() && self.connection == Some(flow.connection);
        is_connection || self.host == flow.remote.ip()
    }
}

/// What a name is looked up for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Query {
    /// Where a leg wants media.
    Media(CallId),
    /// The place that is to be tried.
    Place(CallId, usize),
    /// The way of a dialog, to a host with a name.
    Way(CallId, SideName, Rc<str>),
    /// A carrier link that is to be probed.
    Probe(trunk::CarrierLinkId),
}

impl Desk {
    pub(crate) fn new(setup: Setup, seed: &[u8; 32]) -> Self {
        let mut random = Random::new(seed);
        let transactions = Transactions::new(setup.limits.transactions, random.block());
        let own = setup.listeners.iter().map(|listener| listener.local.ip());
        Self {
            now: Moment::default(),
            snapshot: Arc::clone(&setup.snapshot),
            guard: Guard::new(random.block()),
            fingerprints: Fingerprints::new(&random.block()),
            transactions,
            random,
            clock: Clock::default(),
            limits: trunk::limits::Limits::default(),
            dead_hosts: DeadHosts::default(),
            links: Links::default(),
            accepted: Accepted::default(),
            departed: Departed::default(),
            sought: Sought::default(),
            relays: Relays::default(),
            turned_away: TurnedAway::default(),
            challenged: Challenged::default(),
            datagram_hosts: DatagramHosts::default(),
            counters: Counters::new(),
            load: Load::default(),
            is_open: true,
            clients: HashMap::new(),
            servers: HashMap::new(),
            dialogs: HashMap::new(),
            sessions: HashMap::new(),
            queries: HashMap::new(),
            query: 0,
            own: own.filter(|address| !address.is_unspecified()).collect(),
            outputs: VecDeque::new(),
            setup,
        }
    }

    /// Wants something done, after all that was wanted before.
    pub(crate) fn tell(&mut self, output: Output) {
        self.collect();
        self.outputs.push_back(output);
    }

    /// Takes what the transactions want sent.
    pub(crate) fn collect(&mut self) {
        while let Some(transmit) = self.transactions.poll_transmit() {
            self.outputs.push_back(Output::Send { to: transmit.to, bytes: transmit.bytes });
        }
    }

    pub(crate) fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Has a name looked up, and returns the number of the question; `None` when too many are.
    pub(crate) fn ask(&mut self, what: Query, question: Question) -> Option<u64> {
        if self.queries.len() >= self.setup.limits.queries_max {
            return None;
        }
        self.query = self.query.wrapping_add(1);
        let query = self.query;
        let until = self.now.elapsed.saturating_add(QUERY_PATIENCE);
        self.queries.insert(query, (what, until));
        self.clock.set(until, Timer::Query { query });
        let Question { host, port, mut protocols } = question;
        protocols.retain(|protocol| self.setup.listener(*protocol, None).is_some());
        self.tell(Output::Resolve { query, host, port, protocols });
        Some(query)
    }

    /// Takes back what a name was looked up for.
    pub(crate) fn asked(&mut self, query: u64) -> Option<Query> {
        let (what, until) = self.queries.remove(&query)?;
        self.clock.unset(until, Timer::Query { query });
        Some(what)
    }

    /// Sends a request by a leg's way.
    pub(crate) fn send(&mut self, mut request: Request, to: Target, client: Client) -> Option<ClientId> {
        let sent_by = self.setup.listener(to.protocol, to.local)?.advertised.clone();
        if let Some(product) = &self.setup.product {
            request.headers_mut().set(Name::UserAgent, product.clone());
        }
        self.manipulate(Travel::Out, &mut request, to.remote.ip());
        let sent = Sent { client, host: to.remote.ip(), connection: to.connection };
        let wide = self.wide(&to);
        let wide = wide.as_ref().map(|(to, sent_by)| (to.clone(), sent_by.as_str()));
        let now = self.now.elapsed;
        let id = self.transactions.request_wide(now, request, (to, &sent_by), wide).ok()?;
        self.clients.insert(id, sent);
        Some(id)
    }

    /// Returns how what is too long for a datagram gets to a host, unless that takes no connection.
    fn wide(&self, to: &Target) -> Option<(Target, String)> {
        if to.protocol != Protocol::Udp || self.datagram_hosts.contains(self.now.elapsed, &to.remote) {
            return None;
        }
        let listener = self.setup.listener(Protocol::Tcp, None)?;
        let wide =
            Target { protocol: Protocol::Tcp, remote: to.remote, name: None, local: None, connection: None };
        Some((wide, listener.advertised.clone()))
    }

    /// Sends the ACK of an acceptance, and again for each copy of that.
    pub(crate) fn acknowledge(&mut self, id: ClientId, ack: Request, to: Target) {
        let Some(listener) = self.setup.listener(to.protocol, to.local) else { return };
        let sent_by = listener.advertised.clone();
        // What cannot be written is not acknowledged; the peer ends the call then.
        let _ = self.transactions.acknowledge(ack.clone(), to.clone(), &sent_by);
        self.accepted.insert(&mut self.clock, self.now.elapsed, id, (ack, to));
    }

    /// Changes the headers that peers want otherwise.
    pub(crate) fn manipulate(&self, travel: Travel, request: &mut Request, peer: IpAddr) {
        let method = request.method();
        self.rewrite(travel, Message::Request, method, request.headers_mut(), peer);
    }

    /// Changes the headers that peers want otherwise in what answers a request.
    pub(crate) fn manipulate_response(&self, travel: Travel, response: &mut Response, peer: IpAddr) {
        let Some(method) = response.cseq().map(|cseq| cseq.method) else { return };
        self.rewrite(travel, Message::Response, method, response.headers_mut(), peer);
    }

    fn rewrite(&self, travel: Travel, kind: Message, method: Method, headers: &mut Headers, peer: IpAddr) {
        if self.setup.manipulations.is_empty() {
            return;
        }
        let is_carrier = self.snapshot.link_by_source(peer).is_some();
        let side = if is_carrier { Side::Carrier } else { Side::Customer };
        let rules = self.setup.manipulations.iter();
        for rule in rules.filter(|rule| rule.is_about(side, travel, kind, method)) {
            rule.apply(headers, peer);
        }
    }

    /// Answers a request; if the answer cannot be written, with 500.
    pub(crate) fn respond(&mut self, id: ServerId, mut response: Response, request: &Request) {
        if let Some(product) = &self.setup.product {
            response.headers_mut().set(Name::Server, product.clone());
        }
        if let Some(source) = request.top_via().and_then(|via| via.received()) {
            self.manipulate_response(Travel::Out, &mut response, source);
        }
        let tag = response.to_tag().map(str::to_owned);
        if self.transactions.respond(self.now.elapsed, id, response).is_err() {
            let plain = Response::to_request(request, 500);
            let tagged = match &tag {
                Some(tag) => plain.with_to_tag(tag),
                None => Ok(plain),
            };
            // RFC 3261 section 8.2.6.2 leaves no less to say; what came was read, so it can be written.
            let sent = tagged.map(|plain| self.transactions.respond(self.now.elapsed, id, plain));
            debug_assert!(matches!(sent, Ok(Ok(()))), "what came can be sent back");
        }
    }

    /// Returns what tells which attempt an INVITE may go on with; none if no attempt waits.
    pub(crate) fn awaited(&self, request: &Request, flow: &Flow) -> Option<Invite> {
        let any = self.challenged.len() > 0;
        any.then(|| Invite::of(&self.fingerprints, request, flow.remote.ip()))
    }

    /// Begins an attempt, or goes on with the one that was waiting for this INVITE to come back.
    pub(crate) fn begin(&mut self, invite: Option<&Invite>, mut attempt: Attempt) -> Attempt {
        let moment = (&mut self.clock, self.now.elapsed);
        match invite.and_then(|invite| self.challenged.resume(moment, invite)) {
            Some(Attempt { id, begun, .. }) => {
                (attempt.id, attempt.begun) = (id, begun);
                self.tell(Output::Resumed(attempt.clone()));
            }
            None => self.tell(Output::Begin(attempt.clone())),
        }
        attempt
    }

    /// An INVITE that was asked to log in has not come back, or is forgotten.
    pub(crate) fn give_up(&mut self, call: Fingerprint) {
        let Some((attempt, End { status, message })) = self.challenged.expire(call) else { return };
        let ended = self.now.unix;
        self.tell(Output::End(Ended { attempt, status, message, answered: None, ended }));
    }

    /// Answers a request that belongs to no call.
    pub(crate) fn refuse(&mut self, id: ServerId, request: &Request, status: u16) {
        let response = self.response(request, status);
        self.respond(id, response, request);
    }

    /// Refuses a request for now, and says when to come back.
    pub(crate) fn refuse_for_now(&mut self, id: ServerId, request: &Request, status: u16, seconds: u64) {
        let response = self.response(request, status).with(Name::RetryAfter, seconds.to_string());
        self.respond(id, response, request);
    }

    /// Makes a response with a tag of its own.
    pub(crate) fn response(&mut self, request: &Request, status: u16) -> Response {
        let response = Response::to_request(request, status);
        let tag = self.random.tag();
        let tagged = response.clone().with_to_tag(&tag).unwrap_or(response);
        if status == 405 { tagged.with(Name::Allow, allow()) } else { tagged }
    }

    /// Returns where media may not go.
    pub(crate) fn screen(&self) -> Screen<'_> {
        Screen { own: &self.own, allows_loopback: self.setup.allows_loopback }
    }

    /// Counts all that is kept for calls, which is nothing after the last one.
    pub(crate) fn kept(&self) -> usize {
        let tables = self.servers.len() + self.dialogs.len() + self.sessions.len() + self.queries.len();
        tables + self.clock.of_calls() + self.sought.len() + self.challenged.len() + self.relays.len()
    }
}

/// A name that takes longer leads nowhere: a caller hears nothing meanwhile.
const QUERY_PATIENCE: Duration = Duration::from_secs(5);

/// The methods that are served.
pub(crate) fn allow() -> String {
    sip::header::option_tag::write_methods(sip::validate::Rules::TRUNK.methods)
}

/// Tells whether a request may be the first of a call.
pub(crate) fn begins_call(request: &Request) -> bool {
    request.method() == Method::Invite && request.to_tag().is_none()
}
