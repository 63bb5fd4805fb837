//! Long lists in parts.

use std::ops::Bound;

use crate::id::Id;
use crate::refusal::Refusal;

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct PageRequest<'a> {
    /// How much at most; as much as a page holds if none.
    pub len: Option<usize>,
    /// Where the part before ended; from the beginning if none.
    pub after: Option<&'a str>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What is in it.
    pub items: Vec<T>,
    /// Where it ended, if there is more.
    pub next: Option<String>,
}

impl PageRequest<'_> {
    /// Tells behind which thing the part begins.
    ///
    /// # Errors
    /// If no part has ended there.
    pub(crate) fn after<I: Id>(&self) -> Result<Bound<I>, Refusal> {
        let Some(text) = self.after else { return Ok(Bound::Unbounded) };
        let id = I::parse(text).ok_or_else(|| {
            Refusal::bad_request(format_args!("NextToken: wanted the one of the page before, found {text:?}"))
        })?;
        Ok(Bound::Excluded(id))
    }

    /// Fills a page from what comes after the place where the part before ended; `name` is what a place is remembered by.
    ///
    /// # Errors
    /// If more is asked for than a page may hold.
    pub fn fill<T>(
        &self,
        len_max: usize,
        mut rest: impl Iterator<Item = T>,
        name: impl Fn(&T) -> String,
    ) -> Result<Page<T>, Refusal> {
        let len = self.len.unwrap_or(len_max);
        if len == 0 || len > len_max {
            return Err(Refusal::bad_request(format_args!("MaxResults: wanted 1 to {len_max}, found {len}")));
        }
        let items: Vec<T> = rest.by_ref().take(len).collect();
        let next = rest.next().and_then(|_more| items.last().map(name));
        Ok(Page { items, next })
    }
}
