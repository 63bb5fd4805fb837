//! All that is managed, at one moment.

use std::ops::Bound;
use std::sync::Arc;

use rpds::RedBlackTreeSetSync;
use trunk::{E164, Home, VoiceConnectorGroupId, VoiceConnectorId};

use crate::access_key::AccessKey;
use crate::account::Account;
use crate::carrier::Carrier;
use crate::credentials::Credentials;
use crate::directory::Directory;
use crate::document::{Change, Kind, Unreadable};
use crate::due::Agenda;
use crate::group::VoiceConnectorGroup;
use crate::id::{Id, OrderId, Owned};
use crate::installation::Installation;
use crate::number::{InventoryNumber, PoolNumber};
use crate::order::PhoneNumberOrder;
use crate::port_out::PortOut;
use crate::porting::PortingCase;
use crate::refusal::Refusal;
use crate::table::{Belongs, Holdings, Table};
use crate::voice_connector::VoiceConnector;

/// Declares the estate: a table per kind, and which document belongs to which.
macro_rules! estate {
    ($($(#[$doc:meta])* $table:ident: $of:ident<$item:ident $(, $id:ident)?>,)*) => {
        /// All that is managed, at one moment. A copy costs nothing.
        #[derive(Clone, Default)]
        pub struct Estate {
            $($(#[$doc])* pub $table: estate!(@ $of $item $($id)?),)*
            /// Which numbers are assigned to what.
            assigned: RedBlackTreeSetSync<(Home, E164)>,
            /// What has to be done at some time.
            pub(crate) agenda: Agenda,
            /// What numbers are found by.
            pub(crate) directory: Directory,
            /// Orders that go on when an operator says so.
            pub(crate) waiting: RedBlackTreeSetSync<Owned<OrderId>>,
        }

        $(impl Belongs for $item {
            fn find<'a>(estate: &'a Estate, id: &Self::Id) -> Option<&'a Arc<Self>> {
                estate.$table.find(id)
            }

            fn put(estate: &mut Estate, id: Self::Id, item: Arc<Self>) {
                estate.$table.put(id, item);
            }

            fn remove(estate: &mut Estate, id: &Self::Id) {
                estate.$table.remove(id);
            }
        })*

        impl Estate {
            /// Takes over a change that was made elsewhere, or long ago.
            ///
            /// # Errors
            /// If the document is none of this version.
            pub fn follow(&mut self, change: &Change) -> Result<(), Unreadable> {
                match change.kind {
                    $(Kind::$item => self.read::<$item>(change),)*
                }
            }
        }
    };
    (@ Table $item:ident) => { Table<$item> };
    (@ Holdings $item:ident $id:ident) => { Holdings<$id, $item> };
}

estate! {
    /// What holds for all accounts: one thing, or none.
    installation: Table<Installation>,
    /// Customers of the operator.
    accounts: Table<Account>,
    /// What requests are signed with.
    access_keys: Table<AccessKey>,
    /// Trunks.
    voice_connectors: Holdings<VoiceConnector, VoiceConnectorId>,
    /// Who may log in to a trunk.
    credentials: Holdings<Credentials, VoiceConnectorId>,
    /// Trunks that stand in for each other.
    voice_connector_groups: Holdings<VoiceConnectorGroup, VoiceConnectorGroupId>,
    /// Numbers that carriers deliver to us, whoever has them.
    pool: Table<PoolNumber>,
    /// Numbers of accounts.
    phone_numbers: Holdings<InventoryNumber, E164>,
    /// Orders of numbers.
    orders: Holdings<PhoneNumberOrder, OrderId>,
    /// Numbers that come from other operators.
    porting_cases: Holdings<PortingCase, OrderId>,
    /// Numbers that go to other operators.
    port_outs: Holdings<PortOut, OrderId>,
    /// Who brings calls, and takes them.
    carriers: Table<Carrier>,
}

impl Estate {
    /// Gives the numbers that are assigned to a connector or a group, ascending.
    pub fn numbers_of(&self, home: Home) -> impl Iterator<Item = E164> {
        self.numbers_behind(home, Bound::Unbounded)
    }

    /// Gives those of them that come behind a place.
    pub(crate) fn numbers_behind(&self, home: Home, place: Bound<E164>) -> impl Iterator<Item = E164> {
        let first = match place {
            Bound::Unbounded => Bound::Included((home, E164::MIN)),
            Bound::Included(number) => Bound::Included((home, number)),
            Bound::Excluded(number) => Bound::Excluded((home, number)),
        };
        self.assigned.range((first, Bound::Included((home, E164::MAX)))).map(|(_home, number)| *number)
    }

    /// Finds a thing.
    ///
    /// # Errors
    /// If there is none, or it is somebody else's.
    pub(crate) fn find<T: Belongs>(&self, id: &T::Id) -> Result<&Arc<T>, Refusal> {
        T::find(self, id).ok_or_else(|| Refusal::not_found(T::KIND.name(), id.own()))
    }

    pub(crate) fn put<T: Belongs>(&mut self, id: T::Id, item: T) {
        let before = T::find(self, &id).cloned();
        T::follow(self, &id, before.as_deref(), Some(&item));
        T::put(self, id, Arc::new(item));
    }

    pub(crate) fn remove<T: Belongs>(&mut self, id: &T::Id) {
        let before = T::find(self, id).cloned();
        T::follow(self, id, before.as_deref(), None);
        T::remove(self, id);
    }

    pub(crate) fn assign(&mut self, number: E164, before: Option<Home>, after: Option<Home>) {
        if let Some(home) = before {
            self.assigned.remove_mut(&(home, number));
        }
        if let Some(home) = after {
            self.assigned.insert_mut((home, number));
        }
    }

    fn read<T: Belongs>(&mut self, change: &Change) -> Result<(), Unreadable> {
        let unreadable = |why: String| Unreadable { document: format!("{} {}", change.kind, change.id), why };
        let id = T::Id::parse(&change.id).ok_or_else(|| unreadable("its id is none".to_owned()))?;
        match &change.body {
            Some(body) => {
                let item = serde_json::from_slice(body).map_err(|error| unreadable(error.to_string()))?;
                self.put::<T>(id, item);
            }
            None => self.remove::<T>(&id),
        }
        Ok(())
    }
}
