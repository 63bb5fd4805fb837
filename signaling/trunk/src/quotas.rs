//! How many of each thing there may be.

use serde::{Deserialize, Serialize};

/// The quotas of an installation. The defaults are those of AWS; operators raise them.
///
/// A snapshot refuses what is too long within one connector, group or number. How many connectors, groups and numbers
/// there are is for whoever makes them to refuse: a quota that was lowered must not keep existing ones from working.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    /// Networks in an allow-list.
    pub cidrs: usize,
    /// New calls a second that a connector's limit may be set to.
    pub cps: u32,
    /// Credentials of a connector.
    pub credentials: usize,
    /// Connectors in a group.
    pub group_items: usize,
    /// Numbers in the inventory.
    pub phone_numbers: usize,
    /// Routes of a connector; 20 at most, whatever is set.
    pub routes: usize,
    /// Groups.
    pub voice_connector_groups: usize,
    /// Connectors.
    pub voice_connectors: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            cidrs: 10,
            cps: 256,
            credentials: 10,
            group_items: 3,
            phone_numbers: 25,
            routes: 10,
            voice_connector_groups: 3,
            voice_connectors: 3,
        }
    }
}

/// The API has no more room for routes than this.
pub(crate) const ROUTES_MAX: usize = 20;
