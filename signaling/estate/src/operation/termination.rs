//! Calls from customers: whether, from where, where to, and how many a second.

use trunk::VoiceConnectorId;
use trunk::records::TerminationRecord;

use crate::draft::Draft;
use crate::estate::Estate;
use crate::id::AccountId;
use crate::refusal::Refusal;

impl Estate {
    /// Tells how calls are taken from a trunk's customer.
    ///
    /// # Errors
    /// If there is no such trunk, or that was never set.
    pub fn voice_connector_termination(
        &self,
        account: AccountId,
        id: VoiceConnectorId,
    ) -> Result<&TerminationRecord, Refusal> {
        let termination = self.voice_connector(account, id)?.record.termination.as_ref();
        termination.ok_or_else(|| Refusal::unset(PART, id))
    }
}

impl Draft<'_> {
    /// Sets how calls are taken from a trunk's customer. With no network in the list, none are. Whether premium numbers
    /// may be called stays as it was, because customers have no say in it.
    ///
    /// # Errors
    /// If there is no such trunk, something is not as it has to be or more than a quota, or emergency calls need what would be
    /// disabled.
    pub fn put_voice_connector_termination(
        &mut self,
        account: AccountId,
        id: VoiceConnectorId,
        termination: TerminationRecord,
    ) -> Result<(), Refusal> {
        self.change_voice_connector(account, id, |connector| {
            let before = connector.record.termination.take().unwrap_or_default();
            let premium_calls = before.premium_calls;
            connector.record.termination = Some(TerminationRecord { premium_calls, ..termination });
            Ok(())
        })
    }

    /// Takes no more calls from a trunk's customer, and forgets how. Who may log in stays.
    ///
    /// # Errors
    /// If there is no such trunk, that was never set, or emergency calls need it.
    pub fn delete_voice_connector_termination(
        &mut self,
        account: AccountId,
        id: VoiceConnectorId,
    ) -> Result<(), Refusal> {
        self.change_voice_connector(account, id, |connector| {
            connector.record.termination.take().map(drop).ok_or_else(|| Refusal::unset(PART, id))
        })
    }
}

const PART: &str = "Termination";
