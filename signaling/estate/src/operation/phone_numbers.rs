//! The inventory of an account: found, listed, and changed one thing at a time.

use std::collections::BTreeSet;
use std::sync::Arc;

use trunk::records::{AssociationName, PhoneNumberStatus, ProductType};
use trunk::{E164, Home, VoiceConnectorGroupId, VoiceConnectorId};

use crate::directory::Facet;
use crate::draft::Draft;
use crate::estate::Estate;
use crate::group::VoiceConnectorGroup;
use crate::id::{AccountId, Owned};
use crate::number::{InventoryNumber, PhoneNumberError};
use crate::page::{Page, PageRequest};
use crate::refusal::Refusal;
use crate::voice_connector::VoiceConnector;

/// Which numbers are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct PhoneNumberFilter<'a> {
    /// Those that are assigned to something: what kind of thing, and its id.
    pub association: Option<(AssociationName, &'a str)>,
    /// Those that are used for something.
    pub product_type: Option<ProductType>,
    /// Those in a state.
    pub status: Option<PhoneNumberStatus>,
}

/// What is to be changed of a number: one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhoneNumberUpdate {
    /// The name that goes with it to the telephone network; empty to have none.
    pub calling_name: Option<String>,
    /// What the customer calls it.
    pub name: Option<String>,
    /// What it is used for.
    pub product_type: Option<ProductType>,
}

impl Estate {
    /// Finds a number of an account.
    ///
    /// # Errors
    /// If the account has no such number.
    pub fn phone_number(&self, account: AccountId, number: E164) -> Result<&Arc<InventoryNumber>, Refusal> {
        self.find(&Owned { account, id: number })
    }

    /// Counts the numbers of an account that its quota is about.
    pub fn phone_numbers_in_use(&self, account: AccountId) -> usize {
        self.directory.in_use(account)
    }

    /// Lists the numbers of an account, those in the deletion queue included.
    ///
    /// # Errors
    /// If they are to be assigned to what the account does not have, or the page is none.
    pub fn list_phone_numbers(
        &self,
        account: AccountId,
        filter: PhoneNumberFilter<'_>,
        page: PageRequest<'_>,
    ) -> Result<Page<(E164, Arc<InventoryNumber>)>, Refusal> {
        let place = page.after::<E164>()?;
        let numbers: Box<dyn Iterator<Item = E164> + '_> = match filter {
            PhoneNumberFilter { association: Some((name, value)), .. } => {
                Box::new(self.numbers_behind(self.find_home(account, name, value)?, place))
            }
            PhoneNumberFilter { status: Some(status), .. } => {
                Box::new(self.directory.held(account, Facet::Status(status), place))
            }
            PhoneNumberFilter { product_type: Some(product), .. } => {
                Box::new(self.directory.held(account, Facet::Product(product), place))
            }
            PhoneNumberFilter { .. } => {
                Box::new(self.phone_numbers.of(account, place).map(|(number, _)| *number))
            }
        };
        let fits = |item: &InventoryNumber| {
            filter.status.is_none_or(|status| item.record.status == status)
                && filter.product_type.is_none_or(|product| item.record.product_type == product)
        };
        let found = numbers
            .filter_map(|id| Some((id, self.phone_numbers.find(&Owned { account, id })?)))
            .filter(|(_, item)| fits(item))
            .map(|(number, item)| (number, Arc::clone(item)));
        page.fill(PAGE_MAX, found, |(number, _)| number.to_string())
    }

    /// Makes sure that an account has what numbers are assigned to.
    pub(crate) fn check_home(&self, account: AccountId, home: Home) -> Result<(), Refusal> {
        match home {
            Home::VoiceConnector(id) => self.find::<VoiceConnector>(&Owned { account, id }).map(drop),
            Home::VoiceConnectorGroup(id) => {
                self.find::<VoiceConnectorGroup>(&Owned { account, id }).map(drop)
            }
        }
    }

    fn find_home(&self, account: AccountId, name: AssociationName, value: &str) -> Result<Home, Refusal> {
        let (thing, home) = match name {
            AssociationName::VoiceConnectorId => {
                ("VoiceConnector", VoiceConnectorId::parse(value).map(Home::VoiceConnector))
            }
            AssociationName::VoiceConnectorGroupId => {
                ("VoiceConnectorGroup", VoiceConnectorGroupId::parse(value).map(Home::VoiceConnectorGroup))
            }
            // Nobody has SIP rules here.
            AssociationName::SipRuleId => ("SipRule", None),
        };
        let home = home.ok_or_else(|| Refusal::not_found(thing, value))?;
        self.check_home(account, home)?;
        Ok(home)
    }
}

impl Draft<'_> {
    /// Changes a number: one thing of it.
    ///
    /// # Errors
    /// If there is no such number, not one thing is to be changed, or it cannot be changed now.
    pub fn update_phone_number(
        &mut self,
        account: AccountId,
        number: E164,
        update: PhoneNumberUpdate,
    ) -> Result<(), Refusal> {
        match update {
            PhoneNumberUpdate { calling_name: Some(name), name: None, product_type: None } => {
                self.change_calling_name(account, number, name)
            }
            PhoneNumberUpdate { calling_name: None, name: Some(name), product_type: None } => {
                check_name(&name)?;
                self.change_phone_number(account, number, |item| {
                    item.name = name;
                    Ok(())
                })
            }
            PhoneNumberUpdate { calling_name: None, name: None, product_type: Some(product) } => {
                self.change_phone_number(account, number, |item| change_product(item, product))
            }
            PhoneNumberUpdate { .. } => Err(Refusal::bad_request(format_args!(
                "{number}: wanted one of ProductType, CallingName and Name"
            ))),
        }
    }

    /// Changes several numbers, one thing of each. Gives those that were not changed.
    ///
    /// # Errors
    /// If there is no number, or one comes twice.
    pub fn batch_update_phone_number(
        &mut self,
        account: AccountId,
        updates: Vec<(E164, PhoneNumberUpdate)>,
    ) -> Result<Vec<PhoneNumberError>, Refusal> {
        self.account(account)?;
        let mut seen = BTreeSet::new();
        if let Some((number, _)) = updates.iter().find(|(number, _)| !seen.insert(*number)) {
            let message =
                format_args!("UpdatePhoneNumberRequestItems: wanted each number once, found {number} again");
            return Err(Refusal::bad_request(message));
        }
        if updates.is_empty() {
            return Err(Refusal::bad_request(
                "UpdatePhoneNumberRequestItems: wanted at least one, found none",
            ));
        }
        let mut errors = Vec::new();
        for (number, update) in updates {
            if let Err(refusal) = self.update_phone_number(account, number, update) {
                errors.push(PhoneNumberError { number, refusal });
            }
        }
        Ok(errors)
    }

    /// Does something to each of some numbers, and gives those that it was not done to. What refuses has changed nothing.
    ///
    /// # Errors
    /// If there is no number.
    pub(crate) fn each_phone_number(
        &mut self,
        numbers: &[E164],
        mut operation: impl FnMut(&mut Self, E164) -> Result<(), Refusal>,
    ) -> Result<Vec<PhoneNumberError>, Refusal> {
        if numbers.is_empty() {
            return Err(Refusal::bad_request("phone numbers: wanted at least one, found none"));
        }
        let mut seen = BTreeSet::new();
        let mut errors = Vec::new();
        for number in numbers.iter().copied().filter(|number| seen.insert(*number)) {
            if let Err(refusal) = operation(self, number) {
                errors.push(PhoneNumberError { number, refusal });
            }
        }
        Ok(errors)
    }

    /// Changes a number if what is done to it is not refused.
    pub(crate) fn change_phone_number(
        &mut self,
        account: AccountId,
        number: E164,
        change: impl FnOnce(&mut InventoryNumber) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let place = Owned { account, id: number };
        let mut item = InventoryNumber::clone(&*self.find(&place)?);
        change(&mut item)?;
        item.updated = self.now;
        self.put(&place, item);
        Ok(())
    }
}

/// What is assigned, on its way or leaving stays what it is.
fn change_product(item: &mut InventoryNumber, product: ProductType) -> Result<(), Refusal> {
    if item.record.status != PhoneNumberStatus::Unassigned {
        let number = &item.record.e164_phone_number;
        let message = format_args!(
            "{number} is {:?}; its product type can be changed when it is Unassigned",
            item.record.status
        );
        return Err(Refusal::conflict(message));
    }
    item.record.product_type = product;
    Ok(())
}

/// Checks what a customer calls a number: words of letters, digits, commas, dots, _ and -, or nothing.
pub(crate) fn check_name(name: &str) -> Result<(), Refusal> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b",._-".contains(&byte);
    let is_word = |text: &str| text.bytes().all(is_plain);
    let fits = name.split_ascii_whitespace().all(is_word)
        && !name.starts_with(|first: char| first.is_ascii_whitespace())
        && !name.ends_with(|last: char| last.is_ascii_whitespace())
        && name.len() <= NAME_LEN_MAX;
    match fits {
        true => Ok(()),
        false => Err(Refusal::bad_request(format_args!(
            "Name: wanted words of letters, digits, commas, dots, _ and -, {NAME_LEN_MAX} characters at most, found {name:?}"
        ))),
    }
}

const NAME_LEN_MAX: usize = 256;

/// As many as the AWS API has at most on a page.
const PAGE_MAX: usize = 100;
