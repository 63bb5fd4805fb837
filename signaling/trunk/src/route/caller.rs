//! Who is presented as the caller.

use std::{fmt, sync::Arc};

use crate::{
    connector::{Termination, VoiceConnector},
    country::Country,
    e164::E164,
    number::Home,
    reason::Reason,
    records::Presentable,
    snapshot::Snapshot,
};

use super::{
    attempt::Attempt,
    trail::{Rule, Trail},
};

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Whether who is called may not see the number. Carriers get it all the same, with the wish not to show it.
    pub is_restricted: bool,
    /// The name that goes with the number to the telephone network, and to nobody else.
    pub name: Option<Arc<str>>,
    /// The number, if it is known.
    pub number: Option<E164>,
    /// Who says so.
    pub origin: CallerOrigin,
}

impl Caller {
    /// Gives the number for those who may not see a restricted one: customers.
    pub fn shown(&self) -> Option<E164> {
        self.number.filter(|_| !self.is_restricted)
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            Some(number) => write!(f, "{number} from {}", self.origin)?,
            None => write!(f, "nobody known")?,
        }
        if let Some(name) = &self.name {
            write!(f, ", as {name:?}")?;
        }
        if self.is_restricted { f.write_str(", not to be shown") } else { Ok(()) }
    }
}

/// Who says which number calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerOrigin {
    /// The connector's default, in place of what was missing or not allowed.
    DefaultPhoneNumber,
    /// The From header.
    From,
    /// The P-Asserted-Identity header.
    PAssertedIdentity,
    /// Nobody.
    Unknown,
}

impl fmt::Display for CallerOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DefaultPhoneNumber => "the default phone number",
            Self::From => "From",
            Self::PAssertedIdentity => "P-Asserted-Identity",
            Self::Unknown => "nobody",
        })
    }
}

/// Chooses whom to present to the telephone network: what P-Asserted-Identity says, From if there is none, and the default
/// number where that may not be. Help is given to unknown callers, too.
pub(super) fn outbound(
    snapshot: &Snapshot,
    attempt: &Attempt<'_>,
    connector: &VoiceConnector,
    termination: &Termination,
    is_emergency: bool,
    trail: &mut Trail,
) -> Result<Caller, Reason> {
    let (presented, origin) = presented(attempt, |text| E164::parse(text).ok());
    let objection = match presented {
        Some(number) if is_emergency => return Ok(accept(snapshot, attempt, number, origin, trail)),
        Some(number) => match objection(snapshot, connector, number) {
            None => return Ok(accept(snapshot, attempt, number, origin, trail)),
            Some(objection) => format!("{number} from {origin} {objection}"),
        },
        None => format!("{:?} from {origin} is not E.164", said(attempt)),
    };
    if let Some(number) = termination.default_phone_number {
        if is_emergency || self::objection(snapshot, connector, number).is_none() {
            trail.noted(Rule::Caller, objection);
            return Ok(accept(snapshot, attempt, number, CallerOrigin::DefaultPhoneNumber, trail));
        }
        let found = format!("{objection}, nor may the default phone number {number} be presented");
        return Err(trail.failed(Reason::CallerNotAllowed, found));
    }
    if is_emergency {
        trail.passed(Rule::Caller, format!("{objection}; help is given all the same"));
        return Ok(Caller { is_restricted: false, name: None, number: None, origin: CallerOrigin::Unknown });
    }
    let is_said = attempt.asserted.iter().chain([&attempt.from]).any(|text| !is_nobody(text));
    let reason = if is_said { Reason::CallerNotAllowed } else { Reason::CallerUnknown };
    Err(trail.failed(reason, format!("{objection}, and there is no default phone number")))
}

/// Reads who calls from the telephone network.
pub(super) fn inbound(attempt: &Attempt<'_>) -> Caller {
    let (number, origin) = presented(attempt, written_by_carrier);
    let origin = if number.is_some() { origin } else { CallerOrigin::Unknown };
    Caller { is_restricted: is_restricted(attempt), name: None, number, origin }
}

/// Reads a number as carriers of North America write it: with the `+` or without it, ten digits of their own plan, and others
/// behind 011.
fn written_by_carrier(text: &str) -> Option<E164> {
    if let Some(digits) = text.strip_prefix('+').or_else(|| text.strip_prefix("011")) {
        return E164::from_digits(digits).ok();
    }
    let national = (text.len() == 10).then(|| E164::from_digits(&format!("1{text}")).ok()).flatten();
    national.or_else(|| E164::from_digits(text).ok())
}

/// Gives the number of the first P-Asserted-Identity that has one; From counts only if there is none at all.
fn presented(attempt: &Attempt<'_>, parse: impl Fn(&str) -> Option<E164>) -> (Option<E164>, CallerOrigin) {
    match attempt.asserted {
        [] => (parse(attempt.from), CallerOrigin::From),
        asserted => (asserted.iter().find_map(|text| parse(text)), CallerOrigin::PAssertedIdentity),
    }
}

fn said<'a>(attempt: &Attempt<'a>) -> &'a str {
    attempt.asserted.first().copied().unwrap_or(attempt.from)
}

fn accept(
    snapshot: &Snapshot,
    attempt: &Attempt<'_>,
    number: E164,
    origin: CallerOrigin,
    trail: &mut Trail,
) -> Caller {
    let is_restricted = is_restricted(attempt);
    let name = snapshot.number(number).and_then(|number| number.calling_name).filter(|_| !is_restricted);
    let caller = Caller { is_restricted, name, number: Some(number), origin };
    trail.passed(Rule::Caller, caller.to_string());
    caller
}

/// Tells why a number may not be presented, if it may not.
fn objection(snapshot: &Snapshot, connector: &VoiceConnector, number: E164) -> Option<String> {
    let country = Country::of(number);
    if country.is_none_or(|country| snapshot.caller_countries().binary_search(&country).is_err()) {
        let country = country.map_or("no country".to_owned(), |country| country.to_string());
        let wanted: Vec<String> = snapshot.caller_countries().iter().map(Country::to_string).collect();
        return Some(format!("is of {country}, not of {}", wanted.join(", ")));
    }
    let home = || snapshot.number(number).and_then(|number| number.home);
    match snapshot.presentable() {
        Presentable::Any => None,
        Presentable::Inventory if snapshot.number(number).is_some() => None,
        Presentable::Inventory => Some("is not in the inventory".to_owned()),
        Presentable::VoiceConnector if home().is_some_and(|home| is_at(snapshot, connector, home)) => None,
        Presentable::VoiceConnector => Some(format!("is not assigned to {}", connector.id)),
    }
}

fn is_at(snapshot: &Snapshot, connector: &VoiceConnector, home: Home) -> bool {
    match home {
        Home::VoiceConnector(id) => id == connector.id,
        Home::VoiceConnectorGroup(id) => snapshot
            .group(&id)
            .is_some_and(|group| snapshot.connectors_of(group).any(|(member, _)| member.id == connector.id)),
    }
}

fn is_restricted(attempt: &Attempt<'_>) -> bool {
    attempt.privacy || attempt.from.eq_ignore_ascii_case(ANONYMOUS)
}

fn is_nobody(text: &str) -> bool {
    text.is_empty() || text.eq_ignore_ascii_case(ANONYMOUS)
}

/// RFC 3323 section 4.1.1.3: the user part of who does not want to be known.
const ANONYMOUS: &str = "anonymous";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_read_as_carriers_write_them() {
        for (text, number) in [
            ("+14155550199", Some("+14155550199")),
            ("14155550199", Some("+14155550199")),
            ("4155550199", Some("+14155550199")),
            ("442079460000", Some("+442079460000")),
            ("011442079460000", Some("+442079460000")),
            ("4401234567", Some("+4401234567")),
            ("anonymous", None),
            ("", None),
        ] {
            assert_eq!(
                written_by_carrier(text).map(|number| number.to_string()).as_deref(),
                number,
                "{text}"
            );
        }
    }
}
