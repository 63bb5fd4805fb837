//! A file that says all that an account has, its carriers and its settings: what differs from it is made so.
//!
//! What the file cannot know stays: when things were made, what customers have written on them, where a number lies.
//! Counts are the operator's own choice here, so quotas on them bind nobody.

mod change;
mod extent;
mod numbers;
mod trunks;

use std::collections::BTreeSet;

use trunk::records::Records;
use trunk::snapshot::Snapshot;
use trunk::{CarrierId, GlobalSettings};

use crate::account::Account;
use crate::carrier::Carrier;
use crate::draft::Draft;
use crate::id::AccountId;
use crate::installation::{Here, Installation};
use crate::records::ANY_ZONE;
use crate::refusal::Refusal;

/// What a file has done to each thing, by its name; of what is changed, which keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provisioned {
    /// What was not there.
    pub added: Vec<String>,
    /// What was another.
    pub changed: Vec<String>,
    /// What is gone.
    pub removed: Vec<String>,
    /// How many things are what they were.
    pub unchanged: usize,
}

impl Provisioned {
    /// Tells whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

impl Draft<'_> {
    /// Makes an account, the carriers and the settings of the installation what a file says. What the account has beside, and
    /// carriers beside, are removed: an applied file is all there is.
    ///
    /// # Errors
    /// If there is no such account, the records are not as they have to be, something of them is another account's, a number on
    /// its way would be changed, or a carrier that goes is needed by numbers.
    pub fn provision(&mut self, records: &Records, account: AccountId) -> Result<Provisioned, Refusal> {
        self.account(account)?;
        Snapshot::build(&in_a_zone(records.clone()))?;
        super::global_settings::check_bucket(records.global_settings.cdr_bucket.as_deref())?;
        let mut done = Provisioned::default();
        self.provision_settings(records, account, &mut done)?;
        self.provision_carriers(records, &mut done)?;
        self.provision_voice_connectors(records, account, &mut done)?;
        self.provision_groups(records, account, &mut done)?;
        self.provision_numbers(records, account, &mut done)?;
        self.remove_carriers(records, &mut done)?;
        // What the file says may stand against what other accounts have.
        Snapshot::build(&in_a_zone(self.estate.records()))?;
        Ok(done)
    }

    fn provision_settings(
        &mut self,
        records: &Records,
        id: AccountId,
        done: &mut Provisioned,
    ) -> Result<(), Refusal> {
        let before = self.estate.installation_or_default();
        let after = Installation {
            caller_identity: records.caller_identity.clone(),
            calls_max: records.calls_max,
            cdr_schema: records.global_settings.cdr_schema,
            strict_aws_limits: records.strict_aws_limits,
            ..before.clone()
        };
        if done.note("installation", Some(&before), &after) {
            self.put(&Here, after);
        }
        let before = self.account(id)?;
        let is_same_name = before.calling_name == records.default_calling_name;
        let cdr_bucket = records.global_settings.cdr_bucket.clone();
        let after = Account {
            calling_name: records.default_calling_name.clone(),
            calling_name_to_come: before.calling_name_to_come.clone().filter(|_| is_same_name),
            calling_name_updated: if is_same_name { before.calling_name_updated } else { Some(self.now) },
            global_settings: GlobalSettings { cdr_bucket, ..GlobalSettings::default() },
            quotas: records.quotas,
            ..Account::clone(&before)
        };
        if done.note(&format!("account {id}"), Some(&*before), &after) {
            self.put(&id, after);
        }
        Ok(())
    }

    fn provision_carriers(&mut self, records: &Records, done: &mut Provisioned) -> Result<(), Refusal> {
        for record in &records.carriers {
            let id = CarrierId::parse(&record.carrier_id).ok_or_else(unchecked)?;
            let before = self.estate.carriers.find(&id).cloned();
            let created = before.as_ref().map_or(self.now, |before| before.created);
            if done.note(&format!("carrier {id}"), before.as_ref().map(|before| &before.record), record) {
                self.put(&id, Carrier { created, record: record.clone(), updated: self.now });
            }
        }
        Ok(())
    }

    /// Removes carriers when the numbers are what they are to be, for it is these that need them.
    fn remove_carriers(&mut self, records: &Records, done: &mut Provisioned) -> Result<(), Refusal> {
        let named: BTreeSet<&str> =
            records.carriers.iter().map(|record| record.carrier_id.as_str()).collect();
        let gone = self.estate.carriers.iter().map(|(id, _)| *id).filter(|id| !named.contains(id.as_str()));
        for id in gone.collect::<Vec<_>>() {
            self.delete_carrier(id)?;
            done.removed.push(format!("carrier {id}"));
        }
        Ok(())
    }
}

/// Gives records a zone if they have none: what is checked here does not depend on it.
fn in_a_zone(mut records: Records) -> Records {
    if records.zone.is_empty() {
        ANY_ZONE.clone_into(&mut records.zone);
    }
    records
}

/// Says that an id is none, which a snapshot would have refused.
fn unchecked() -> Refusal {
    Refusal::bad_request("records: wanted ids that can be read, found one that cannot")
}
