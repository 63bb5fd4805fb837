//! Trunks, who may log in to them, and groups, as a file has them.

use std::collections::BTreeSet;

use trunk::records::{CredentialRecord, Records, VoiceConnectorRecord};
use trunk::{VoiceConnectorGroupId, VoiceConnectorId};

use crate::credentials::Credentials;
use crate::draft::Draft;
use crate::group::VoiceConnectorGroup;
use crate::id::{AccountId, Owned};
use crate::refusal::Refusal;
use crate::voice_connector::VoiceConnector;

use super::change::differing;
use super::extent::{not_named, refuse_others};
use super::{Provisioned, unchecked};

impl Draft<'_> {
    pub(super) fn provision_voice_connectors(
        &mut self,
        records: &Records,
        account: AccountId,
        done: &mut Provisioned,
    ) -> Result<(), Refusal> {
        let mut named = BTreeSet::new();
        for record in &records.voice_connectors {
            let id = VoiceConnectorId::parse(&record.voice_connector_id).ok_or_else(unchecked)?;
            named.insert(id);
            self.provision_voice_connector(record, Owned { account, id }, done);
        }
        refuse_others(&self.estate.voice_connectors, account, &named, "VoiceConnector")?;
        for id in not_named(&self.estate.voice_connectors, account, &named) {
            let place = Owned { account, id };
            if self.estate.credentials.find(&place).is_some() {
                self.remove::<Credentials>(&place);
            }
            self.remove::<VoiceConnector>(&place);
            done.removed.push(format!("voice connector {id}"));
        }
        Ok(())
    }

    fn provision_voice_connector(
        &mut self,
        record: &VoiceConnectorRecord,
        place: Owned<VoiceConnectorId>,
        done: &mut Provisioned,
    ) {
        let list = in_order(record.credentials.clone());
        let record = VoiceConnectorRecord { credentials: Vec::new(), ..record.clone() };
        let before = self.estate.voice_connectors.find(&place).cloned();
        let list_before = self.estate.credentials.find(&place).cloned().unwrap_or_default();
        let credentials = Credentials { list };
        let has_new_credentials = !differing(&*list_before, &credentials).is_empty();
        let keys = before.as_ref().map(|before| {
            let mut keys = differing(&before.record, &record);
            keys.extend(has_new_credentials.then(|| "credentials".to_owned()));
            keys
        });
        if !done.note_keys(&format!("voice connector {}", place.id), keys) {
            return;
        }
        match (has_new_credentials, credentials.list.is_empty()) {
            (false, _) => (),
            (true, false) => self.put(&place, credentials),
            (true, true) => self.remove::<Credentials>(&place),
        }
        let connector = match before {
            Some(before) => VoiceConnector { record, updated: self.now, ..VoiceConnector::clone(&before) },
            None => VoiceConnector {
                created: self.now,
                external_systems: None,
                record,
                tags: Vec::new(),
                updated: self.now,
            },
        };
        self.put(&place, connector);
    }

    pub(super) fn provision_groups(
        &mut self,
        records: &Records,
        account: AccountId,
        done: &mut Provisioned,
    ) -> Result<(), Refusal> {
        let mut named = BTreeSet::new();
        for record in &records.voice_connector_groups {
            let id = VoiceConnectorGroupId::parse(&record.voice_connector_group_id).ok_or_else(unchecked)?;
            named.insert(id);
            let place = Owned { account, id };
            let before = self.estate.voice_connector_groups.find(&place).cloned();
            let name = format!("voice connector group {id}");
            if !done.note(&name, before.as_ref().map(|before| &before.record), record) {
                continue;
            }
            let (created, tags) =
                before.map_or((self.now, Vec::new()), |one| (one.created, one.tags.clone()));
            let record = record.clone();
            self.put(&place, VoiceConnectorGroup { created, record, tags, updated: self.now });
        }
        refuse_others(&self.estate.voice_connector_groups, account, &named, "VoiceConnectorGroup")?;
        for id in not_named(&self.estate.voice_connector_groups, account, &named) {
            self.remove::<VoiceConnectorGroup>(&Owned { account, id });
            done.removed.push(format!("voice connector group {id}"));
        }
        Ok(())
    }
}

/// Gives users by their names, and their hashes by the algorithm: a file may have them in any order.
fn in_order(mut list: Vec<CredentialRecord>) -> Vec<CredentialRecord> {
    list.sort_by(|one, next| one.username.cmp(&next.username));
    for credential in &mut list {
        credential.secrets.sort_by_key(|secret| secret.algorithm);
    }
    list
}
