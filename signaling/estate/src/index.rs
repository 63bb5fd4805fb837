//! Numbers by what they have in common, so that few are found among many.

use std::ops::Bound;

use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};
use trunk::E164;

/// Numbers by a key, ascending; a copy costs nothing.
#[derive(Clone)]
pub(crate) struct Index<K: Ord>(RedBlackTreeMapSync<K, RedBlackTreeSetSync<E164>>);

impl<K: Clone + Ord> Index<K> {
    /// Gives the numbers behind a place.
    pub(crate) fn of<'a>(&'a self, key: &K, place: Bound<E164>) -> impl Iterator<Item = E164> + use<'a, K> {
        let ends = (place, Bound::Unbounded);
        self.0.get(key).into_iter().flat_map(move |held| held.range(ends)).copied()
    }

    pub(crate) fn count(&self, key: &K) -> usize {
        self.0.get(key).map_or(0, RedBlackTreeSetSync::size)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.keys()
    }

    /// Moves a number from the keys that it had to those that it has.
    pub(crate) fn follow<const N: usize>(
        &mut self,
        number: E164,
        before: Option<[K; N]>,
        after: Option<[K; N]>,
    ) {
        if before == after {
            return;
        }
        for key in before.iter().flatten() {
            self.remove(key, number);
        }
        for key in after.into_iter().flatten() {
            self.put(key, number);
        }
    }

    fn put(&mut self, key: K, number: E164) {
        match self.0.get_mut(&key) {
            Some(held) => held.insert_mut(number),
            None => self.0.insert_mut(key, RedBlackTreeSetSync::new_sync().insert(number)),
        }
    }

    fn remove(&mut self, key: &K, number: E164) {
        let Some(held) = self.0.get_mut(key) else { return };
        held.remove_mut(&number);
        if held.is_empty() {
            self.0.remove_mut(key);
        }
    }
}

impl<K: Ord> Default for Index<K> {
    fn default() -> Self {
        Self(RedBlackTreeMapSync::new_sync())
    }
}
