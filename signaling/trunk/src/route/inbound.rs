//! Calls from carriers.

use crate::{
    carrier::CarrierLink,
    e164::E164,
    number::{PhoneNumber, Tenure},
    reason::Reason,
    snapshot::Snapshot,
};

use super::{
    attempt::Attempt,
    caller,
    decision::{Inbound, Outcome},
    delivery,
    trail::{Rule, Trail},
};

pub(super) fn decide(
    snapshot: &Snapshot,
    attempt: &Attempt<'_>,
    random: &mut dyn FnMut(u32) -> u32,
    trail: &mut Trail,
) -> Result<Outcome, Reason> {
    let link = link(snapshot, attempt, trail)?;
    let number = inventory(snapshot, attempt, trail)?;
    number_carrier(&number, link, trail)?;
    let (home, targets) = delivery::targets(snapshot, number.e164, random, trail)?;
    let caller = caller::inbound(attempt);
    trail.passed(Rule::Caller, caller.to_string());
    let called = number.e164;
    Ok(Outcome::Inbound(Inbound { called, caller, carrier: link.carrier, home, link: link.id, targets }))
}

fn link<'a>(
    snapshot: &'a Snapshot,
    attempt: &Attempt<'_>,
    trail: &mut Trail,
) -> Result<&'a CarrierLink, Reason> {
    let source = attempt.source;
    match snapshot.link_by_source(source) {
        None => Err(trail.failed(Reason::LinkUnknown, format!("no carrier sends from {source}"))),
        Some(link) if link.disabled => {
            Err(trail.failed(Reason::LinkDisabled, format!("{} of {} is out of use", link.id, link.carrier)))
        }
        Some(link) => {
            trail.passed(Rule::Link, format!("{} of {}, by {source}", link.id, link.carrier));
            Ok(link)
        }
    }
}

fn inventory(snapshot: &Snapshot, attempt: &Attempt<'_>, trail: &mut Trail) -> Result<PhoneNumber, Reason> {
    let text = attempt.number;
    let Some(number) = readings(text).into_iter().flatten().find_map(|number| snapshot.number(number)) else {
        return Err(trail.failed(Reason::NumberUnknown, format!("{text:?} is not in the inventory")));
    };
    let e164 = number.e164;
    match number.tenure {
        Tenure::Assigned | Tenure::Idle => {
            trail.passed(Rule::Inventory, format!("{e164} is ours"));
            Ok(number)
        }
        Tenure::Coming => {
            Err(trail.failed(Reason::NumberUnknown, format!("{e164} is on its way to us, and not ours yet")))
        }
    }
}

/// Reads what carriers write: E.164 with `+` or without it, and ten digits of the North American plan. Where two readings
/// are possible, the inventory tells.
fn readings(text: &str) -> [Option<E164>; 2] {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_national = digits == text && text.len() == 10;
    let national = if is_national { E164::from_digits(&format!("1{digits}")).ok() } else { None };
    [E164::from_digits(digits).ok(), national]
}

fn number_carrier(number: &PhoneNumber, link: &CarrierLink, trail: &mut Trail) -> Result<(), Reason> {
    let carrier = link.carrier;
    if number.carriers.contains(&carrier) {
        trail.passed(Rule::NumberCarrier, format!("{carrier} delivers calls to {}", number.e164));
        return Ok(());
    }
    let carriers: Vec<&str> = number.carriers.iter().map(|carrier| carrier.as_str()).collect();
    let found = format!("{carrier} does not deliver calls to {}, but {}", number.e164, carriers.join(", "));
    Err(trail.failed(Reason::CarrierNotOfNumber, found))
}
