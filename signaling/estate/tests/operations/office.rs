//! Where operations are done: an estate, a clock, and a mirror that learns of every change by its documents.

use estate::{AccountId, Draft, Estate, Moment, Refusal};

/// An estate that is worked on.
pub(crate) struct Office {
    pub(crate) estate: Estate,
    pub(crate) now: Moment,
    mirror: Estate,
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

/// All that calls would obey.
fn told(estate: &Estate) -> String {
    serde_json::to_string(&estate.records()).unwrap()
}
