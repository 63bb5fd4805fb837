//! Customers of the operator.

use std::ops::Bound;
use std::sync::Arc;

use trunk::Quotas;

use crate::access_key::AccessKey;
use crate::account::Account;
use crate::draft::Draft;
use crate::estate::Estate;
use crate::id::{AccessKeyId, AccountId, OrderId, Owned};
use crate::order::PhoneNumberOrder;
use crate::page::{Page, PageRequest};
use crate::port_out::PortOut;
use crate::porting::PortingCase;
use crate::refusal::Refusal;

impl Estate {
    /// Finds an account.
    ///
    /// # Errors
    /// If there is none.
    pub fn account(&self, id: AccountId) -> Result<&Arc<Account>, Refusal> {
        self.find(&id)
    }

    /// Lists the accounts.
    ///
    /// # Errors
    /// If the page is none.
    pub fn list_accounts(&self, page: PageRequest<'_>) -> Result<Page<(AccountId, Arc<Account>)>, Refusal> {
        let list = self.accounts.from(page.after()?);
        page.fill(PAGE_MAX, list.map(|(id, item)| (*id, Arc::clone(item))), |(id, _item)| id.to_string())
    }
}

impl Draft<'_> {
    /// Makes an account.
    ///
    /// # Errors
    /// If its name is none.
    pub fn create_account(&mut self, name: String) -> Result<AccountId, Refusal> {
        let id = AccountId::draw(&mut |below| self.draw(below));
        self.create_account_as(id, name)?;
        Ok(id)
    }

    /// Makes an account with an id that somebody has chosen.
    ///
    /// # Errors
    /// If its name is none, or the id is another one's.
    pub fn create_account_as(&mut self, id: AccountId, name: String) -> Result<(), Refusal> {
        check_name(&name)?;
        if self.estate.accounts.find(&id).is_some() {
            return Err(Refusal::conflict(format_args!("Account {id} exists")));
        }
        let account = Account { created: self.now, name, ..Account::default() };
        self.put(&id, account);
        Ok(())
    }

    /// Changes what an account is called.
    ///
    /// # Errors
    /// If there is no such account, or the name is none.
    pub fn rename_account(&mut self, id: AccountId, name: String) -> Result<(), Refusal> {
        let before = self.account(id)?;
        check_name(&name)?;
        self.put(&id, Account { name, ..Account::clone(&before) });
        Ok(())
    }

    /// Changes how many of each thing an account may have. What it has, goes on, even if that is more.
    ///
    /// # Errors
    /// If there is no such account, or there can never be so many.
    pub fn put_quotas(&mut self, id: AccountId, quotas: Quotas) -> Result<(), Refusal> {
        let before = self.account(id)?;
        if quotas.routes > ROUTES_MAX {
            let message = format_args!("routes: wanted {ROUTES_MAX} at most, found {}", quotas.routes);
            return Err(Refusal::bad_request(message));
        }
        self.put(&id, Account { quotas, ..Account::clone(&before) });
        Ok(())
    }

    /// Closes an account for ever, with its access keys and what it has ordered.
    ///
    /// # Errors
    /// If there is no such account, or it still has something.
    pub fn close_account(&mut self, id: AccountId) -> Result<(), Refusal> {
        self.account(id)?;
        let held = [
            ("VoiceConnectors", self.estate.voice_connectors.count(id)),
            ("VoiceConnectorGroups", self.estate.voice_connector_groups.count(id)),
            ("PhoneNumbers", self.estate.phone_numbers.count(id)),
        ];
        if let Some((things, count)) = held.into_iter().find(|(_things, count)| *count > 0) {
            return Err(Refusal::conflict(format_args!(
                "Account {id} has {count} {things}; delete them first"
            )));
        }
        let keys = self.estate.access_keys.iter().filter(|(_, key)| key.account == id);
        let keys: Vec<AccessKeyId> = keys.map(|(key, _)| *key).collect();
        keys.iter().for_each(|key| self.remove::<AccessKey>(key));
        let orders: Vec<OrderId> =
            self.estate.orders.of(id, Bound::Unbounded).map(|(order, _)| *order).collect();
        for order in orders {
            self.remove::<PhoneNumberOrder>(&Owned { account: id, id: order });
        }
        let cases: Vec<OrderId> =
            self.estate.porting_cases.of(id, Bound::Unbounded).map(|(case, _)| *case).collect();
        for case in cases {
            self.remove::<PortingCase>(&Owned { account: id, id: case });
        }
        let outs: Vec<OrderId> =
            self.estate.port_outs.of(id, Bound::Unbounded).map(|(out, _)| *out).collect();
        for out in outs {
            self.remove::<PortOut>(&Owned { account: id, id: out });
        }
        self.remove::<Account>(&id);
        Ok(())
    }
}

/// Checks a name that is for people.
pub(super) fn check_name(name: &str) -> Result<(), Refusal> {
    let len = name.chars().count();
    if !(1..=NAME_LEN_MAX).contains(&len) || name.chars().any(char::is_control) {
        let message =
            format_args!("name: wanted 1 to {NAME_LEN_MAX} characters that can be seen, found {name:.300?}");
        return Err(Refusal::bad_request(message));
    }
    Ok(())
}

/// As for connectors.
const NAME_LEN_MAX: usize = 256;

/// As many as a page of the AWS API has.
const PAGE_MAX: usize = 99;

/// The AWS API has no more room for routes than this.
const ROUTES_MAX: usize = 20;
