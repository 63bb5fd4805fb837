//! Where emergency calls go: to numbers of a third party, who knows where the caller is.

use trunk::records::EmergencyCallingRecord;
use trunk::{E164, VoiceConnectorId};

use crate::draft::Draft;
use crate::estate::Estate;
use crate::id::AccountId;
use crate::refusal::Refusal;

impl Estate {
    /// Tells where a trunk's emergency calls go.
    ///
    /// # Errors
    /// If there is no such trunk, or that was never set.
    pub fn voice_connector_emergency_calling_configuration(
        &self,
        account: AccountId,
        id: VoiceConnectorId,
    ) -> Result<&EmergencyCallingRecord, Refusal> {
        let emergency_calling = self.voice_connector(account, id)?.record.emergency_calling.as_ref();
        emergency_calling.ok_or_else(|| Refusal::unset(PART, id))
    }
}

impl Draft<'_> {
    /// Sets where a trunk's emergency calls go. As long as that is set, neither termination nor origination can be turned off.
    ///
    /// # Errors
    /// If there is no such trunk, termination and origination are not both in use, the country is not the United States, or a
    /// number is none of its plan.
    pub fn put_voice_connector_emergency_calling_configuration(
        &mut self,
        account: AccountId,
        id: VoiceConnectorId,
        mut emergency_calling: EmergencyCallingRecord,
    ) -> Result<(), Refusal> {
        for dnis in &mut emergency_calling.dnis {
            let numbers = [Some(&mut dnis.emergency_phone_number), dnis.test_phone_number.as_mut()];
            // The API takes these numbers without their plus.
            for text in numbers.into_iter().flatten() {
                *text = E164::from_digits(text).map_or_else(|_| text.clone(), |number| number.to_string());
            }
        }
        self.change_voice_connector(account, id, |connector| {
            connector.record.emergency_calling = Some(emergency_calling);
            Ok(())
        })
    }

    /// Forgets where a trunk's emergency calls go.
    ///
    /// # Errors
    /// If there is no such trunk, or that was never set.
    pub fn delete_voice_connector_emergency_calling_configuration(
        &mut self,
        account: AccountId,
        id: VoiceConnectorId,
    ) -> Result<(), Refusal> {
        self.change_voice_connector(account, id, |connector| {
            connector.record.emergency_calling.take().map(drop).ok_or_else(|| Refusal::unset(PART, id))
        })
    }
}

const PART: &str = "EmergencyCallingConfiguration";
