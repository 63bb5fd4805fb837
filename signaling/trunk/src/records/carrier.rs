//! Carriers and their links.

use serde::{Deserialize, Serialize};

use crate::{peer::Transport, region::AwsRegion};

/// A carrier, who brings calls of the telephone network and takes them there.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CarrierRecord {
    /// Its id.
    pub carrier_id: String,
    /// Its links.
    #[serde(default)]
    pub links: Vec<CarrierLinkRecord>,
    /// Its name for people.
    #[serde(default)]
    pub name: String,
}

/// A link to a carrier.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct CarrierLinkRecord {
    /// The site it is at; anywhere if none.
    pub aws_region: Option<AwsRegion>,
    /// How many calls it carries at a time; unlimited if none.
    pub calls_max: Option<u32>,
    /// Its id, which no other link has.
    pub carrier_link_id: String,
    /// Whether it is out of use.
    pub disabled: bool,
    /// Where calls are sent.
    pub host: String,
    /// Whether calls only come from it.
    pub inbound_only: bool,
    /// Where calls are sent; the port of the transport if none.
    pub port: Option<u16>,
    /// The first digits of the numbers it delivers calls to; all if none.
    pub prefixes: Vec<String>,
    /// Which is tried first: 1 before 100.
    pub priority: u32,
    /// The networks calls come from, beside the host if that is an address.
    pub sources: Vec<String>,
    /// How calls are sent.
    pub transport: Transport,
    /// Its share among the links of one priority, 1 to 100.
    pub weight: u32,
}

impl Default for CarrierLinkRecord {
    fn default() -> Self {
        Self {
            aws_region: None,
            calls_max: None,
            carrier_link_id: String::new(),
            disabled: false,
            host: String::new(),
            inbound_only: false,
            port: None,
            prefixes: Vec::new(),
            priority: 1,
            sources: Vec::new(),
            transport: Transport::Udp,
            weight: 1,
        }
    }
}
