//! Checks how customers call.

use std::{fmt::Display, num::NonZeroU32};

use crate::{
    cidr::Cidr,
    connector::Termination,
    country::Country,
    e164::E164,
    fault::Faults,
    records::{Records, TerminationRecord},
};

pub(super) fn check(
    record: &TerminationRecord,
    records: &Records,
    at: &dyn Display,
    faults: &mut Faults,
) -> Termination {
    let networks = &record.cidr_allowed_list;
    faults.at_most(networks.len(), records.quotas.cidrs, &format_args!("{at}: cidr_allowed_list"));
    let mut cidr_allowed_list = Vec::with_capacity(networks.len());
    for (number, text) in (1..).zip(networks) {
        let at = format_args!("{at}: cidr_allowed_list, network {number}");
        let Some(network) = faults.expect(Cidr::parse(text), &at, Cidr::WANTED, text) else { continue };
        if let Some(wanted) = missing(network, records.strict_aws_limits) {
            faults.add(&at, wanted, network);
        }
        if cidr_allowed_list.contains(&network) {
            faults.add(&at, "each network once", format_args!("{network} again"));
        }
        cidr_allowed_list.push(network);
    }

    let mut calling_regions = Vec::with_capacity(record.calling_regions.len());
    for (number, text) in (1..).zip(&record.calling_regions) {
        let at = format_args!("{at}: calling_regions, country {number}");
        calling_regions.extend(faults.expect(Country::parse(text), &at, Country::WANTED, text));
    }
    calling_regions.sort_unstable();
    calling_regions.dedup();

    faults.within(record.cps_limit, 1, records.quotas.cps, &format_args!("{at}: cps_limit"));
    let default_phone_number = record.default_phone_number.as_ref().and_then(|text| {
        // The API takes this one number without its plus.
        let number = E164::parse(text).or_else(|_| E164::from_digits(text)).ok();
        faults.expect(number, &format_args!("{at}: default_phone_number"), E164::WANTED, text)
    });
    Termination {
        calling_regions: calling_regions.into(),
        cidr_allowed_list: cidr_allowed_list.into(),
        cps_limit: NonZeroU32::new(record.cps_limit).unwrap_or(NonZeroU32::MIN),
        default_phone_number,
        disabled: record.disabled,
        premium_calls: record.premium_calls,
    }
}

/// Tells what a network lacks to be allowed.
fn missing(network: Cidr, is_strict: bool) -> Option<&'static str> {
    if is_strict {
        let is_small = network.is_ipv4() && network.prefix_len() >= STRICT_LEN_MIN;
        return (!is_small || !network.is_public()).then_some("a public IPv4 network of /27 to /32");
    }
    let len_min = if network.is_ipv4() { IPV4_LEN_MIN } else { IPV6_LEN_MIN };
    (network.prefix_len() < len_min).then_some("a network of /8 or smaller, /32 or smaller with IPv6")
}

/// What AWS takes.
const STRICT_LEN_MIN: u8 = 27;

/// The greatest private network is 10.0.0.0/8; what is greater lets the internet in.
const IPV4_LEN_MIN: u8 = 8;

/// What a registry gives to a provider.
const IPV6_LEN_MIN: u8 = 32;
