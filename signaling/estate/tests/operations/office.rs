//! Where operations are done: an estate, a clock, and a mirror that learns of every change by its documents.

use estate::{AccountId, Change, Draft, Estate, InventoryNumber, Kind, Moment, OrderId, Owned, Refusal};
use trunk::E164;

/// An estate that is worked on.
pub(crate) struct Office {
    pub(crate) estate: Estate,
    pub(crate) now: Moment,
    pub(crate) mirror: Estate,
    seed: u64,
}

impl Office {
    pub(crate) fn new() -> Self {
        Self { estate: Estate::default(), now: Moment(1_700_000_000_000), mirror: Estate::default(), seed: 1 }
    }

    /// Makes an account.
    pub(crate) fn account(&mut self, name: &str) -> AccountId {
        self.does(|draft| draft.create_account(name.to_owned())).unwrap()
    }

    /// Lets a number of the inventory be one that came by an order, as documents of a store would say it.
    pub(crate) fn order(&mut self, account: AccountId, number: &str) {
        let place = Owned { account, id: E164::parse(number).unwrap() };
        let found = self.estate.phone_numbers.find(&place).unwrap();
        let order = Some(OrderId::draw(&mut |_| 7));
        let ordered = InventoryNumber { order, ..InventoryNumber::clone(found) };
        let body = Some(serde_json::to_vec(&ordered).unwrap());
        self.follow(&Change { kind: Kind::InventoryNumber, id: place.to_string(), body });
    }

    /// Takes a number from the pool whoever has it: so are those that come from another operator.
    pub(crate) fn unpool(&mut self, number: &str) {
        self.follow(&Change { kind: Kind::PoolNumber, id: number.to_owned(), body: None });
    }

    fn follow(&mut self, change: &Change) {
        self.estate.follow(change).unwrap();
        self.mirror.follow(change).unwrap();
    }

    /// Does something: wholly, or not at all. Whoever only reads the documents has to come to the same.
    pub(crate) fn does<T>(
        &mut self,
        operation: impl FnOnce(&mut Draft<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut seed = self.seed;
        let mut random = |below: u32| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            u32::try_from(seed >> 33).unwrap() % below
        };
        let mut draft = Draft::new(&self.estate, self.now, &mut random);
        let done = operation(&mut draft)?;
        let (estate, changes) = draft.finish();
        self.seed = seed;
        self.estate = estate;
        for change in &changes {
            self.mirror.follow(change).unwrap();
        }
        assert_eq!(told(&self.estate), told(&self.mirror), "{changes:?}");
        Ok(done)
    }
}

/// All that calls would obey, and all that they would not, but for secrets.
pub(crate) fn told(estate: &Estate) -> String {
    let records = serde_json::to_string(&estate.records()).unwrap();
    let tables = [
        format!("{:?}", estate.installation_or_default()),
        format!("{:?}", estate.accounts.iter().collect::<Vec<_>>()),
        format!("{:?}", estate.access_keys.iter().collect::<Vec<_>>()),
        format!("{:?}", estate.voice_connectors.iter().collect::<Vec<_>>()),
        format!("{:?}", estate.voice_connector_groups.iter().collect::<Vec<_>>()),
        format!("{:?}", estate.pool.iter().collect::<Vec<_>>()),
        format!("{:?}", estate.phone_numbers.iter().collect::<Vec<_>>()),
        format!("{:?}", estate.orders.iter().collect::<Vec<_>>()),
        format!("{:?}", estate.porting_cases.iter().collect::<Vec<_>>()),
        format!("{:?}", estate.port_outs.iter().collect::<Vec<_>>()),
        format!("{:?}", estate.carriers.iter().collect::<Vec<_>>()),
    ];
    format!("{records}\n{}", tables.join("\n"))
}
