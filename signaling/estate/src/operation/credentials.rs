//! Who may log in to trunks. Passwords never come here: whoever asks has hashed them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use trunk::VoiceConnectorId;
use trunk::records::{CredentialRecord, VoiceConnectorRecord};

use crate::credentials::Credentials;
use crate::draft::Draft;
use crate::estate::Estate;
use crate::id::{AccountId, Owned};
use crate::refusal::Refusal;
use crate::voice_connector::VoiceConnector;

impl Estate {
    /// Lists who may log in to a trunk, ascending; nobody has to if there is none.
    ///
    /// # Errors
    /// If there is no such trunk.
    pub fn list_voice_connector_termination_credentials(
        &self,
        account: AccountId,
        id: VoiceConnectorId,
    ) -> Result<Vec<String>, Refusal> {
        self.voice_connector(account, id)?;
        let list = self.credentials.find(&Owned { account, id }).map(|kept| kept.list.iter());
        Ok(list.into_iter().flatten().map(|credential| credential.username.clone()).collect())
    }
}

impl Draft<'_> {
    /// Lets users log in to a trunk; who could before under the same name, now can with these hashes only.
    ///
    /// # Errors
    /// If there is no such trunk, no user or too many in a call, a name twice or that is none, a hash that is none, or there would
    /// be more users than the quota allows.
    pub fn put_voice_connector_termination_credentials(
        &mut self,
        account: AccountId,
        id: VoiceConnectorId,
        credentials: Vec<CredentialRecord>,
    ) -> Result<(), Refusal> {
        let (connector, before) = self.who_logs_in(account, id)?;
        once("Credentials", credentials.iter().map(|credential| &credential.username))?;
        let by_name = |credential: CredentialRecord| (credential.username.clone(), credential);
        let all: BTreeMap<_, _> = before.iter().cloned().chain(credentials).map(by_name).collect();
        let list: Vec<CredentialRecord> = all.into_values().collect();
        let before = VoiceConnectorRecord { credentials: before, ..connector.record.clone() };
        let after = VoiceConnectorRecord { credentials: list.clone(), ..connector.record.clone() };
        self.estate.check_voice_connector(account, &before, &after)?;
        self.put(&Owned { account, id }, Credentials { list });
        Ok(())
    }

    /// Lets users log in to a trunk no more. Who could not before is no fault.
    ///
    /// # Errors
    /// If there is no such trunk, or no name or too many in a call.
    pub fn delete_voice_connector_termination_credentials(
        &mut self,
        account: AccountId,
        id: VoiceConnectorId,
        usernames: &[String],
    ) -> Result<(), Refusal> {
        let (_, before) = self.who_logs_in(account, id)?;
        once("Usernames", usernames.iter())?;
        let len = before.len();
        let rest = before.into_iter().filter(|credential| !usernames.contains(&credential.username));
        let list: Vec<CredentialRecord> = rest.collect();
        let place = Owned { account, id };
        match list.len() {
            0 if len > 0 => self.remove::<Credentials>(&place),
            rest if rest < len => self.put(&place, Credentials { list }),
            _ => (),
        }
        Ok(())
    }

    fn who_logs_in(
        &self,
        account: AccountId,
        id: VoiceConnectorId,
    ) -> Result<(Arc<VoiceConnector>, Vec<CredentialRecord>), Refusal> {
        let place = Owned { account, id };
        let kept = self.estate.credentials.find(&place);
        Ok((self.find(&place)?, kept.map(|kept| kept.list.clone()).unwrap_or_default()))
    }
}

/// Checks that a call names somebody, nobody twice, and not too many.
fn once<'a>(list: &str, names: impl ExactSizeIterator<Item = &'a String>) -> Result<(), Refusal> {
    let len = names.len();
    if !(1..=CALL_MAX).contains(&len) {
        return Err(Refusal::bad_request(format_args!("{list}: wanted 1 to {CALL_MAX} users, found {len}")));
    }
    let different = names.collect::<BTreeSet<_>>().len();
    if different < len {
        let message =
            format_args!("{list}: wanted each user once, found {different} different ones of {len}");
        return Err(Refusal::bad_request(message));
    }
    Ok(())
}

/// As many as a call of the AWS API may have, by its best-known client.
const CALL_MAX: usize = 10;
