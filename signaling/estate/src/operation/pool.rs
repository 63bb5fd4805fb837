//! Numbers that carriers deliver to us: what the operator has, and sells.

use std::collections::BTreeSet;
use std::sync::Arc;

use trunk::records::PhoneNumberType;
use trunk::{CarrierId, Country, E164, NumberClass};

use crate::carrier::Carrier;
use crate::directory::Shelf;
use crate::draft::Draft;
use crate::estate::Estate;
use crate::id::{AccountId, Owned};
use crate::moment::Moment;
use crate::number::{InventoryNumber, PhoneNumberError, PoolNumber};
use crate::page::{Page, PageRequest};
use crate::refusal::{Refusal, Why};
use crate::table::Item;

/// What an operator says of a number. What the number itself says need not be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPoolNumber {
    /// Its area code; in the North American plan the number has it.
    pub area_code: Option<String>,
    /// How many calls may come to it at a time; 100 if none.
    pub calls_max: Option<u32>,
    /// Who delivers calls to it.
    pub carriers: Vec<String>,
    /// The city, if any.
    pub city: String,
    /// The country, two letters; by the number if none.
    pub country: Option<String>,
    /// The number.
    pub number: E164,
    /// Who pays for calls to it; by the number if none.
    pub phone_number_type: Option<PhoneNumberType>,
    /// The state or province, if any.
    pub state: String,
}

impl NewPoolNumber {
    /// Begins with what is known of any number: itself, and who delivers calls to it.
    pub const fn new(number: E164, carriers: Vec<String>) -> Self {
        Self {
            area_code: None,
            calls_max: None,
            carriers,
            city: String::new(),
            country: None,
            number,
            phone_number_type: None,
            state: String::new(),
        }
    }
}

/// Which numbers of the pool are asked for.
#[derive(Clone, Debug, Default)]
pub struct PoolFilter {
    /// Those of one account.
    pub account: Option<AccountId>,
    /// Those that a carrier delivers calls to.
    pub carrier: Option<String>,
    /// Those of a country.
    pub country: Option<String>,
    /// Those that nobody has.
    pub free_only: bool,
}

impl Estate {
    /// Finds a number of the pool.
    ///
    /// # Errors
    /// If there is none.
    pub fn pool_number(&self, number: E164) -> Result<&Arc<PoolNumber>, Refusal> {
        self.find(&number)
    }

    /// Lists the numbers of the pool.
    ///
    /// # Errors
    /// If the page is none.
    pub fn list_pool(
        &self,
        filter: &PoolFilter,
        page: PageRequest<'_>,
    ) -> Result<Page<(E164, Arc<PoolNumber>)>, Refusal> {
        let place = page.after::<E164>()?;
        let numbers: Box<dyn Iterator<Item = E164> + '_> = match filter.account {
            Some(account) => Box::new(self.phone_numbers.of(account, place).map(|(number, _)| *number)),
            None if filter.free_only => Box::new(self.directory.free(&Shelf::All, place)),
            None => Box::new(self.pool.from(place).map(|(number, _)| *number)),
        };
        let fits = |item: &PoolNumber| {
            filter.country.as_ref().is_none_or(|country| item.country == *country)
                && filter.carrier.as_ref().is_none_or(|carrier| item.carriers.contains(carrier))
                && !(filter.free_only && item.account.is_some())
        };
        let found = numbers.filter_map(|number| Some((number, self.pool.find(&number)?)));
        let found = found.filter(|(_, item)| fits(item)).map(|(number, item)| (number, Arc::clone(item)));
        page.fill(PAGE_MAX, found, |(number, _)| number.to_string())
    }

    /// Checks what is said of a number.
    pub(crate) fn check_pool_number(&self, new: NewPoolNumber) -> Result<PoolNumber, Refusal> {
        let number = new.number;
        let mut carriers = BTreeSet::new();
        for text in &new.carriers {
            let id = CarrierId::parse(text).filter(|id| self.carriers.find(id).is_some());
            let id = id.ok_or_else(|| Refusal::not_found(Carrier::KIND.name(), text))?;
            carriers.insert(id.to_string());
        }
        let phone_number_type = phone_number_type(number, new.phone_number_type)?;
        let wanted = match (phone_number_type, carriers.len()) {
            (_, 0) => Some("at least one"),
            (PhoneNumberType::Local, 2..) => Some("one, because the number is local"),
            (PhoneNumberType::Local | PhoneNumberType::TollFree, _) => None,
        };
        if let Some(wanted) = wanted {
            return Err(wrong(number, "carriers", wanted, carriers.len()));
        }
        if new.calls_max == Some(0) {
            return Err(wrong(number, "calls_max", "1 or more, or none at all", 0));
        }
        for (field, text) in [("city", &new.city), ("state", &new.state)] {
            if text.len() > PLACE_LEN_MAX || text.chars().any(char::is_control) {
                let wanted = format!("{PLACE_LEN_MAX} printable bytes at most");
                return Err(wrong(number, field, &wanted, format_args!("{text:?}")));
            }
        }
        Ok(PoolNumber {
            account: None,
            added: Moment::default(),
            area_code: area_code(number, new.area_code)?,
            calls_max: new.calls_max,
            carriers: carriers.into_iter().collect(),
            city: new.city,
            country: country(number, new.country)?,
            phone_number_type,
            state: new.state,
        })
    }
}

impl Draft<'_> {
    /// Puts numbers into the pool; one that is there already, as it is said, is well. Gives those that were not taken.
    pub fn add_pool_numbers(&mut self, list: Vec<NewPoolNumber>) -> Vec<PhoneNumberError> {
        let mut errors = Vec::new();
        for new in list {
            let number = new.number;
            if let Err(refusal) = self.add_pool_number(new) {
                errors.push(PhoneNumberError { number, refusal });
            }
        }
        errors
    }

    /// Puts a number into the pool.
    ///
    /// # Errors
    /// If it is not as it has to be, is there already and another one, or is on its way from another operator.
    pub fn add_pool_number(&mut self, new: NewPoolNumber) -> Result<(), Refusal> {
        let number = new.number;
        let mut item = self.estate.check_pool_number(new)?;
        item.added = self.now;
        if let Some(kept) = self.estate.pool.find(&number) {
            let same = PoolNumber { account: kept.account, added: kept.added, ..item };
            return match **kept == same {
                true => Ok(()),
                false => {
                    Err(Refusal::conflict(format_args!("{number} is in the pool already, and is different")))
                }
            };
        }
        self.claim(number)?;
        self.put(&number, item);
        Ok(())
    }

    /// Changes what is known of a number, whoever has it: calls obey at once.
    ///
    /// # Errors
    /// If there is no such number, or it would not be as it has to be.
    pub fn change_pool_number(&mut self, new: NewPoolNumber) -> Result<(), Refusal> {
        let number = new.number;
        let kept = self.find::<PoolNumber>(&number)?;
        let item =
            PoolNumber { account: kept.account, added: kept.added, ..self.estate.check_pool_number(new)? };
        if let Some(account) = kept.account
            && let Some(held) = self.estate.phone_numbers.find(&Owned { account, id: number })
        {
            let mut held = InventoryNumber::clone(held);
            held.obey(&item);
            self.put(&Owned { account, id: number }, held);
        }
        self.put(&number, item);
        Ok(())
    }

    /// Takes a number out of the pool that carriers deliver no more.
    ///
    /// # Errors
    /// If there is no such number, or somebody has it.
    pub fn withdraw_pool_number(&mut self, number: E164) -> Result<(), Refusal> {
        match self.find::<PoolNumber>(&number)?.account {
            None => self.remove::<PoolNumber>(&number),
            Some(account) => {
                let message =
                    format_args!("{number} is of account {account}; it has to be deleted there first");
                return Err(Refusal::conflict(message));
            }
        }
        Ok(())
    }

    /// Makes sure that nobody has a number that is to come to us, or waits for it. Who has waited in vain lets go of it.
    pub(crate) fn claim(&mut self, number: E164) -> Result<(), Refusal> {
        if self.estate.pool.find(&number).is_some() {
            return Err(Refusal::conflict(format_args!("{number} is here already")));
        }
        let Some(account) = self.estate.directory.awaited_by(number) else { return Ok(()) };
        let place = Owned { account, id: number };
        if !self.find::<InventoryNumber>(&place)?.is_lost() {
            return Err(Refusal::conflict(format_args!("{number} is being ported in")));
        }
        self.remove::<InventoryNumber>(&place);
        Ok(())
    }
}

/// The number itself tells in the North American plan; elsewhere the operator knows better than the first digits.
fn phone_number_type(number: E164, said: Option<PhoneNumberType>) -> Result<PhoneNumberType, Refusal> {
    let by_number = type_by_number(number);
    match said {
        Some(said) if number.nanp().is_some() && said != by_number => {
            let wanted = format!("{by_number:?} by its area code");
            Err(wrong(number, "phone_number_type", &wanted, format_args!("{said:?}")))
        }
        said => Ok(said.unwrap_or(by_number)),
    }
}

pub(super) fn type_by_number(number: E164) -> PhoneNumberType {
    match number.class() {
        NumberClass::TollFree => PhoneNumberType::TollFree,
        NumberClass::Local | NumberClass::Premium => PhoneNumberType::Local,
    }
}

fn area_code(number: E164, said: Option<String>) -> Result<String, Refusal> {
    let by_number = number.nanp().map(|nanp| nanp.area.to_string());
    match (by_number, said) {
        (Some(area), Some(said)) if area != said => {
            Err(wrong(number, "area_code", &area, format_args!("{said:?}")))
        }
        (None, Some(said)) if said.len() > 8 || !said.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(wrong(number, "area_code", "8 digits at most", format_args!("{said:?}")))
        }
        (by_number, said) => Ok(by_number.or(said).unwrap_or_default()),
    }
}

fn country(number: E164, said: Option<String>) -> Result<String, Refusal> {
    let by_number = Country::of(number).map(|country| country.to_string());
    match (by_number, said) {
        (Some(country), Some(said)) if country != said => {
            Err(wrong(number, "country", &country, format_args!("{said:?}")))
        }
        (None, said) => match said.as_deref().and_then(Country::parse) {
            Some(country) => Ok(country.to_string()),
            None => Err(wrong(number, "country", Country::WANTED, format_args!("{said:?}"))),
        },
        (Some(country), _) => Ok(country),
    }
}

fn wrong(number: E164, field: &str, wanted: &str, found: impl std::fmt::Display) -> Refusal {
    Refusal::new(Why::BadRequest, format_args!("{number}: {field}: wanted {wanted}, found {found}"))
}

/// As many as a search gives.
const PAGE_MAX: usize = 500;

/// The longest name of a place in the United States has 45 letters.
const PLACE_LEN_MAX: usize = 64;
