//! Checks what all connectors share.

use std::{num::NonZeroU32, sync::Arc};

use crate::{country::Country, fault::Faults, peer::is_name, records::Records};

pub(super) struct Account {
    pub(super) caller_countries: Box<[Country]>,
    pub(super) calls_max: Option<NonZeroU32>,
    pub(super) default_calling_name: Option<Arc<str>>,
    pub(super) zone: Box<str>,
}

pub(super) fn check(records: &Records, faults: &mut Faults) -> Account {
    let zone = records.zone.to_ascii_lowercase();
    // An id of 36 characters and a dot stand before it in a host name.
    let fits = is_name(&zone) && zone.len() <= 253 - 37;
    faults.expect(fits.then_some(()), &"zone", "a name of the DNS of 216 characters at most", &records.zone);

    let mut caller_countries = Vec::new();
    for (number, text) in (1..).zip(&records.caller_identity.countries) {
        let at = format_args!("caller identity, country {number}");
        caller_countries.extend(faults.expect(Country::parse(text), &at, Country::WANTED, text));
    }
    caller_countries.sort_unstable();

    if records.calls_max == Some(0) {
        faults.add(&"calls_max", "1 or more, or none at all", 0);
    }
    if let Some(bucket) = &records.global_settings.cdr_bucket {
        let wanted = "3 to 63 of a-z, 0-9 and -, beginning and ending with a letter or digit";
        faults.expect(is_bucket(bucket).then_some(()), &"global settings, cdr_bucket", wanted, bucket);
    }
    let name = calling_name(&records.default_calling_name, &"default_calling_name", faults);
    Account {
        caller_countries: caller_countries.into(),
        calls_max: records.calls_max.and_then(NonZeroU32::new),
        default_calling_name: name.map(Arc::from),
        zone: zone.into(),
    }
}

/// Checks a calling name; an empty one is none.
pub(super) fn calling_name<'a>(
    text: &'a str,
    at: &dyn std::fmt::Display,
    faults: &mut Faults,
) -> Option<&'a str> {
    if text.is_empty() {
        return None;
    }
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ');
    let fits = is_plain && (2..=15).contains(&text.len());
    faults.expect(fits.then_some(text), at, "2 to 15 letters, digits and spaces", text)
}

/// Checks the name of a connector or group, which is for people.
pub(super) fn name(text: &str, at: &dyn std::fmt::Display, faults: &mut Faults) -> Box<str> {
    let is_plain =
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'_' | b'.' | b'-'));
    let fits = is_plain && (1..=256).contains(&text.len());
    faults.expect(fits.then_some(()), at, "1 to 256 letters, digits, spaces, dots, _ and -", text);
    text.into()
}

fn is_bucket(text: &str) -> bool {
    let is_edge = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (3..=63).contains(&text.len())
        && text.bytes().all(|byte| is_edge(byte) || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}
