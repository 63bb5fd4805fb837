//! What a file does not name: of the account that it is for, and of others.

use std::collections::BTreeSet;
use std::ops::Bound;

use crate::id::{AccountId, Id};
use crate::refusal::Refusal;
use crate::table::Holdings;

/// Gives what an account has and a file does not name.
pub(super) fn not_named<I: Id, T>(held: &Holdings<I, T>, account: AccountId, named: &BTreeSet<I>) -> Vec<I> {
    held.of(account, Bound::Unbounded).map(|(id, _)| id).filter(|id| !named.contains(id)).cloned().collect()
}

/// Refuses a file that names what another account has.
pub(super) fn refuse_others<I: Id, T>(
    held: &Holdings<I, T>,
    account: AccountId,
    named: &BTreeSet<I>,
    thing: &str,
) -> Result<(), Refusal> {
    match held.iter().find(|(owner, id, _)| *owner != account && named.contains(id)) {
        Some((_, id, _)) => Err(held_elsewhere(thing, id)),
        None => Ok(()),
    }
}

/// Says that something is another account's.
pub(super) fn held_elsewhere(thing: &str, id: impl std::fmt::Display) -> Refusal {
    Refusal::conflict(format_args!("{thing} {id} is another account's"))
}
