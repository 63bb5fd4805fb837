//! What requests of an account are signed with.

use trunk::Secret;

use crate::access_key::AccessKey;
use crate::draft::Draft;
use crate::estate::Estate;
use crate::id::{AccessKeyId, AccountId};
use crate::moment::Moment;
use crate::refusal::Refusal;

/// A key that was just made: the only time that its secret is told.
#[derive(Clone, Debug)]
pub struct NewAccessKey {
    /// Whose requests are signed with it.
    pub account: AccountId,
    /// What it is called by.
    pub id: AccessKeyId,
    /// The secret.
    pub secret: Secret,
}

/// A key in a list: without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedAccessKey {
    /// When it was made.
    pub created: Moment,
    /// Whether it is out of use.
    pub disabled: bool,
    /// What it is called by.
    pub id: AccessKeyId,
    /// What it is for.
    pub name: String,
}

impl Estate {
    /// Lists the keys of an account: all, for there are few.
    ///
    /// # Errors
    /// If there is no such account.
    pub fn list_access_keys(&self, account: AccountId) -> Result<Vec<ListedAccessKey>, Refusal> {
        self.account(account)?;
        let ours = self.access_keys.iter().filter(|(_, key)| key.account == account);
        let listed = ours.map(|(id, key)| {
            let name = key.name.clone();
            ListedAccessKey { created: key.created, disabled: key.disabled, id: *id, name }
        });
        Ok(listed.collect())
    }

    /// Tells for whom a key signs, and its secret, to verify a signature; nothing if it is out of use.
    pub fn signer(&self, id: &AccessKeyId) -> Option<(AccountId, &Secret)> {
        let key = self.access_keys.find(id).filter(|key| !key.disabled)?;
        Some((key.account, &key.secret))
    }
}

impl Draft<'_> {
    /// Makes the first account and its first key, for an installation where nobody can sign anything yet.
    ///
    /// # Errors
    /// If there is an account.
    pub fn bootstrap(&mut self, name: String) -> Result<NewAccessKey, Refusal> {
        if !self.estate.accounts.is_empty() {
            return Err(Refusal::conflict(
                "wanted an installation without accounts, found one that has some",
            ));
        }
        let account = self.create_account(name)?;
        self.create_access_key(account, "bootstrap".to_owned())
    }

    /// Makes a key.
    ///
    /// # Errors
    /// If there is no such account, what the key is for is too long, or there are as many keys as there may be.
    pub fn create_access_key(&mut self, account: AccountId, name: String) -> Result<NewAccessKey, Refusal> {
        if self.estate.list_access_keys(account)?.len() >= KEYS_MAX {
            return Err(Refusal::limit("AccessKeys", KEYS_MAX));
        }
        if !name.is_empty() {
            super::accounts::check_name(&name)?;
        }
        let id = AccessKeyId::draw(&mut |below| self.draw(below));
        let secret = self.draw_secret();
        let key = AccessKey { account, created: self.now, disabled: false, name, secret: secret.clone() };
        self.put(&id, key);
        Ok(NewAccessKey { account, id, secret })
    }

    /// Takes a key out of use, or into use again.
    ///
    /// # Errors
    /// If the account has no such key.
    pub fn disable_access_key(
        &mut self,
        account: AccountId,
        id: AccessKeyId,
        disabled: bool,
    ) -> Result<(), Refusal> {
        let key = self.access_key(account, id)?;
        self.put(&id, AccessKey { disabled, ..key });
        Ok(())
    }

    /// Removes a key for ever.
    ///
    /// # Errors
    /// If the account has no such key.
    pub fn delete_access_key(&mut self, account: AccountId, id: AccessKeyId) -> Result<(), Refusal> {
        self.access_key(account, id)?;
        self.remove::<AccessKey>(&id);
        Ok(())
    }

    fn access_key(&self, account: AccountId, id: AccessKeyId) -> Result<AccessKey, Refusal> {
        let key = self.find::<AccessKey>(&id)?;
        match key.account == account {
            true => Ok(AccessKey::clone(&key)),
            false => Err(Refusal::not_found("AccessKey", id)),
        }
    }

    /// Makes the secret of a key: 40 characters of 64 kinds, 240 bits.
    fn draw_secret(&mut self) -> Secret {
        let letter = |at: u32| usize::try_from(at).ok().and_then(|at| BASE_64.get(at)).copied();
        let mut text = String::with_capacity(SECRET_LEN);
        for _ in 0..SECRET_LEN {
            text.push(char::from(letter(self.draw(64)).unwrap_or(b'A')));
        }
        Secret::new(text)
    }
}

/// Enough for one per application and one to change to; more would be forgotten ones.
const KEYS_MAX: usize = 16;

/// As AWS has it.
const SECRET_LEN: usize = 40;

/// RFC 4648 section 4.
const BASE_64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
