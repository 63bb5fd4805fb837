//! A change that is being made.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::account::Account;
use crate::document::{Change, Kind};
use crate::estate::Estate;
use crate::id::AccountId;
use crate::moment::Moment;
use crate::refusal::Refusal;
use crate::table::Belongs;

/// A change that is being made to a copy of an estate. The operations of [`operation`](crate::operation) are methods of it;
/// several of them make one change, that is made durable as a whole. After a refusal it is worth nothing.
pub struct Draft<'a> {
    /// What there is with all that was done so far.
    pub estate: Estate,
    /// When it is done.
    pub now: Moment,
    changes: BTreeMap<(Kind, String), Option<Vec<u8>>>,
    random: &'a mut dyn FnMut(u32) -> u32,
}

impl<'a> Draft<'a> {
    /// Begins a change; random numbers below a bound are for ids.
    pub fn new(estate: &Estate, now: Moment, random: &'a mut dyn FnMut(u32) -> u32) -> Self {
        Self { estate: estate.clone(), now, changes: BTreeMap::new(), random }
    }

    /// Gives the estate as it is to be, and what leads there; nothing if nothing changed.
    pub fn finish(self) -> (Estate, Vec<Change>) {
        let change = |((kind, id), body)| Change { kind, id, body };
        (self.estate, self.changes.into_iter().map(change).collect())
    }

    /// Gives a random number below a bound.
    pub(crate) fn draw(&mut self, below: u32) -> u32 {
        (self.random)(below)
    }

    pub(crate) fn account(&self, id: AccountId) -> Result<Arc<Account>, Refusal> {
        self.find(&id)
    }

    pub(crate) fn find<T: Belongs>(&self, id: &T::Id) -> Result<Arc<T>, Refusal> {
        self.estate.find::<T>(id).cloned()
    }

    /// Keeps a new thing, or the new form of one.
    ///
    /// # Panics
    /// If it cannot be written as JSON: no key of a map in it is anything but a text.
    pub(crate) fn put<T: Belongs>(&mut self, id: &T::Id, item: T) {
        let body = serde_json::to_vec(&item).expect("keys are texts");
        self.changes.insert((T::KIND, id.to_string()), Some(body));
        self.estate.put(id.clone(), item);
    }

    pub(crate) fn remove<T: Belongs>(&mut self, id: &T::Id) {
        self.changes.insert((T::KIND, id.to_string()), None);
        self.estate.remove::<T>(id);
    }
}
