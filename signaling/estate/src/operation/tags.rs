//! What customers write on their trunks and groups.

use trunk::AwsRegion;

use crate::arn::{Arn, Resource};
use crate::draft::Draft;
use crate::estate::Estate;
use crate::group::VoiceConnectorGroup;
use crate::id::{AccountId, Owned};
use crate::refusal::Refusal;
use crate::tag::Tag;
use crate::voice_connector::VoiceConnector;

impl Estate {
    /// Lists what is written on a thing.
    ///
    /// # Errors
    /// If the name is none, or the account has no such thing.
    pub fn list_tags_for_resource(&self, account: AccountId, arn: &str) -> Result<&[Tag], Refusal> {
        match self.resource(account, arn)? {
            Resource::VoiceConnector(id) => Ok(&self.voice_connector(account, id)?.tags),
            Resource::VoiceConnectorGroup(id) => Ok(&self.voice_connector_group(account, id)?.tags),
        }
    }

    /// Reads the name of a thing that the account has.
    fn resource(&self, account: AccountId, text: &str) -> Result<Resource, Refusal> {
        let arn = Arn::parse(text).ok_or_else(|| {
            Refusal::bad_request(format_args!("ResourceARN: wanted {}, found {text:?}", Arn::WANTED))
        })?;
        let aws_region = match arn.resource {
            Resource::VoiceConnector(id) => self.voice_connector(account, id)?.record.aws_region,
            Resource::VoiceConnectorGroup(id) => {
                self.voice_connector_group(account, id)?;
                AwsRegion::default()
            }
        };
        match arn == (Arn { account, aws_region, ..arn }) {
            true => Ok(arn.resource),
            false => Err(Refusal::not_found("resource", text)),
        }
    }
}

impl Draft<'_> {
    /// Writes something on a thing; what was written there under the same words is replaced.
    ///
    /// # Errors
    /// If the name is none, the account has no such thing, nothing is to be written, a word comes twice or is none, or there would
    /// be too much on it.
    pub fn tag_resource(&mut self, account: AccountId, arn: &str, tags: Vec<Tag>) -> Result<(), Refusal> {
        self.estate.resource(account, arn)?;
        one_to_fifty("Tags", tags.len())?;
        let tags = Tag::checked(tags)?;
        self.change_tags(account, arn, |before| {
            before.retain(|tag| !tags.iter().any(|new| new.key == tag.key));
            before.extend(tags);
        })
    }

    /// Wipes what is written on a thing under some words. What was not there is no fault.
    ///
    /// # Errors
    /// If the name is none, the account has no such thing, or nothing is to be wiped.
    pub fn untag_resource(&mut self, account: AccountId, arn: &str, keys: &[String]) -> Result<(), Refusal> {
        self.estate.resource(account, arn)?;
        one_to_fifty("TagKeys", keys.len())?;
        self.change_tags(account, arn, |before| before.retain(|tag| !keys.contains(&tag.key)))
    }

    fn change_tags(
        &mut self,
        account: AccountId,
        arn: &str,
        change: impl FnOnce(&mut Vec<Tag>),
    ) -> Result<(), Refusal> {
        let mut tags = self.estate.list_tags_for_resource(account, arn)?.to_vec();
        change(&mut tags);
        let tags = Tag::checked(tags)?;
        match self.estate.resource(account, arn)? {
            Resource::VoiceConnector(id) => {
                let place = Owned { account, id };
                let connector = VoiceConnector::clone(&*self.find(&place)?);
                self.put(&place, VoiceConnector { tags, ..connector });
            }
            Resource::VoiceConnectorGroup(id) => {
                let place = Owned { account, id };
                let group = VoiceConnectorGroup::clone(&*self.find(&place)?);
                self.put(&place, VoiceConnectorGroup { tags, ..group });
            }
        }
        Ok(())
    }
}

/// Checks how many tags a call names.
fn one_to_fifty(list: &str, len: usize) -> Result<(), Refusal> {
    match (1..=CALL_MAX).contains(&len) {
        true => Ok(()),
        false => Err(Refusal::bad_request(format_args!("{list}: wanted 1 to {CALL_MAX}, found {len}"))),
    }
}

/// As many as the AWS API has at most in a call.
const CALL_MAX: usize = 50;
