//! What calls obey, from what is managed.

use trunk::Quotas;
use trunk::records::{CallingNameStatus, PhoneNumberRecord, Records, VoiceConnectorRecord};

use crate::estate::Estate;
use crate::id::{AccountId, Owned};
use crate::installation::{Here, Installation};
use crate::number::InventoryNumber;
use crate::voice_connector::VoiceConnector;

impl Estate {
    /// Gives what holds for all accounts.
    pub fn installation_or_default(&self) -> Installation {
        self.installation.find(&Here).map(|kept| Installation::clone(kept)).unwrap_or_default()
    }

    /// Gives the records of all accounts, for a snapshot that calls obey. The zone is for the caller to add.
    pub fn records(&self) -> Records {
        let installation = self.installation_or_default();
        let groups = self.voice_connector_groups.iter();
        // What has gone to another operator is called there, by our customers, too.
        let numbers = self.phone_numbers.iter().filter(|(_, _, number)| !number.is_ported_out());
        Records {
            caller_identity: installation.caller_identity,
            calls_max: installation.calls_max,
            carriers: self.carriers.iter().map(|(_, carrier)| carrier.record.clone()).collect(),
            phone_numbers: numbers.map(|(account, _, number)| self.number_record(account, number)).collect(),
            // They bind whoever makes new things; what there is, goes on.
            quotas: UNLIMITED,
            voice_connector_groups: groups.map(|(_, _, group)| group.record.clone()).collect(),
            voice_connectors: self.voice_connector_records(),
            ..Records::default()
        }
    }

    fn voice_connector_records(&self) -> Vec<VoiceConnectorRecord> {
        let record = |(account, id, connector): (AccountId, &_, &std::sync::Arc<VoiceConnector>)| {
            let credentials = self.credentials.find(&Owned { account, id: *id });
            let credentials = credentials.map(|kept| kept.list.clone()).unwrap_or_default();
            VoiceConnectorRecord { credentials, ..connector.record.clone() }
        };
        self.voice_connectors.iter().map(record).collect()
    }

    /// A number keeps its name until the next one is in use; without one of its own it has that of the account.
    fn number_record(&self, account: AccountId, number: &InventoryNumber) -> PhoneNumberRecord {
        let mut record = number.record.clone();
        if number.calling_name_to_come.is_some() {
            record.calling_name_status = CallingNameStatus::UpdateSucceeded;
        }
        if record.calling_name.as_deref().unwrap_or_default().is_empty()
            && let Some(account) = self.accounts.find(&account)
        {
            record.calling_name = Some(account.calling_name.clone());
            record.calling_name_status = CallingNameStatus::UpdateSucceeded;
        }
        record
    }
}

/// A name that is good for checking what does not depend on it.
pub(crate) const ANY_ZONE: &str = "zone.example";

/// More of everything than there can be.
pub(crate) const UNLIMITED: Quotas = Quotas {
    cidrs: usize::MAX,
    cps: u32::MAX,
    credentials: usize::MAX,
    group_items: usize::MAX,
    phone_numbers: usize::MAX,
    routes: usize::MAX,
    voice_connector_groups: usize::MAX,
    voice_connectors: usize::MAX,
};
