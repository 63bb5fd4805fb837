//! The engine: which input belongs to whom.

use std::net::SocketAddr;
use std::time::Duration;

use control::{Reason, SideName};
use sip::dialog::{DialogId, Order};
use sip::flow::{Flow, Protocol};
use sip::transaction::{ClientId, Event, Failure, ServerId};
use sip::{Method, Request, Response};
use trunk::VoiceConnectorId;
use trunk::failover::PROVISIONAL_TIMEOUT;

use crate::arrival;
use crate::call::{Call, Calls, Phase};
use crate::clock::{CallTimer, Timer};
use crate::counters::{Count, Counters};
use crate::desk::{Client, Desk, Query};
use crate::flow::invite::Arrival;
use crate::flow::{answer, bye, cancel, early, failover, forking, invite, naming, options, reinvite};
use crate::input::{Input, MediaEvent};
use crate::moment::Moment;
use crate::output::Output;
use crate::setup::Setup;
use crate::summary::{CallId, End};

/// All calls of a node. What happens is put in with [`Engine::handle`], what is to be done comes out of
/// [`Engine::poll`].
pub struct Engine {
    desk: Desk,
    calls: Calls,
}

impl Engine {
    /// Makes an engine without calls. The seed is 32 random bytes, others each time: whoever knows them knows all keys.
    pub fn new(setup: Setup, seed: [u8; 32]) -> Self {
        let mut desk = Desk::new(setup, &seed);
        options::follow_snapshot(&mut desk);
        Self { desk, calls: Calls::default() }
    }

    /// Takes something that has happened.
    pub fn handle(&mut self, now: Moment, input: Input<'_>) {
        self.desk.now = now;
        match input {
            Input::Received { flow, bytes } => arrival::received(&mut self.desk, &self.calls, flow, bytes),
            Input::SendFailed { destination } => {
                self.desk.transactions.send_failed(now.elapsed, &destination);
            }
            Input::Resolved { query, protocol, addresses } => {
                self.resolved(query, protocol, addresses.unwrap_or_default());
            }
            Input::Media(event) => self.media(event),
            Input::Snapshot(snapshot) => {
                self.desk.limits.follow(&snapshot);
                self.desk.snapshot = snapshot;
                options::follow_snapshot(&mut self.desk);
            }
            Input::Clear { call } => self.with(call, |desk, call| clear(desk, call, CLEARED)),
            Input::NoRoom { call } => {
                self.with(call, |desk, call| bye::reject(desk, call, 503, End::refused(503)));
            }
            Input::Admission { open } => self.desk.is_open = open,
            Input::Pressure { is_high } => self.desk.load.is_high = is_high,
            Input::Timer => self.timers(),
        }
        self.events();
        self.desk.collect();
    }

    /// Takes out what is to be done next.
    pub fn poll(&mut self) -> Option<Output> {
        self.desk.poll()
    }

    /// Returns when to say [`Input::Timer`].
    pub fn next_timeout(&self) -> Option<Duration> {
        let timeouts = [self.desk.clock.next(), self.desk.transactions.next_timeout()];
        timeouts.into_iter().flatten().min()
    }

    /// Counts the calls, those included that still owe somebody a message.
    pub const fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Counts the transactions, those included that only wait for copies.
    pub fn transactions(&self) -> usize {
        self.desk.transactions.load().transactions
    }

    /// Returns what was dropped, or refused without a call.
    pub const fn counters(&self) -> &Counters {
        &self.desk.counters
    }

    /// Returns what transactions have dropped, refused or not sent.
    pub const fn transaction_counters(&self) -> &sip::transaction::Counters {
        self.desk.transactions.counters()
    }

    /// Tells whether nothing is kept of any call.
    pub fn is_idle(&self) -> bool {
        self.calls() == 0 && self.desk.kept() == 0 && self.desk.limits.calls() == 0
    }

    /// Tells who has asked last, for a connector, whether we are there, and when.
    pub fn asked_last(&self, connector: &VoiceConnectorId) -> Option<(SocketAddr, Moment)> {
        self.desk.links.asked_last(connector)
    }

    /// Works on a call, and forgets it if that was the last of it.
    fn with(&mut self, id: CallId, work: impl FnOnce(&mut Desk, &mut Call)) {
        let Some(mut call) = self.calls.take(id) else { return };
        work(&mut self.desk, &mut call);
        self.calls.keep(&mut self.desk, call);
    }

    fn events(&mut self) {
        while let Some(event) = self.desk.transactions.poll_event() {
            match event {
                Event::Request { id, request, flow, merged } => {
                    self.request(Arrival { id, request, flow }, merged);
                }
                Event::Ack { id, request, .. } => match id.and_then(|id| self.desk.servers.remove(&id)) {
                    Some((call, leg)) => {
                        self.with(call, |desk, call| answer::acknowledged(desk, call, leg, &request));
                    }
                    None => self.desk.counters.add(Count::AckUnmatched),
                },
                Event::Cancelled { id, .. } => {
                    if let Some((call, leg)) = self.desk.servers.get(&id).copied() {
                        self.with(call, |desk, call| cancel::received(desk, call, leg));
                    }
                }
                Event::Response { id, response, flow } => self.response(id, &response, &flow),
                Event::Failed { id, why } => self.failed(id, why),
                Event::Narrowed { id, remote } => self.narrowed(id, remote),
                Event::AckMissing { id } | Event::ResponseLost { id } => self.unacknowledged(id),
            }
        }
    }

    fn request(&mut self, arrival: Arrival, is_merged: bool) {
        let Some(dialog) = DialogId::of_request(&arrival.request) else {
            return self.first_request(arrival, is_merged);
        };
        let Arrival { id, request, flow } = arrival;
        let place = self.desk.dialogs.get(&dialog).copied();
        let is_of_dialog = arrival::is_of_dialog(&self.desk, &self.calls, &dialog, &flow);
        let Some((call, leg)) = place.filter(|_| is_of_dialog) else {
            self.desk.counters.add(Count::DialogUnknown);
            return self.desk.refuse(id, &request, 481);
        };
        self.with(call, |_, call| call.leg_mut(leg).came_by(&flow));
        let method = request.method();
        if !matches!(method, Method::Bye | Method::Invite) && self.is_old(call, leg, &request) {
            return self.desk.refuse(id, &request, 500);
        }
        if method == Method::Bye {
            self.with(call, |desk, call| bye::received(desk, call, leg, (id, &request)));
        } else if method == Method::Invite {
            self.with(call, |desk, call| reinvite::received(desk, call, leg, id, request));
        } else if method == Method::Options {
            options::received(&mut self.desk, id, &request, &flow);
        } else {
            self.refuse_method(id, &request);
        }
    }

    /// Takes the number of a request that changes nothing in its dialog, and tells whether a later one has come before.
    fn is_old(&mut self, call: CallId, leg: SideName, request: &Request) -> bool {
        let mut order = None;
        self.with(call, |_, call| {
            order = call.leg_mut(leg).dialog.as_mut().map(|dialog| dialog.receive(request));
        });
        order == Some(Order::Old)
    }

    fn refuse_method(&mut self, id: ServerId, request: &Request) {
        self.desk.counters.add(Count::MethodRefused);
        self.desk.refuse(id, request, 405);
    }

    fn first_request(&mut self, arrival: Arrival, is_merged: bool) {
        let Arrival { id, request, flow } = &arrival;
        let method = request.method();
        if method == Method::Invite {
            invite::received(&mut self.desk, &mut self.calls, arrival, is_merged);
        } else if method == Method::Options {
            options::received(&mut self.desk, *id, request, flow);
        } else if method == Method::Bye {
            // Without a tag it belongs to nothing.
            self.desk.counters.add(Count::DialogUnknown);
            self.desk.refuse(*id, request, 481);
        } else {
            self.refuse_method(*id, request);
        }
    }

    fn response(&mut self, id: ClientId, response: &Response, flow: &Flow) {
        let Some(sent) = self.desk.clients.get(&id).copied() else {
            return self.desk.counters.add(Count::ResponseUnwanted);
        };
        let is_final = response.is_final();
        match sent.client {
            Client::Bye | Client::Probe(_) if !is_final => {}
            Client::Bye => {
                self.desk.clients.remove(&id);
            }
            Client::Probe(link) => {
                self.desk.clients.remove(&id);
                options::heard(&mut self.desk, link, Some(response.code()));
            }
            Client::Invite(call, leg) => self.invite_response((id, call, leg), response, flow),
        }
    }

    fn invite_response(
        &mut self,
        (id, call, leg): (ClientId, CallId, SideName),
        response: &Response,
        flow: &Flow,
    ) {
        let is_success = response.is_success();
        if is_success && forking::acknowledge_again(&mut self.desk, id, response) {
            return;
        }
        if response.is_final() && !is_success {
            self.desk.clients.remove(&id);
        }
        let is_awaited = self.calls.get(call).is_some_and(|call| call.leg(leg).asks == Some(id));
        if !is_awaited || (is_success && self.desk.accepted.contains(id)) {
            if is_success {
                forking::decline(&mut self.desk, id, response, flow);
            }
            return;
        }
        self.with(call, |desk, call| match (call.phase, leg) {
            (Phase::Answered, leg) if response.is_final() => {
                reinvite::answered(desk, call, leg, id, response);
            }
            (Phase::Seeking, SideName::B) if is_success => answer::accepted(desk, call, id, response, flow),
            (Phase::Seeking, SideName::B) if response.is_final() => answer::refused(desk, call, response),
            (Phase::Seeking, SideName::B) => early::rings(desk, call, response),
            (Phase::Naming | Phase::Opening | Phase::Seeking | Phase::Answered | Phase::Over, _) => {}
        });
    }

    fn failed(&mut self, id: ClientId, why: Failure) {
        match self.desk.clients.remove(&id).map(|sent| sent.client) {
            None | Some(Client::Bye) => {}
            Some(Client::Probe(link)) => options::heard(&mut self.desk, link, None),
            Some(Client::Invite(call, leg)) => self.with(call, |desk, call| {
                if call.leg(leg).asks != Some(id) {
                    return;
                }
                if call.phase == Phase::Answered {
                    return reinvite::failed(desk, call, leg, why);
                }
                failover::unreachable(desk, call);
            }),
        }
    }

    /// An INVITE goes as a datagram after all: its host has as long to answer as if it had come so at once.
    fn narrowed(&mut self, id: ClientId, remote: SocketAddr) {
        self.desk.datagram_hosts.note(self.desk.now.elapsed, remote);
        let client = self.desk.clients.get(&id).map(|sent| sent.client);
        let Some(Client::Invite(call, SideName::B)) = client else { return };
        self.with(call, |desk, call| {
            if call.phase == Phase::Seeking && call.b.asks == Some(id) {
                call.wait(desk, PROVISIONAL_TIMEOUT, CallTimer::NoProvisional);
            }
        });
    }

    fn unacknowledged(&mut self, id: ServerId) {
        let Some((call, leg)) = self.desk.servers.remove(&id) else { return };
        self.with(call, |desk, call| {
            if call.leg(leg).unacknowledged == Some(id) {
                answer::ack_missing(desk, call, leg);
            }
        });
    }

    fn resolved(&mut self, query: u64, protocol: Protocol, addresses: Vec<SocketAddr>) {
        let address = addresses.first().copied();
        match self.desk.asked(query) {
            None => {}
            Some(Query::Probe(link)) => options::resolved(&mut self.desk, link, address),
            Some(Query::Way(call, leg, host)) => self.with(call, |_, call| {
                if let Some(address) = address {
                    call.leg_mut(leg).lead_to(protocol, address, Some(host));
                }
            }),
            Some(Query::Place(call, at)) => {
                self.with(call, |desk, call| failover::resolved(desk, call, at, addresses));
            }
            Some(Query::Media(call)) => {
                let address = address.map(|address| address.ip());
                self.with(call, |desk, call| naming::found(desk, call, query, address));
            }
        }
    }

    fn media(&mut self, event: MediaEvent) {
        let Some(call) = self.desk.sessions.get(&event.session()).copied() else { return };
        self.with(call, |desk, call| match event {
            MediaEvent::Opened { ports, .. } => invite::opened(desk, call, ports),
            MediaEvent::Applied { .. } => call.busy = 0,
            MediaEvent::Refused { reason, .. } if call.phase == Phase::Opening => {
                invite::media_refused(desk, call, Some(reason));
            }
            // What a later wish has overtaken is not wanted any more.
            MediaEvent::Refused { reason: Reason::EpochOld, .. } => {}
            MediaEvent::Refused { reason: Reason::WorkerBusy, .. } if call.busy < BUSY_MAX => {
                call.busy = call.busy.saturating_add(1);
                if answer::apply(desk, call).is_err() {
                    clear(desk, call, "media refused a change");
                }
            }
            MediaEvent::Refused { .. } => clear(desk, call, "media refused a change"),
            MediaEvent::Lost { .. } => clear(desk, call, LOST),
            MediaEvent::TimedOut { .. } => clear(desk, call, "no media"),
        });
    }

    fn timers(&mut self) {
        let now = self.desk.now.elapsed;
        self.desk.transactions.handle_timeout(now);
        while let Some(timer) = self.desk.clock.pop(now) {
            match timer {
                Timer::Call(id, timer) => self.with(id, |desk, call| due(desk, call, timer)),
                // How it would have been talked to is of no interest.
                Timer::Query { query } => self.resolved(query, Protocol::Udp, Vec::new()),
                Timer::Probe { link } => options::probe(&mut self.desk, link),
                Timer::Challenged { call } => self.desk.give_up(call),
                Timer::Accepted => {
                    while let Some(id) = self.desk.accepted.expire(now) {
                        self.desk.clients.remove(&id);
                    }
                }
            }
        }
    }
}

/// A timer of a call is due.
fn due(desk: &mut Desk, call: &mut Call, timer: CallTimer) {
    match timer {
        CallTimer::NoProvisional => failover::silent(desk, call),
        CallTimer::Ringing => early::again(desk, call),
        CallTimer::Unanswered => {
            if call.phase == Phase::Seeking {
                let (_, status) = invite::patience(desk, call);
                bye::reject(desk, call, status, End::rejected("nobody has answered"));
            }
        }
        CallTimer::MediaSilent => invite::media_refused(desk, call, None),
        CallTimer::CallMax => clear(desk, call, "the longest duration of a call"),
        CallTimer::LateAnswer => clear(desk, call, "no answer to an offer"),
    }
}

/// A worker that is busy is asked again so often in a row; it empties its inbox thousands of times a second.
const BUSY_MAX: u8 = 10;

const CLEARED: &str = "cleared by the operator";
const LOST: &str = "media was lost";
/// ITU-T Q.850: temporary failure. Another call may be made at once.
const MEDIA_LOST: &str = "Q.850;cause=41;text=\"media was lost\"";

/// Ends a call from here; whoever waits for an answer hears that there is none.
fn clear(desk: &mut Desk, call: &mut Call, why: &str) {
    if call.phase == Phase::Answered {
        let (end, reason) = match why {
            CLEARED => (End::normal(), None),
            LOST => (End::completed(why), Some(MEDIA_LOST)),
            _ => (End::completed(why), None),
        };
        return bye::finish(desk, call, end, reason);
    }
    bye::reject(desk, call, 480, End::rejected(why));
}
