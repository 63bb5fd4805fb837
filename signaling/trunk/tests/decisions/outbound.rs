//! Where customers may call, and which links are tried.

use trunk::{
    AwsRegion, Reason, Seed,
    records::Records,
    route::{Attempt, Outcome, decide},
};

use crate::sample::{
    HEADQUARTERS_AT, PORTING, attempt, link, outbound, reason, records, snapshot, termination_of,
};

fn to(number: &str) -> Attempt<'_> {
    Attempt { number, ..attempt() }
}

fn links(records: &Records, attempt: &Attempt<'_>) -> Vec<String> {
    outbound(records, attempt).links.iter().map(|target| target.link.to_string()).collect()
}

#[test]
fn the_dialled_number_is_e164_with_its_plus_or_refused() {
    let texts = [
        "2125551212",
        "12125551212",
        "",
        "+",
        "+1",
        "+0442079460000",
        "+1999",
        "+12125551212345678",
        "+1212555121x",
        "tel:+12125551212",
        "+1 212 555 1212",
        "411",
        "12345",
        "alice",
        "+4",
    ];
    for text in texts {
        assert_eq!(reason(&records(), &to(text)), Some(Reason::NumberNotE164), "{text}");
    }
    assert_eq!(Reason::NumberNotE164.status(), 403);
    assert_eq!(outbound(&records(), &to("+12125551212")).called.to_string(), "+12125551212");
}

#[test]
fn only_countries_among_the_calling_regions_are_called() {
    let cases = [
        (&["US"][..], "+442079460000", false),
        (&["US", "GB"], "+442079460000", true),
        (&["US"], "+14165550100", false),
        (&["US"], "+18765550100", false),
        (&["US"], "+12065550199", true),
        (&["GB"], "+441534460000", false),
        (&["CA"], "+18005550199", true),
        (&["GB"], "+18005550199", false),
        (&["US"], "+870123456789", false),
        (&[], "+12065550199", false),
    ];
    for (regions, number, is_allowed) in cases {
        let mut records = records();
        termination_of(&mut records, HEADQUARTERS_AT).calling_regions =
            regions.iter().map(|region| (*region).to_owned()).collect();
        let wanted = (!is_allowed).then_some(Reason::CallingRegionNotAllowed);
        assert_eq!(reason(&records, &to(number)), wanted, "{regions:?} {number}");
    }
    assert_eq!(Reason::CallingRegionNotAllowed.status(), 403);
}

#[test]
fn premium_numbers_are_called_until_the_connector_forbids_it() {
    let mut records = records();
    assert_eq!(reason(&records, &to("+19005550100")), None);
    termination_of(&mut records, HEADQUARTERS_AT).premium_calls = false;
    assert_eq!(reason(&records, &to("+19005550100")), Some(Reason::PremiumNotAllowed));
    assert_eq!(reason(&records, &to("+18005550199")), None);
}

#[test]
fn links_are_tried_in_the_order_of_their_priority() {
    assert_eq!(links(&records(), &attempt()), ["north-1", "north-2", "south-1"]);
}

#[test]
fn links_that_are_disabled_inbound_only_or_for_other_numbers_are_not_tried() {
    let mut records = records();
    records.carriers[0].links[0].disabled = true;
    records.carriers[0].links[1].inbound_only = true;
    assert_eq!(links(&records, &attempt()), ["south-1"]);
    records.carriers[1].links[0].prefixes = vec!["+44".to_owned(), "+33".to_owned()];
    assert_eq!(reason(&records, &attempt()), Some(Reason::LinkMissing));
    assert_eq!(links(&records, &to("+442079460000")), ["south-1"]);
    assert_eq!(Reason::LinkMissing.status(), 503);
}

#[test]
fn among_equals_the_links_of_the_own_site_come_first() {
    let mut records = records();
    let mut here = link("here", "198.51.100.7", 1);
    here.aws_region = Some(AwsRegion::UsWest2);
    here.weight = 1;
    let mut there = link("there", "198.51.100.8", 1);
    there.aws_region = Some(AwsRegion::UsEast1);
    there.weight = 100;
    records.carriers[1].links = vec![there, here];
    records.carriers[0].links[0].priority = 1;
    records.carriers[0].links[0].weight = 1;
    let snapshot = snapshot(&records);
    let attempt = Attempt { here: Some(AwsRegion::UsWest2), ..attempt() };
    for seed in 0..100 {
        let mut seed = Seed(seed);
        let Outcome::Outbound(outbound) = decide(&snapshot, &attempt, |bound| seed.below(bound)).outcome
        else {
            panic!("refused")
        };
        let order: Vec<&str> = outbound.links.iter().map(|target| target.link.as_str()).collect();
        assert_eq!(order[2..], ["there", "north-2"], "{order:?}");
    }
}

#[test]
fn a_number_that_is_still_being_ported_is_called_where_it_is() {
    assert_eq!(outbound(&records(), &to(PORTING)).called.to_string(), PORTING);
}

#[test]
fn more_links_than_anybody_tries_are_cut_off() {
    let mut records = records();
    let link = |number: u8| link(&format!("more-{number}"), &format!("198.51.100.{number}"), 5);
    records.carriers[0].links.extend((100..200).map(link));
    assert_eq!(links(&records, &attempt()).len(), trunk::route::TARGETS_MAX);
}
