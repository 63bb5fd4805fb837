//! What numbers are found by: the state they are in, the place they belong to, who waits for them.

use std::ops::Bound;

use rpds::RedBlackTreeMapSync;
use trunk::records::{PhoneNumberStatus, PhoneNumberType, ProductType};
use trunk::{Country, E164};

use crate::id::{AccountId, Owned};
use crate::index::Index;
use crate::number::{InventoryNumber, PoolNumber};

/// What numbers are found by. It follows from the numbers, and is kept up with them.
#[derive(Clone, Default)]
pub(crate) struct Directory {
    /// Who waits for numbers of other operators, or did so until a few days ago: they are in no pool.
    arriving: RedBlackTreeMapSync<E164, AccountId>,
    free: Index<Shelf>,
    held: Index<(AccountId, Facet)>,
}

/// What free numbers have in common. States and cities are in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shelf {
    All,
    City(Country, Box<str>, Box<str>),
    Country(Country, PhoneNumberType),
    State(Country, Box<str>),
}

/// What numbers of an account have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Facet {
    Product(ProductType),
    Status(PhoneNumberStatus),
}

impl Directory {
    /// Gives the free numbers of a shelf behind a place, ascending.
    pub(crate) fn free<'a>(
        &'a self,
        shelf: &Shelf,
        place: Bound<E164>,
    ) -> impl Iterator<Item = E164> + use<'a> {
        self.free.of(shelf, place)
    }

    /// Gives the shelves that have a number.
    pub(crate) fn shelves(&self) -> impl Iterator<Item = &Shelf> {
        self.free.keys()
    }

    /// Gives the numbers that an account has of a kind behind a place, ascending.
    pub(crate) fn held(
        &self,
        account: AccountId,
        facet: Facet,
        place: Bound<E164>,
    ) -> impl Iterator<Item = E164> {
        self.held.of(&(account, facet), place)
    }

    /// Counts the numbers of an account that are for use, now or soon: not those that leave, nor those that did not come.
    pub(crate) fn in_use(&self, account: AccountId) -> usize {
        IN_USE.into_iter().map(|status| self.held.count(&(account, Facet::Status(status)))).sum()
    }

    /// Tells who waits for a number of another operator, or did so until a few days ago.
    pub(crate) fn awaited_by(&self, number: E164) -> Option<AccountId> {
        self.arriving.get(&number).copied()
    }

    pub(crate) fn follow_pool(
        &mut self,
        number: E164,
        before: Option<&PoolNumber>,
        after: Option<&PoolNumber>,
    ) {
        self.free.follow(number, before.and_then(shelves), after.and_then(shelves));
    }

    pub(crate) fn follow_inventory(
        &mut self,
        place: &Owned<E164>,
        before: Option<&InventoryNumber>,
        after: Option<&InventoryNumber>,
    ) {
        let keys = |item: &InventoryNumber| {
            let facets = [Facet::Product(item.record.product_type), Facet::Status(item.record.status)];
            facets.map(|facet| (place.account, facet))
        };
        self.held.follow(place.id, before.map(keys), after.map(keys));
        if before.is_some_and(InventoryNumber::is_of_other_operator) {
            self.arriving.remove_mut(&place.id);
        }
        if after.is_some_and(InventoryNumber::is_of_other_operator) {
            self.arriving.insert_mut(place.id, place.account);
        }
    }
}

/// Gives the shelves of a number, if it is free.
fn shelves(item: &PoolNumber) -> Option<[Shelf; 4]> {
    let country = Country::parse(&item.country).filter(|_| item.account.is_none())?;
    let (state, city) = (key(&item.state), key(&item.city));
    Some([
        Shelf::All,
        Shelf::Country(country, item.phone_number_type),
        Shelf::City(country, state.clone(), city),
        Shelf::State(country, state),
    ])
}

/// Gives the form of a name by which it is found, however it is written.
pub(crate) fn key(name: &str) -> Box<str> {
    name.to_ascii_lowercase().into()
}

const IN_USE: [PhoneNumberStatus; 5] = [
    PhoneNumberStatus::AcquireInProgress,
    PhoneNumberStatus::Assigned,
    PhoneNumberStatus::PortinCancelRequested,
    PhoneNumberStatus::PortinInProgress,
    PhoneNumberStatus::Unassigned,
];
