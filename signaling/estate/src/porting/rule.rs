//! Where numbers can be ported from, and how long it takes.

use serde::{Deserialize, Serialize};
use trunk::Country;

/// What holds for the numbers of a country.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PortingRule {
    /// The country, two letters.
    pub country: String,
    /// Whether its numbers can be ported at all.
    pub portable: bool,
    /// How many weeks it takes at most.
    pub weeks_max: u32,
    /// How many weeks it takes at least.
    pub weeks_min: u32,
}

impl PortingRule {
    /// Gives what is usual for a country, as long as the operator says nothing else. Numbers that belong to no country,
    /// such as those of satellites, stay where they are.
    pub(crate) fn usual(country: Option<Country>) -> Self {
        let (portable, weeks_min, weeks_max) = match country {
            Some(Country::CANADA | Country::UNITED_STATES) => (true, 2, 4),
            // Two to six months, as law and carriers have it.
            Some(_) => (true, 8, 26),
            None => (false, 0, 0),
        };
        let country = country.map(|country| country.to_string()).unwrap_or_default();
        Self { country, portable, weeks_max, weeks_min }
    }
}
