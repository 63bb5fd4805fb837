//! An attempt that goes nowhere: an answer, and a record that begins and ends at once.

mod broken;

use sip::{Name, Request};
use trunk::route::Step;
use trunk::snapshot::Side;
use trunk::{Reason, VoiceConnectorId};

use super::Arrival;
use super::decide::user_of;
use crate::counters::Count;
use crate::desk::{Desk, Invite};
use crate::output::{Note, Output};
use crate::summary::{Attempt, AttemptId, Disposition, End, Ended, number_or};

pub(crate) use broken::record as record_broken;

/// What the trunk has against it.
pub(super) struct Refused {
    pub(super) reason: Reason,
    pub(super) connector: Option<VoiceConnectorId>,
    /// When to come back, if that helps.
    pub(super) retry_after_s: Option<u64>,
    /// What was looked at, in one line.
    pub(super) trace: String,
}

/// Says in one line which rules were looked at and what was found.
pub(super) fn trace(steps: &[Step]) -> String {
    let lines = steps.iter().map(|Step { found, rule, verdict }| format!("{verdict} {rule}: {found}"));
    lines.collect::<Vec<_>>().join("; ")
}

/// Refuses for a reason of the trunk.
pub(super) fn refuse(desk: &mut Desk, arrival: &Arrival, side: Side, refused: Refused, user: Option<String>) {
    let Refused { reason, connector, trace, .. } = refused;
    desk.counters.refuse(reason);
    let attempt = record(desk, arrival, side, connector, (user, End::reason(reason)));
    let status = reason.status();
    desk.tell(Output::Note(Note { attempt, at: desk.now.unix, status, reason: reason.word(), trace }));
    match refused.retry_after_s {
        Some(seconds) if status == 503 => {
            desk.refuse_for_now(arrival.id, &arrival.request, status, seconds);
        }
        _ => {
            let response = desk.response(&arrival.request, status);
            let response = match phrase(reason, &arrival.request) {
                Some(phrase) => response.with_phrase(&phrase),
                None => response,
            };
            desk.respond(arrival.id, response, &arrival.request);
        }
    }
}

/// What is said of a caller that may not be presented: which number that was.
fn phrase(reason: Reason, request: &Request) -> Option<String> {
    if reason != Reason::CallerNotAllowed {
        return None;
    }
    let caller = caller(request)?;
    // What is written back is a number, or what somebody took for one.
    let is_plain = caller.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.()*#".contains(&byte));
    is_plain.then(|| format!("Caller Id {caller} is not valid"))
}

/// Who calls, as P-Asserted-Identity says, or else From.
fn caller(request: &Request) -> Option<String> {
    let asserted = request.headers().address(Name::PAssertedIdentity);
    asserted.or(request.from_address()).map(|address| user_of(&address.uri()))
}

/// Refuses what the trunk has nothing against.
pub(super) fn refuse_with(
    desk: &mut Desk,
    arrival: &Arrival,
    side: Side,
    connector: Option<VoiceConnectorId>,
    (user, status): (Option<String>, u16),
) {
    record(desk, arrival, side, connector, (user, End::refused(status)));
    desk.refuse(arrival.id, &arrival.request, status);
}

fn record(
    desk: &mut Desk,
    arrival: &Arrival,
    side: Side,
    connector: Option<VoiceConnectorId>,
    (sip_user, end): (Option<String>, End),
) -> Option<AttemptId> {
    // Whose record it would be nobody can tell.
    let connector = connector?;
    let request = &arrival.request;
    let attempt = attempt_of(desk, request, (connector, side), sip_user);
    let invite = desk.awaited(request, &arrival.flow);
    Some(write(desk, invite.as_ref(), attempt, end))
}

/// Notes the attempt of an INVITE that is told what it lacks, such as a login: it ends with that, unless it comes back.
pub(super) fn await_return(
    desk: &mut Desk,
    arrival: &Arrival,
    side: Side,
    connector: Option<VoiceConnectorId>,
    (is_wrong, end): (bool, End),
) {
    let Arrival { request, flow, .. } = arrival;
    let invite = Invite::of(&desk.fingerprints, request, flow.remote.ip());
    if !desk.challenged.has_room(&invite, desk.setup.limits.challenges_max) {
        return desk.counters.add(Count::Unrecorded);
    }
    let connector = connector.filter(|_| desk.challenged.begins(&invite));
    let attempt = connector.map(|connector| attempt_of(desk, request, (connector, side), None));
    if let Some(attempt) = &attempt {
        desk.tell(Output::Begin(attempt.clone()));
    }
    let moment = (&mut desk.clock, desk.now.elapsed);
    desk.challenged.note(moment, invite, (attempt, is_wrong), end);
}

/// Makes the attempt of an INVITE that goes nowhere, or not yet.
fn attempt_of(
    desk: &mut Desk,
    request: &Request,
    whose: (VoiceConnectorId, Side),
    sip_user: Option<String>,
) -> Attempt {
    let (from, to) = (caller(request).unwrap_or_default(), user_of(&request.uri().parts()));
    attempt(desk, whose, request.call_id(), (&from, &to), sip_user)
}

/// Makes an attempt of what could be read.
fn attempt(
    desk: &mut Desk,
    (connector, side): (VoiceConnectorId, Side),
    call_id: &str,
    (from, to): (&str, &str),
    sip_user: Option<String>,
) -> Attempt {
    Attempt {
        id: AttemptId(desk.random.number()),
        call: None,
        connector,
        sip_call_id: call_id.to_owned(),
        invite_call_id: call_id.to_owned(),
        from_number: number_or(None, from),
        to_number: number_or(None, to),
        disposition: match side {
            Side::Carrier => Disposition::Origination,
            Side::Customer => Disposition::Termination,
        },
        sip_user,
        begun: desk.now.unix,
    }
}

/// Writes the record of an attempt that ends where it begins.
fn write(
    desk: &mut Desk,
    invite: Option<&Invite>,
    attempt: Attempt,
    End { status, message }: End,
) -> AttemptId {
    let attempt = desk.begin(invite, attempt);
    let id = attempt.id;
    desk.tell(Output::End(Ended { attempt, status, message, answered: None, ended: desk.now.unix }));
    id
}
