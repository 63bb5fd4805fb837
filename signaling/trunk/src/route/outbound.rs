//! Calls from customers: to a carrier, or to another customer.

use crate::{
    connector::{Termination, VoiceConnector},
    country::Country,
    dialled::Dialled,
    e164::{E164, NumberClass},
    number::Tenure,
    peer::Transport,
    reason::Reason,
    snapshot::Snapshot,
};

use super::{
    attempt::{Attempt, Credentials, Offer},
    caller,
    decision::{LinkTarget, OnNet, Outbound, Outcome, TARGETS_MAX},
    delivery, identify, order,
    trail::{Rule, Trail},
};

pub(super) fn decide(
    snapshot: &Snapshot,
    attempt: &Attempt<'_>,
    random: &mut dyn FnMut(u32) -> u32,
    trail: &mut Trail,
) -> Result<Outcome, Reason> {
    let connector = identify::connector(snapshot, attempt, trail)?;
    trail.connector = Some(connector.id);
    let termination = termination(connector, trail)?;
    allow_list(attempt, termination, trail)?;
    encryption(attempt, connector, trail)?;
    credentials(attempt, connector, trail)?;
    let Called { number, is_emergency } = called(attempt, connector, trail)?;
    calling_region(termination, number, is_emergency, trail)?;
    premium(termination, number, is_emergency, trail)?;
    let mut caller = caller::outbound(snapshot, attempt, connector, termination, is_emergency, trail)?;
    let connector = connector.id;
    if is_on_net(snapshot, number, is_emergency, trail) {
        // Names travel to the telephone network only.
        caller.name = None;
        let (home, targets) = delivery::targets(snapshot, number, random, trail)?;
        return Ok(Outcome::OnNet(OnNet { called: number, caller, connector, home, targets }));
    }
    let links = links(snapshot, attempt, number, random, trail)?;
    Ok(Outcome::Outbound(Outbound { called: number, caller, connector, is_emergency, links }))
}

fn termination<'a>(connector: &'a VoiceConnector, trail: &mut Trail) -> Result<&'a Termination, Reason> {
    match &connector.termination {
        None => Err(trail.failed(Reason::TerminationMissing, "never set up")),
        Some(termination) if termination.disabled => {
            Err(trail.failed(Reason::TerminationDisabled, "set up, and disabled"))
        }
        Some(termination) => {
            trail.passed(Rule::Termination, "set up");
            Ok(termination)
        }
    }
}

fn allow_list(attempt: &Attempt<'_>, termination: &Termination, trail: &mut Trail) -> Result<(), Reason> {
    let source = attempt.source;
    match termination.allows(source) {
        Some(network) => {
            trail.passed(Rule::AllowList, format!("{source} is in {network}"));
            Ok(())
        }
        None if termination.cidr_allowed_list.is_empty() => {
            Err(trail.failed(Reason::SourceNotAllowed, "empty, so that nobody may call"))
        }
        None => {
            let found = format!("{source} is in none of {} networks", termination.cidr_allowed_list.len());
            Err(trail.failed(Reason::SourceNotAllowed, found))
        }
    }
}

fn encryption(attempt: &Attempt<'_>, connector: &VoiceConnector, trail: &mut Trail) -> Result<(), Reason> {
    let transport = attempt.transport;
    let is_tls = transport == Transport::Tls;
    let found = match (connector.require_encryption, attempt.offer) {
        (true, _) if !is_tls => {
            return Err(
                trail.failed(Reason::TlsWanted, format!("required, and the call came over {transport}"))
            );
        }
        (true, Offer::Clear) => {
            return Err(trail.failed(Reason::SrtpWanted, "required, and RTP is offered"));
        }
        (true, Offer::Absent) => "required: TLS is there, SRTP will be offered",
        (true, Offer::Protected) => "required: TLS and SRTP are there",
        (false, Offer::Protected) if !is_tls && !connector.srtp_without_tls => {
            let found = format!("SRTP is offered over {transport}, where anybody on the way reads its keys");
            return Err(trail.failed(Reason::SrtpWithoutTls, found));
        }
        (false, Offer::Protected) => "not required, SRTP is there",
        (false, Offer::Absent | Offer::Clear) => "not required",
    };
    trail.passed(Rule::Encryption, found);
    Ok(())
}

fn credentials(attempt: &Attempt<'_>, connector: &VoiceConnector, trail: &mut Trail) -> Result<(), Reason> {
    match attempt.credentials {
        _ if connector.credentials.is_empty() => {
            trail.passed(Rule::Credentials, "none set, none asked for");
            Ok(())
        }
        Credentials::Verified { connector: other, username }
            if other == connector.id && connector.credential(username).is_some() =>
        {
            trail.passed(Rule::Credentials, format!("{username:?} has logged in"));
            Ok(())
        }
        Credentials::Absent => Err(trail.failed(Reason::CredentialsWanted, "asked for")),
        Credentials::Verified { .. } | Credentials::Wrong => {
            Err(trail.failed(Reason::CredentialsWrong, "no credential of this connector"))
        }
    }
}

/// What is to be called.
struct Called {
    number: E164,
    is_emergency: bool,
}

fn called(attempt: &Attempt<'_>, connector: &VoiceConnector, trail: &mut Trail) -> Result<Called, Reason> {
    let text = attempt.number;
    let emergency = |number: Option<E164>, trail: &mut Trail| match number {
        Some(number) => {
            trail.passed(Rule::CalledNumber, format!("{text}, for which {number} is called"));
            Ok(Called { number, is_emergency: true })
        }
        None => {
            let found = format!("{text}, and no number is set up for it");
            Err(trail.failed(Reason::EmergencyNotConfigured, found))
        }
    };
    match Dialled::parse(text) {
        Dialled::Emergency => {
            emergency(connector.emergency.map(|emergency| emergency.emergency_phone_number), trail)
        }
        Dialled::EmergencyTest => {
            emergency(connector.emergency.and_then(|emergency| emergency.test_phone_number), trail)
        }
        Dialled::Number(number) => {
            let country =
                Country::of(number).map_or("of no country".to_owned(), |country| country.to_string());
            trail.passed(Rule::CalledNumber, format!("{number}, {country}, {}", number.class()));
            Ok(Called { number, is_emergency: false })
        }
        Dialled::ShortCode => {
            let found = format!("{text} is a short code, which trunks do not reach");
            Err(trail.failed(Reason::NumberNotE164, found))
        }
        Dialled::Unusable(why) => Err(trail.failed(Reason::NumberNotE164, format!("{text:?} has {why}"))),
    }
}

fn calling_region(
    termination: &Termination,
    number: E164,
    is_emergency: bool,
    trail: &mut Trail,
) -> Result<(), Reason> {
    if is_emergency {
        trail.noted(Rule::CallingRegion, NOT_ASKED);
        return Ok(());
    }
    if let Some(region) = termination.region_of(number) {
        trail.passed(Rule::CallingRegion, format!("{region} is allowed"));
        return Ok(());
    }
    let country =
        Country::of(number).map_or("a number of no country".to_owned(), |country| country.to_string());
    let allowed: Vec<String> = termination.calling_regions.iter().map(Country::to_string).collect();
    let allowed = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
    let found = format!("{country} is not allowed, but {allowed}");
    Err(trail.failed(Reason::CallingRegionNotAllowed, found))
}

fn premium(
    termination: &Termination,
    number: E164,
    is_emergency: bool,
    trail: &mut Trail,
) -> Result<(), Reason> {
    match (number.class(), termination.premium_calls) {
        (NumberClass::Premium, false) if !is_emergency => {
            Err(trail.failed(Reason::PremiumNotAllowed, format!("{number} is premium, which is not allowed")))
        }
        (NumberClass::Premium, _) => {
            trail.passed(Rule::Premium, format!("{number} is premium, which is allowed"));
            Ok(())
        }
        (NumberClass::Local | NumberClass::TollFree, _) => {
            trail.noted(Rule::Premium, "not premium");
            Ok(())
        }
    }
}

/// Tells whether calls to the number come to us anyway. A number that is still on its way to us is called where it is.
fn is_on_net(snapshot: &Snapshot, number: E164, is_emergency: bool, trail: &mut Trail) -> bool {
    if is_emergency {
        trail.noted(Rule::OnNet, NOT_ASKED);
        return false;
    }
    match snapshot.number(number).map(|number| number.tenure) {
        Some(Tenure::Assigned | Tenure::Idle) => {
            trail.passed(Rule::OnNet, format!("{number} is in the inventory, no carrier is needed"));
            true
        }
        Some(Tenure::Coming) => {
            trail.noted(Rule::OnNet, format!("{number} is on its way to us, and still elsewhere"));
            false
        }
        None => {
            trail.noted(Rule::OnNet, format!("{number} is not in the inventory"));
            false
        }
    }
}

fn links(
    snapshot: &Snapshot,
    attempt: &Attempt<'_>,
    number: E164,
    random: &mut dyn FnMut(u32) -> u32,
    trail: &mut Trail,
) -> Result<Vec<LinkTarget>, Reason> {
    let fit: Vec<_> = snapshot.links().filter(|link| link.delivers(number)).collect();
    let all = snapshot.links().len();
    if fit.is_empty() {
        return Err(trail.failed(Reason::LinkMissing, format!("none of {all} delivers calls to {number}")));
    }
    trail.passed(Rule::Links, format!("{} of {all} deliver calls to {number}", fit.len()));
    let is_elsewhere = |region| attempt.here.is_some_and(|here| here != region);
    let fit = order::by_rank(
        fit,
        |link| (link.priority, link.aws_region.is_some_and(is_elsewhere)),
        |link| link.weight.get(),
        random,
    );
    let targets = fit.into_iter().take(TARGETS_MAX).map(|link| LinkTarget {
        calls_max: link.calls_max,
        carrier: link.carrier,
        link: link.id,
        peer: link.peer.clone(),
        priority: link.priority,
        weight: link.weight.get(),
    });
    Ok(targets.collect())
}

const NOT_ASKED: &str = "not asked in an emergency";
