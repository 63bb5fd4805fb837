//! Making trunks, finding, changing and removing them.

use std::ops::Bound;
use std::sync::Arc;

use trunk::records::VoiceConnectorRecord;
use trunk::{AwsRegion, Home, IntegrationType, NetworkType, VoiceConnectorId};

use crate::credentials::Credentials;
use crate::draft::Draft;
use crate::estate::Estate;
use crate::id::{AccountId, Owned};
use crate::page::{Page, PageRequest};
use crate::refusal::Refusal;
use crate::tag::Tag;
use crate::voice_connector::VoiceConnector;

/// What a trunk is made from.
#[derive(Clone, Debug, Default)]
pub struct NewVoiceConnector {
    /// The site it belongs to, for ever.
    pub aws_region: AwsRegion,
    /// What it is made for.
    pub integration_type: Option<IntegrationType>,
    /// Its name for people.
    pub name: String,
    /// Its families of addresses.
    pub network_type: NetworkType,
    /// Whether all calls are with TLS and SRTP.
    pub require_encryption: bool,
    /// What the customer writes on it.
    pub tags: Vec<Tag>,
}

impl Estate {
    /// Finds a trunk of an account.
    ///
    /// # Errors
    /// If the account has no such trunk.
    pub fn voice_connector(
        &self,
        account: AccountId,
        id: VoiceConnectorId,
    ) -> Result<&Arc<VoiceConnector>, Refusal> {
        self.find(&Owned { account, id })
    }

    /// Lists the trunks of an account.
    ///
    /// # Errors
    /// If the page is none.
    pub fn list_voice_connectors(
        &self,
        account: AccountId,
        page: PageRequest<'_>,
    ) -> Result<Page<(VoiceConnectorId, Arc<VoiceConnector>)>, Refusal> {
        let list = self.voice_connectors.of(account, page.after()?);
        page.fill(PAGE_MAX, list.map(|(id, item)| (*id, Arc::clone(item))), |(id, _item)| id.to_string())
    }
}

impl Draft<'_> {
    /// Makes a trunk. It allows nothing yet: no call in any direction, and no number leads to it.
    ///
    /// # Errors
    /// If what it is made from is not as it has to be, or the account has as many as it may.
    pub fn create_voice_connector(
        &mut self,
        account: AccountId,
        new: NewVoiceConnector,
    ) -> Result<VoiceConnectorId, Refusal> {
        let max = self.account(account)?.quotas.voice_connectors;
        if self.estate.voice_connectors.count(account) >= max {
            return Err(Refusal::limit("VoiceConnectors", max));
        }
        let id = VoiceConnectorId::draw(|below| self.draw(below));
        let record = VoiceConnectorRecord {
            aws_region: new.aws_region,
            integration_type: new.integration_type,
            name: new.name,
            network_type: new.network_type,
            require_encryption: new.require_encryption,
            voice_connector_id: id.to_string(),
            ..VoiceConnectorRecord::default()
        };
        let tags = Tag::checked(new.tags)?;
        let connector =
            VoiceConnector { created: self.now, external_systems: None, record, tags, updated: self.now };
        self.estate.check_voice_connector(account, &VoiceConnectorRecord::default(), &connector.record)?;
        self.put(&Owned { account, id }, connector);
        Ok(id)
    }

    /// Changes what a trunk is called, and whether its calls are encrypted.
    ///
    /// # Errors
    /// If there is no such trunk, or its routes stand against it.
    pub fn update_voice_connector(
        &mut self,
        account: AccountId,
        id: VoiceConnectorId,
        name: String,
        require_encryption: bool,
    ) -> Result<(), Refusal> {
        self.change_voice_connector(account, id, |connector| {
            connector.record.name = name;
            connector.record.require_encryption = require_encryption;
            Ok(())
        })
    }

    /// Removes a trunk for ever.
    ///
    /// # Errors
    /// If there is no such trunk, a number leads to it, or a group has it.
    pub fn delete_voice_connector(
        &mut self,
        account: AccountId,
        id: VoiceConnectorId,
    ) -> Result<(), Refusal> {
        let place = Owned { account, id };
        self.find::<VoiceConnector>(&place)?;
        if let Some(number) = self.estate.numbers_of(Home::VoiceConnector(id)).next() {
            let message = format_args!(
                "VoiceConnector {id} has phone numbers, {number} for one; disassociate them first"
            );
            return Err(Refusal::conflict(message));
        }
        let mut groups = self.estate.voice_connector_groups.of(account, Bound::Unbounded);
        let has = |items: &[trunk::records::VoiceConnectorItemRecord]| {
            items.iter().any(|item| item.voice_connector_id == id.as_str())
        };
        if let Some((group, _)) = groups.find(|(_, group)| has(&group.record.voice_connector_items)) {
            let message =
                format_args!("VoiceConnector {id} is in VoiceConnectorGroup {}; take it out first", group);
            return Err(Refusal::conflict(message));
        }
        drop(groups);
        if self.estate.credentials.find(&place).is_some() {
            self.remove::<Credentials>(&place);
        }
        self.remove::<VoiceConnector>(&place);
        Ok(())
    }

    /// Changes a trunk, and checks what comes out.
    pub(crate) fn change_voice_connector(
        &mut self,
        account: AccountId,
        id: VoiceConnectorId,
        change: impl FnOnce(&mut VoiceConnector) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let place = Owned { account, id };
        let before = self.find::<VoiceConnector>(&place)?;
        let mut connector = VoiceConnector::clone(&*before);
        change(&mut connector)?;
        connector.updated = self.now;
        self.estate.check_voice_connector(account, &before.record, &connector.record)?;
        self.put(&place, connector);
        Ok(())
    }
}

/// As many as the AWS API has at most on a page.
pub(crate) const PAGE_MAX: usize = 99;
