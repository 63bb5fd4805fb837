//! What holds for all accounts, set by the operator.

use trunk::records::Records;
use trunk::snapshot::Snapshot;

use crate::draft::Draft;
use crate::installation::{Here, Installation};
use crate::records::ANY_ZONE;
use crate::refusal::Refusal;

impl Draft<'_> {
    /// Sets what holds for all accounts. What there is goes on: strict limits bind what is set from now on.
    ///
    /// # Errors
    /// If a country is none, there may be no call, or calling names would take too long.
    pub fn put_installation(&mut self, installation: Installation) -> Result<(), Refusal> {
        if installation.calling_name_delay_min > CALLING_NAME_DELAY_MIN_MAX {
            let message = format_args!(
                "calling_name_delay_min: wanted {CALLING_NAME_DELAY_MIN_MAX} minutes at most, found {}",
                installation.calling_name_delay_min
            );
            return Err(Refusal::bad_request(message));
        }
        Snapshot::build(&Records {
            caller_identity: installation.caller_identity.clone(),
            calls_max: installation.calls_max,
            zone: ANY_ZONE.to_owned(),
            ..Records::default()
        })?;
        self.put(&Here, installation);
        Ok(())
    }
}

/// Seven days: after so long a customer may set the next name.
const CALLING_NAME_DELAY_MIN_MAX: u32 = 7 * 24 * 60;
