//! Which logs a trunk writes.

use trunk::{LoggingConfiguration, VoiceConnectorId};

use crate::draft::Draft;
use crate::estate::Estate;
use crate::id::AccountId;
use crate::refusal::Refusal;

impl Estate {
    /// Tells which logs a trunk writes: none as long as nobody has set any.
    ///
    /// # Errors
    /// If there is no such trunk.
    pub fn voice_connector_logging_configuration(
        &self,
        account: AccountId,
        id: VoiceConnectorId,
    ) -> Result<LoggingConfiguration, Refusal> {
        Ok(self.voice_connector(account, id)?.record.logging)
    }
}

impl Draft<'_> {
    /// Sets which logs a trunk writes.
    ///
    /// # Errors
    /// If there is no such trunk.
    pub fn put_voice_connector_logging_configuration(
        &mut self,
        account: AccountId,
        id: VoiceConnectorId,
        logging: LoggingConfiguration,
    ) -> Result<(), Refusal> {
        self.change_voice_connector(account, id, |connector| {
            connector.record.logging = logging;
            Ok(())
        })
    }
}
