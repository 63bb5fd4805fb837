//! What a trunk says of an INVITE.

use std::sync::Arc;

use sdp::SessionDescription;
use sip::identity::Privacy;
use sip::uri::UriParts;
use sip::{Name, Request};
use trunk::Seed;
use trunk::route::{self, Credentials, Decision, Offer, Outcome, Step};
use trunk::snapshot::{Side, Snapshot};

use super::Arrival;
use super::refusal::{self, Refused};
use crate::counters::Count;
use crate::crossing::transport_of;
use crate::desk::Desk;
use crate::flow::auth::{self, Login};
use crate::media_plan::audio_protection;
use crate::summary::End;

/// A call that may be.
pub(super) struct Decided {
    pub(super) side: Side,
    pub(super) outcome: Outcome,
    /// What was looked at on the way.
    pub(super) trace: Vec<Step>,
    pub(super) snapshot: Arc<Snapshot>,
    /// Who has logged in.
    pub(super) user: Option<String>,
    pub(super) offer: Option<SessionDescription>,
    /// Who calls, in the words of the request.
    pub(super) said: String,
}

/// The body of a request.
enum Body {
    Absent,
    Description(Box<SessionDescription>),
    Broken,
}

impl Body {
    fn of(request: &Request) -> Self {
        match request.body() {
            [] => Self::Absent,
            text => SessionDescription::parse(text)
                .map_or(Self::Broken, |description| Self::Description(Box::new(description))),
        }
    }

    fn offer(&self) -> Offer {
        match self {
            Self::Absent => Offer::Absent,
            Self::Description(offer) if audio_protection(offer) => Offer::Protected,
            Self::Description(_) | Self::Broken => Offer::Clear,
        }
    }
}

/// Decides. What is refused here is answered, and nothing is left to be done.
pub(super) fn decide(desk: &mut Desk, arrival: &Arrival) -> Option<Decided> {
    let Arrival { request, flow, .. } = arrival;
    let host = request.uri().host().map(|host| host.to_string()).unwrap_or_default();
    let source = flow.remote.ip();
    let side = desk.snapshot.side_of(source, &host).unwrap_or(Side::Customer);
    let login = match side {
        Side::Carrier => Login::Absent { stale: false },
        Side::Customer => auth::login(desk, request, &host, flow),
    };
    let body = Body::of(request);
    let asserted = request.headers().addresses(Name::PAssertedIdentity);
    let asserted: Vec<String> = asserted.map(|address| user_of(&address.uri())).collect();
    let asserted: Vec<&str> = asserted.iter().map(String::as_str).collect();
    let number = user_of(&request.uri().parts());
    let from = request.from_address().map(|address| user_of(&address.uri())).unwrap_or_default();
    let attempt = route::Attempt {
        asserted: &asserted,
        credentials: match &login {
            Login::Absent { .. } | Login::Doubtful | Login::Misplaced => Credentials::Absent,
            Login::Verified { connector, username } => {
                Credentials::Verified { connector: *connector, username }
            }
            Login::Wrong => Credentials::Wrong,
        },
        from: &from,
        here: desk.setup.here,
        host: &host,
        number: &number,
        offer: body.offer(),
        privacy: Privacy::parse(request.headers().all(Name::Privacy)).hides_caller(),
        side,
        source,
        transport: transport_of(flow.protocol),
    };
    let snapshot = Arc::clone(&desk.snapshot);
    let mut seed = Seed(desk.random.half());
    let Decision { outcome, trace } = route::decide(&snapshot, &attempt, |bound| seed.below(bound));
    let said = asserted.first().map_or(&*from, |first| *first).to_owned();
    conclude(
        desk,
        arrival,
        login,
        body,
        Decided { side, outcome, trace, snapshot, user: None, offer: None, said },
    )
}

/// Answers what is refused; what may be has its offer and its user.
fn conclude(
    desk: &mut Desk,
    arrival: &Arrival,
    login: Login,
    body: Body,
    mut decided: Decided,
) -> Option<Decided> {
    let stale = login == Login::Absent { stale: true };
    let is_wrong = login == Login::Doubtful;
    let is_misplaced = login == Login::Misplaced;
    decided.user = match login {
        Login::Verified { username, .. } => Some(username),
        Login::Absent { .. } | Login::Doubtful | Login::Misplaced | Login::Wrong => None,
    };
    if let Outcome::Reject(reject) = &decided.outcome {
        let Arrival { id, request, flow } = arrival;
        if reject.reason.is_challenge() && is_misplaced {
            desk.counters.add(Count::LoginMisplaced);
            refusal::refuse_with(desk, arrival, decided.side, reject.connector, (None, 400));
        } else if reject.reason.is_challenge() {
            let host = request.uri().host().map(|host| host.to_string()).unwrap_or_default();
            desk.counters.add(Count::Challenged);
            let end = End::refused(desk.setup.challenge.code());
            refusal::await_return(desk, arrival, decided.side, reject.connector, (is_wrong, end));
            auth::challenge(desk, *id, request, (&host, flow.remote.ip()), stale);
        } else {
            let refused = Refused {
                reason: reject.reason,
                connector: reject.connector,
                retry_after_s: None,
                trace: refusal::trace(&decided.trace),
            };
            refusal::refuse(desk, arrival, decided.side, refused, decided.user);
        }
        return None;
    }
    match body {
        Body::Absent => {}
        Body::Description(offer) => decided.offer = Some(*offer),
        Body::Broken => {
            desk.counters.add(Count::DescriptionBroken);
            let connector = super::connector_of(&decided.outcome);
            refusal::refuse_with(desk, arrival, decided.side, connector, (decided.user, 400));
            return None;
        }
    }
    Some(decided)
}

/// Returns the number in a URI, without separators; else the user as it is written.
pub(super) fn user_of(uri: &UriParts<'_>) -> String {
    uri.dialled().or_else(|| uri.user().map(str::to_owned)).unwrap_or_default()
}
