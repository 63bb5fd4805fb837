//! An INVITE that breaks a rule and was told so: an attempt like any other, as far as it can be read.

use sip::Name;
use sip::flow::Flow;
use sip::lexer::Lexed;
use sip::name_addr::AddressParts;
use sip::validate::Refusal;
use trunk::route::{self, Credentials, Offer};
use trunk::snapshot::Side;
use trunk::{Seed, VoiceConnectorId};

use super::{attempt, write};
use crate::arrival::{request_uri, tag};
use crate::counters::Count;
use crate::crossing::transport_of;
use crate::desk::{Desk, Invite, Noted};
use crate::flow::invite::connector_of;
use crate::flow::invite::decide::user_of;
use crate::output::{Note, Output};
use crate::summary::End;

/// What can be read of it.
struct Traces {
    /// The host of the Request-URI.
    host: String,
    from: String,
    to: String,
    call_id: String,
}

/// Writes the record of an INVITE that was refused for one of its faults; copies of it leave none.
pub(crate) fn record(desk: &mut Desk, lexed: &Lexed<'_>, refusal: &Refusal, flow: &Flow) {
    let traces = Traces::of(lexed);
    let source = flow.remote.ip();
    let side = desk.snapshot.side_of(source, &traces.host).unwrap_or(Side::Customer);
    let Some(connector) = connector(desk, &traces, side, flow) else { return };
    let (call_id, cseq, via) = (text(lexed, Name::CallId), text(lexed, Name::CSeq), text(lexed, Name::Via));
    let number = cseq.split_whitespace().next().and_then(|digits| digits.parse().ok()).unwrap_or(0);
    let tag = tag(lexed, Name::From).unwrap_or_default();
    let known = Invite::new(&desk.fingerprints, source, (call_id, &tag), (number, via));
    let host = source.to_string();
    let invite = [host.as_bytes(), call_id.as_bytes(), cseq.as_bytes(), via.as_bytes()];
    let invite = desk.fingerprints.of(&invite);
    match desk.turned_away.note(desk.now.elapsed, invite, desk.setup.limits.refusals_max) {
        Noted::Copy => return,
        Noted::New if desk.is_open => {}
        Noted::New | Noted::Full => return desk.counters.add(Count::Unrecorded),
    }
    let status = refusal.code();
    let phrase = refusal.fault.phrase();
    let people = (traces.from.as_str(), traces.to.as_str());
    let attempt = attempt(desk, (connector, side), &traces.call_id, people, None);
    let id = write(desk, Some(&known), attempt, End::rejected(&format!("{status} {phrase}")));
    let reason = refusal.fault.word();
    desk.tell(Output::Note(Note { attempt: Some(id), at: desk.now.unix, status, reason, trace: phrase }));
}

impl Traces {
    fn of(lexed: &Lexed<'_>) -> Self {
        let uri = request_uri(lexed);
        let host = uri.and_then(|uri| Some(uri.host()?.to_string())).unwrap_or_default();
        let from = user(lexed, Name::PAssertedIdentity).or_else(|| user(lexed, Name::From));
        let to = uri.map(|uri| user_of(&uri)).or_else(|| user(lexed, Name::To));
        Self {
            host,
            from: from.unwrap_or_default(),
            to: to.unwrap_or_default(),
            call_id: text(lexed, Name::CallId).to_owned(),
        }
    }
}

/// Tells whose attempt it is: what the trunk would say of it if nothing else were wrong with it.
fn connector(desk: &mut Desk, traces: &Traces, side: Side, flow: &Flow) -> Option<VoiceConnectorId> {
    let attempt = route::Attempt {
        asserted: &[],
        credentials: Credentials::Absent,
        from: &traces.from,
        here: desk.setup.here,
        host: &traces.host,
        number: &traces.to,
        offer: Offer::Absent,
        privacy: false,
        side,
        source: flow.remote.ip(),
        transport: transport_of(flow.protocol),
    };
    let mut seed = Seed(desk.random.half());
    let decision = route::decide(&desk.snapshot, &attempt, |bound| seed.below(bound));
    connector_of(&decision.outcome)
}

fn text<'a>(lexed: &'a Lexed<'_>, name: Name) -> &'a str {
    lexed.field(name).map_or("", |field| &*field.value)
}

/// Returns the number, or else the user, of an address.
fn user(lexed: &Lexed<'_>, name: Name) -> Option<String> {
    let parts = AddressParts::parse(&lexed.field(name)?.value).ok()?;
    Some(user_of(&parts.uri()))
}
