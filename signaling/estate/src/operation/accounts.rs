//! Customers of the operator, and the keys that they sign with.

use std::sync::Arc;

use crate::account::Account;
use crate::draft::Draft;
use crate::estate::Estate;
use crate::id::AccountId;
use crate::refusal::Refusal;

impl Estate {
    /// Finds an account.
    ///
    /// # Errors
    /// If there is none.
    pub fn account(&self, id: AccountId) -> Result<&Arc<Account>, Refusal> {
        self.find(&id)
    }
}

impl Draft<'_> {
    /// Makes an account.
    ///
    /// # Errors
    /// If its name is none.
    pub fn create_account(&mut self, name: String) -> Result<AccountId, Refusal> {
        if !(1..=NAME_LEN_MAX).contains(&name.len()) {
            let message = format_args!("name: wanted 1 to {NAME_LEN_MAX} characters, found {}", name.len());
            return Err(Refusal::bad_request(message));
        }
        let id = AccountId::draw(&mut |below| self.draw(below));
        let account = Account {
            calling_name: String::new(),
            calling_name_updated: None,
            created: self.now,
            global_settings: trunk::GlobalSettings::default(),
            name,
            quotas: trunk::Quotas::default(),
        };
        self.put(&id, account);
        Ok(id)
    }
}

/// As for connectors.
const NAME_LEN_MAX: usize = 256;
