//! Things of one kind by their ids; a copy of all of them costs nothing.

use std::ops::Bound;
use std::sync::Arc;

use rpds::RedBlackTreeMapSync;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::document::Kind;
use crate::estate::Estate;
use crate::id::{AccountId, Id, Owned};

/// A thing that is kept as a document.
pub trait Item: Serialize + DeserializeOwned + Sized {
    /// What it is called by.
    type Id: Id;
    /// Of which kind its document is.
    const KIND: Kind;

    /// Keeps up what else leads to a thing, when it changes from one form to another.
    fn follow(_estate: &mut Estate, _id: &Self::Id, _before: Option<&Self>, _after: Option<&Self>) {}
}

/// Where a thing belongs in the estate.
pub(crate) trait Belongs: Item {
    fn find<'a>(estate: &'a Estate, id: &Self::Id) -> Option<&'a Arc<Self>>;
    fn put(estate: &mut Estate, id: Self::Id, item: Arc<Self>);
    fn remove(estate: &mut Estate, id: &Self::Id);
}

/// Things that belong to nobody, ascending by their ids.
pub struct Table<T: Item>(RedBlackTreeMapSync<T::Id, Arc<T>>);

impl<T: Item> Table<T> {
    /// Finds a thing.
    pub fn find(&self, id: &T::Id) -> Option<&Arc<T>> {
        self.0.get(id)
    }

    /// Gives all, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (&T::Id, &Arc<T>)> {
        self.0.iter()
    }

    /// Gives those behind a place, ascending.
    pub fn from(&self, place: Bound<T::Id>) -> impl Iterator<Item = (&T::Id, &Arc<T>)> {
        self.0.range((place, Bound::Unbounded))
    }

    /// Counts them.
    pub fn len(&self) -> usize {
        self.0.size()
    }

    /// Tells whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn put(&mut self, id: T::Id, item: Arc<T>) {
        self.0.insert_mut(id, item);
    }

    pub(crate) fn remove(&mut self, id: &T::Id) {
        self.0.remove_mut(id);
    }
}

impl<T: Item> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Item> Default for Table<T> {
    fn default() -> Self {
        Self(RedBlackTreeMapSync::new_sync())
    }
}

/// Things that belong to accounts.
pub struct Holdings<I: Id, T>(RedBlackTreeMapSync<AccountId, RedBlackTreeMapSync<I, Arc<T>>>);

impl<I: Id, T> Holdings<I, T> {
    /// Finds a thing that an account has.
    pub fn find(&self, place: &Owned<I>) -> Option<&Arc<T>> {
        self.0.get(&place.account)?.get(&place.id)
    }

    /// Gives everybody's, with whose they are.
    pub fn iter(&self) -> impl Iterator<Item = (AccountId, &I, &Arc<T>)> {
        self.0.iter().flat_map(|(account, held)| held.iter().map(|(id, item)| (*account, id, item)))
    }

    /// Gives what an account has behind a place, ascending by their ids.
    pub fn of(&self, account: AccountId, place: Bound<I>) -> impl Iterator<Item = (&I, &Arc<T>)> {
        self.0.get(&account).into_iter().flat_map(move |held| held.range((place.clone(), Bound::Unbounded)))
    }

    /// Counts what an account has.
    pub fn count(&self, account: AccountId) -> usize {
        self.0.get(&account).map_or(0, RedBlackTreeMapSync::size)
    }

    pub(crate) fn put(&mut self, place: Owned<I>, item: Arc<T>) {
        match self.0.get_mut(&place.account) {
            Some(held) => held.insert_mut(place.id, item),
            None => self.0.insert_mut(place.account, RedBlackTreeMapSync::new_sync().insert(place.id, item)),
        }
    }

    pub(crate) fn remove(&mut self, place: &Owned<I>) {
        let Some(held) = self.0.get_mut(&place.account) else { return };
        held.remove_mut(&place.id);
        if held.is_empty() {
            self.0.remove_mut(&place.account);
        }
    }
}

impl<I: Id, T> Clone for Holdings<I, T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<I: Id, T> Default for Holdings<I, T> {
    fn default() -> Self {
        Self(RedBlackTreeMapSync::new_sync())
    }
}
