//! Carriers and their links.

use trunk::records::CarrierRecord;

use super::check;

#[test]
fn carriers_are_checked() {
    check(&[
        (
            |records| {
                let links = Vec::new();
                records.carriers.push(CarrierRecord { links, ..records.carriers[1].clone() });
            },
            "carrier south: wanted an id of its own",
        ),
        (
            |records| records.carriers[0].links[1].carrier_link_id = "north-1".to_owned(),
            "link north-1: wanted an id of its own",
        ),
        (
            |records| records.carriers[0].links[1].carrier_link_id = "North 2".to_owned(),
            "wanted 1 to 32 of a-z",
        ),
        (|records| records.carriers[0].links[0].host = String::new(), "host: wanted a host name"),
        (|records| records.carriers[0].links[0].priority = 101, "priority: wanted 1 to 100"),
        (|records| records.carriers[0].links[0].weight = 0, "weight: wanted 1 to 100"),
        (|records| records.carriers[0].links[0].calls_max = Some(0), "calls_max: wanted 1 or more"),
        (
            |records| records.carriers[0].links[0].prefixes.push("44".to_owned()),
            "prefixes: wanted + and 1 to 15 digits",
        ),
        (
            |records| records.carriers[0].links[0].sources.push("here".to_owned()),
            "sources: wanted an IPv4 or IPv6",
        ),
        (
            |records| records.carriers[0].links[0].host = "sbc.example".to_owned(),
            "sources: wanted a network, because the host is a name",
        ),
        (
            |records| records.carriers[1].links[0].sources.push("198.51.100.1".to_owned()),
            "north and south send from the same network",
        ),
    ]);
}
