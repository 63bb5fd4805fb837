//! What time does: when, and to what.

use rpds::RedBlackTreeSetSync;
use trunk::E164;

use crate::id::{AccountId, OrderId, Owned};
use crate::moment::Moment;

/// What has to be done at some time, the next first. It follows from the things themselves, and is kept up with them.
#[derive(Clone, Default)]
pub(crate) struct Agenda(RedBlackTreeSetSync<(Moment, Due)>);

/// To what something has to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// The name of an account's numbers comes into use.
    CallingName(AccountId),
    /// An order is fulfilled.
    Order(Owned<OrderId>),
    /// The name of a number comes into use, or the number is deleted for good.
    PhoneNumber(Owned<E164>),
}

impl Agenda {
    /// Tells when something has to be done next.
    pub(crate) fn next(&self) -> Option<Moment> {
        self.0.first().map(|(moment, _)| *moment)
    }

    /// Gives what has to be done by now, what is overdue longest first.
    pub(crate) fn until(&self, now: Moment) -> impl Iterator<Item = Due> {
        self.0.iter().take_while(move |(moment, _)| *moment <= now).map(|(_, due)| *due)
    }

    pub(crate) fn follow(&mut self, due: Due, before: Option<Moment>, after: Option<Moment>) {
        if before == after {
            return;
        }
        if let Some(moment) = before {
            self.0.remove_mut(&(moment, due));
        }
        if let Some(moment) = after {
            self.0.insert_mut((moment, due));
        }
    }
}
