//! Which numbers of the pool can be had.

use std::collections::BTreeMap;
use std::ops::Bound;

use trunk::records::PhoneNumberType;
use trunk::{Country, E164, TOLL_FREE};

use crate::directory::{Shelf, key};
use crate::estate::Estate;
use crate::id::AccountId;
use crate::number::PoolNumber;
use crate::page::{Page, PageRequest};
use crate::refusal::Refusal;

/// What is searched for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Search<'a> {
    /// An area code.
    pub area_code: Option<&'a str>,
    /// A city; of a state, which has to be named, too.
    pub city: Option<&'a str>,
    /// A country; the United States if none.
    pub country: Option<&'a str>,
    /// Who pays for calls.
    pub phone_number_type: Option<PhoneNumberType>,
    /// A state or province.
    pub state: Option<&'a str>,
    /// An area code of toll-free numbers.
    pub toll_free_prefix: Option<&'a str>,
}

impl Estate {
    /// Searches for numbers that an account can order, ascending.
    ///
    /// # Errors
    /// If there is no such account, the search is too wide or says what cannot be, or the page is none.
    pub fn search_available_phone_numbers(
        &self,
        account: AccountId,
        search: Search<'_>,
        page: PageRequest<'_>,
    ) -> Result<Page<E164>, Refusal> {
        self.account(account)?;
        let query = Query::checked(search)?;
        let place = page.after::<E164>()?;
        let found = query.range(place).into_iter().flat_map(|(shelf, place, last)| {
            self.directory.free(&shelf, place).take_while(move |number| *number <= last)
        });
        let fits = |number: &E164| self.pool.find(number).is_some_and(|item| query.fits(item));
        page.fill(PAGE_MAX, found.filter(fits), E164::to_string)
    }

    /// Gives the countries and types of which there are numbers to be had, ascending.
    pub fn list_supported_phone_number_countries(&self) -> Vec<(Country, Vec<PhoneNumberType>)> {
        let mut countries: BTreeMap<Country, Vec<PhoneNumberType>> = BTreeMap::new();
        for shelf in self.directory.shelves() {
            if let Shelf::Country(country, phone_number_type) = shelf {
                countries.entry(*country).or_default().push(*phone_number_type);
            }
        }
        countries.into_iter().collect()
    }
}

/// A search that makes sense.
struct Query<'a> {
    area_code: Option<&'a str>,
    country: Country,
    phone_number_type: Option<PhoneNumberType>,
    search: Search<'a>,
}

impl<'a> Query<'a> {
    fn checked(search: Search<'a>) -> Result<Self, Refusal> {
        let text = search.country.unwrap_or("US");
        let country =
            Country::parse(text).ok_or_else(|| bad("Country", Country::WANTED, format_args!("{text:?}")))?;
        let given = [("AreaCode", search.area_code), ("City", search.city), ("State", search.state)];
        for (name, text) in given {
            if text.is_some_and(|text| text.trim().is_empty()) {
                return Err(bad(name, "a name, or none at all", "an empty one"));
            }
        }
        if let Some(prefix) = search.toll_free_prefix
            && !TOLL_FREE.iter().any(|area| area.to_string() == prefix)
        {
            return Err(bad(
                "TollFreePrefix",
                "800, 833, 844, 855, 866, 877 or 888",
                format_args!("{prefix:?}"),
            ));
        }
        let is_plan = matches!(country, Country::CANADA | Country::UNITED_STATES);
        if let Some(area) = search.area_code
            && is_plan
            && !(area.len() == 3 && area.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(bad("AreaCode", "3 digits", format_args!("{area:?}")));
        }
        if search.city.is_some() && search.state.is_none() {
            return Err(bad("City", "a State with it", "none"));
        }
        if search.toll_free_prefix.is_some() && search.phone_number_type == Some(PhoneNumberType::Local) {
            return Err(bad("TollFreePrefix", "the PhoneNumberType TollFree, or none", "Local"));
        }
        let is_narrow = search.state.or(search.area_code).or(search.toll_free_prefix).is_some();
        if country == Country::UNITED_STATES && !is_narrow {
            return Err(bad(
                "SearchAvailablePhoneNumbers",
                "State, AreaCode or TollFreePrefix for US",
                "none",
            ));
        }
        if country != Country::UNITED_STATES && search.phone_number_type.is_none() {
            return Err(bad("PhoneNumberType", format!("Local or TollFree for {country}"), "none"));
        }
        let area_code = search.toll_free_prefix.or(search.area_code).filter(|_| is_plan);
        let is_toll_free = area_code.map(|code| TOLL_FREE.iter().any(|area| area.to_string() == code));
        let by_area = is_toll_free.map(|is| match is {
            true => PhoneNumberType::TollFree,
            false => PhoneNumberType::Local,
        });
        let phone_number_type = search.phone_number_type.or(by_area);
        Ok(Self { area_code, country, phone_number_type, search })
    }

    /// Gives the shelf to look through, from where to where; none if nothing can be there.
    fn range(&self, place: Bound<E164>) -> Option<(Shelf, Bound<E164>, E164)> {
        if let (Some(area), Some(phone_number_type)) = (self.area_code, self.phone_number_type) {
            // An area goes from exchange 200 to 999.
            let first = E164::from_digits(&format!("1{area}2000000")).ok()?;
            let last = E164::from_digits(&format!("1{area}9999999")).ok()?;
            let place = match place {
                Bound::Excluded(after) if after >= first => place,
                Bound::Excluded(_) | Bound::Included(_) | Bound::Unbounded => Bound::Included(first),
            };
            // Behind the last one there is nothing, wherever the page before ended.
            let is_over = matches!(place, Bound::Excluded(after) if after >= last);
            return (!is_over).then_some((Shelf::Country(self.country, phone_number_type), place, last));
        }
        let shelf = match (self.search.state, self.search.city) {
            (Some(state), Some(city)) => Shelf::City(self.country, key(state), key(city)),
            (Some(state), None) => Shelf::State(self.country, key(state)),
            (None, _) => Shelf::Country(self.country, self.phone_number_type?),
        };
        Some((shelf, place, E164::MAX))
    }

    fn fits(&self, item: &PoolNumber) -> bool {
        let Search { area_code, city, state, toll_free_prefix, .. } = self.search;
        let says = |wanted: Option<&str>, found: &str| {
            wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(found))
        };
        says(area_code, &item.area_code)
            && says(toll_free_prefix, &item.area_code)
            && says(state, &item.state)
            && says(city, &item.city)
            && self.phone_number_type.is_none_or(|wanted| item.phone_number_type == wanted)
    }
}

fn bad(name: &str, wanted: impl std::fmt::Display, found: impl std::fmt::Display) -> Refusal {
    Refusal::bad_request(format_args!("{name}: wanted {wanted}, found {found}"))
}

/// As many as the AWS API has at most on a page of a search.
const PAGE_MAX: usize = 500;
