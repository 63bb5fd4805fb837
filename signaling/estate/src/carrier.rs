//! Carriers, as they are managed.

use serde::{Deserialize, Serialize};
use trunk::CarrierId;
use trunk::records::CarrierRecord;

use crate::document::Kind;
use crate::moment::Moment;
use crate::table::Item;

/// Who brings calls of the telephone network, and takes them there.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Carrier {
    /// When it was made.
    pub created: Moment,
    /// What calls obey.
    pub record: CarrierRecord,
    /// When it was last changed.
    pub updated: Moment,
}

impl Item for Carrier {
    type Id = CarrierId;
    const KIND: Kind = Kind::Carrier;
}
