//! Groups of trunks: making them, finding, changing and removing them.

use std::sync::Arc;

use trunk::records::{CallDistributionType, VoiceConnectorGroupRecord, VoiceConnectorItemRecord};
use trunk::{Home, VoiceConnectorGroupId};

use crate::draft::Draft;
use crate::estate::Estate;
use crate::group::VoiceConnectorGroup;
use crate::id::{AccountId, Owned};
use crate::page::{Page, PageRequest};
use crate::refusal::Refusal;

use super::voice_connectors::PAGE_MAX;

/// What a group is made from, and what it is changed to.
#[derive(Clone, Debug, Default)]
pub struct NewVoiceConnectorGroup {
    /// How calls are spread; as before if nothing is said, and by priority at first.
    pub call_distribution_type: Option<CallDistributionType>,
    /// Its name for people.
    pub name: String,
    /// Its trunks.
    pub voice_connector_items: Vec<VoiceConnectorItemRecord>,
}

impl Estate {
    /// Finds a group of an account.
    ///
    /// # Errors
    /// If the account has no such group.
    pub fn voice_connector_group(
        &self,
        account: AccountId,
        id: VoiceConnectorGroupId,
    ) -> Result<&Arc<VoiceConnectorGroup>, Refusal> {
        self.find(&Owned { account, id })
    }

    /// Lists the groups of an account.
    ///
    /// # Errors
    /// If the page is none.
    pub fn list_voice_connector_groups(
        &self,
        account: AccountId,
        page: PageRequest<'_>,
    ) -> Result<Page<(VoiceConnectorGroupId, Arc<VoiceConnectorGroup>)>, Refusal> {
        let list = self.voice_connector_groups.of(account, page.after()?);
        page.fill(PAGE_MAX, list.map(|(id, item)| (*id, Arc::clone(item))), |(id, _item)| id.to_string())
    }
}

impl Draft<'_> {
    /// Makes a group.
    ///
    /// # Errors
    /// If what it is made from is not as it has to be, the account has no such trunk, or as many groups as it may.
    pub fn create_voice_connector_group(
        &mut self,
        account: AccountId,
        new: NewVoiceConnectorGroup,
    ) -> Result<VoiceConnectorGroupId, Refusal> {
        let max = self.account(account)?.quotas.voice_connector_groups;
        if self.estate.voice_connector_groups.count(account) >= max {
            return Err(Refusal::limit("VoiceConnectorGroups", max));
        }
        let id = VoiceConnectorGroupId::draw(|below| self.draw(below));
        let record = VoiceConnectorGroupRecord {
            call_distribution_type: new.call_distribution_type.unwrap_or_default(),
            name: new.name,
            voice_connector_group_id: id.to_string(),
            voice_connector_items: new.voice_connector_items,
        };
        self.estate.check_voice_connector_group(account, 0, &record)?;
        let group = VoiceConnectorGroup { created: self.now, record, tags: Vec::new(), updated: self.now };
        self.put(&Owned { account, id }, group);
        Ok(id)
    }

    /// Changes a group. It may be left without trunks; then calls to its numbers are refused.
    ///
    /// # Errors
    /// If there is no such group, the account has no such trunk, or something is not as it has to be.
    pub fn update_voice_connector_group(
        &mut self,
        account: AccountId,
        id: VoiceConnectorGroupId,
        new: NewVoiceConnectorGroup,
    ) -> Result<(), Refusal> {
        let place = Owned { account, id };
        let mut group = VoiceConnectorGroup::clone(&*self.find(&place)?);
        let items_before = group.record.voice_connector_items.len();
        group.record.name = new.name;
        group.record.voice_connector_items = new.voice_connector_items;
        if let Some(call_distribution_type) = new.call_distribution_type {
            group.record.call_distribution_type = call_distribution_type;
        }
        group.updated = self.now;
        self.estate.check_voice_connector_group(account, items_before, &group.record)?;
        self.put(&place, group);
        Ok(())
    }

    /// Removes a group for ever.
    ///
    /// # Errors
    /// If there is no such group, a number leads to it, or it has a trunk.
    pub fn delete_voice_connector_group(
        &mut self,
        account: AccountId,
        id: VoiceConnectorGroupId,
    ) -> Result<(), Refusal> {
        let place = Owned { account, id };
        let group = self.find::<VoiceConnectorGroup>(&place)?;
        if let Some(number) = self.estate.numbers_of(Home::VoiceConnectorGroup(id)).next() {
            let message = format_args!(
                "VoiceConnectorGroup {id} has phone numbers, {number} for one; disassociate them first"
            );
            return Err(Refusal::conflict(message));
        }
        if let Some(item) = group.record.voice_connector_items.first() {
            let message = format_args!(
                "VoiceConnectorGroup {id} has VoiceConnectors, {} for one; take them out first",
                item.voice_connector_id
            );
            return Err(Refusal::conflict(message));
        }
        self.remove::<VoiceConnectorGroup>(&place);
        Ok(())
    }
}
