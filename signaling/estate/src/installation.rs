//! What holds for all accounts.

use std::fmt;

use serde::{Deserialize, Serialize};
use trunk::CdrSchema;
use trunk::records::CallerIdentityRecord;

use crate::document::Kind;
use crate::id::Id;
use crate::porting::PortingRule;
use crate::table::Item;

/// What holds for all accounts. There is one, or none as long as nothing differs from the default.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Installation {
    /// How many minutes pass until a new calling name is in use.
    pub calling_name_delay_min: u32,
    /// Which numbers connectors may present.
    pub caller_identity: CallerIdentityRecord,
    /// How many calls there may be at a time; unlimited if none.
    pub calls_max: Option<u32>,
    /// How call detail records are written.
    pub cdr_schema: CdrSchema,
    /// Whether an ordered number is only there when an operator has said so.
    pub orders_await_operator: bool,
    /// Where numbers can be ported from, for countries of which something else holds than is usual.
    pub porting_rules: Vec<PortingRule>,
    /// Whether a number that was deleted for good is for sale again.
    pub deleted_numbers_return: bool,
    /// Whether networks and hosts have to be public, and networks small, as AWS has it.
    pub strict_aws_limits: bool,
}

/// What the one installation is called by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Here;

impl Id for Here {
    fn parse(text: &str) -> Option<Self> {
        (text == HERE).then_some(Self)
    }
}

impl fmt::Display for Here {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HERE)
    }
}

const HERE: &str = "here";

impl Item for Installation {
    type Id = Here;
    const KIND: Kind = Kind::Installation;
}
