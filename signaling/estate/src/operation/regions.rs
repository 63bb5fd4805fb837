//! The sites that a trunk can belong to.

use trunk::AwsRegion;

use crate::estate::Estate;

impl Estate {
    /// Lists the sites that a trunk can belong to, ascending.
    pub const fn list_available_voice_connector_regions() -> [AwsRegion; 10] {
        AwsRegion::ALL
    }
}
