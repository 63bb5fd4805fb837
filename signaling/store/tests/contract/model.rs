//! Random histories against a map in memory.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use store::{Change, Commit, Engine, Error, Feed, Key, Revision};

use crate::places::{Folder, Place, Schema, changes, key, read};

/// What is done to a store.
#[derive(Clone, Debug)]
enum Step {
    Commit { behind: u64, changes: Vec<(u8, Option<Vec<u8>>)> },
    Since { back: u64 },
    Prune { back: u64 },
    Reopen,
}

/// What a store should be.
#[derive(Default)]
struct Model {
    revision: u64,
    pruned: u64,
    documents: BTreeMap<Key, (u64, Option<Vec<u8>>)>,
}

#[test]
fn sqlite_does_what_a_map_does() {
    run(60, Folder::new);
}

#[test]
fn postgres_does_what_a_map_does() {
    if Schema::new().is_some() {
        run(30, || Schema::new().unwrap());
    }
}

fn run<P: Place>(cases: u32, place: impl Fn() -> P) {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(cases) });
    runner
        .run(&prop::collection::vec(step(), 1..40), |steps| {
            let place = place();
            let (mut store, mut model) = (place.open(), Model::default());
            for step in &steps {
                if matches!(step, Step::Reopen) {
                    drop(store);
                    store = place.open();
                }
                model.follow(step, &mut *store);
            }
            model.compare(&mut *store);
            Ok(())
        })
        .unwrap();
}

fn step() -> impl Strategy<Value = Step> {
    let body = prop::option::weighted(0.7, prop::collection::vec(any::<u8>(), 0..20));
    let changes = prop::collection::vec((0..6_u8, body), 0..5);
    prop_oneof![
        6 => (prop_oneof![4 => Just(0), 1 => 1..3_u64], changes)
            .prop_map(|(behind, changes)| Step::Commit { behind, changes }),
        3 => (0..6_u64).prop_map(|back| Step::Since { back }),
        1 => (0..6_u64).prop_map(|back| Step::Prune { back }),
        1 => Just(Step::Reopen),
    ]
}

impl Model {
    fn follow(&mut self, step: &Step, store: &mut dyn Engine) {
        match step {
            Step::Commit { behind, changes } => self.commit(*behind, changes, store),
            Step::Since { back } => {
                let since = self.revision.saturating_sub(*back);
                assert_eq!(store.since(Revision(since)).unwrap(), self.feed(since), "since {since}");
            }
            Step::Prune { back } => {
                let until = self.revision.saturating_sub(*back);
                store.prune(Revision(until)).unwrap();
                self.pruned = self.pruned.max(until);
                let pruned = self.pruned;
                self.documents.retain(|_key, (revision, body)| body.is_some() || *revision > pruned);
            }
            Step::Reopen => self.compare(store),
        }
    }

    fn commit(&mut self, behind: u64, wanted: &[(u8, Option<Vec<u8>>)], store: &mut dyn Engine) {
        let change = |(number, body): &(u8, Option<Vec<u8>>)| {
            let key = key(["a", "b"][usize::from(number % 2)], &number.to_string());
            Change { key, body: body.as_deref().map(Into::into) }
        };
        let commit: Commit = changes(wanted.iter().map(change));
        let expected = self.revision.saturating_sub(behind);
        let done = store.commit(Revision(expected), &commit);
        if expected != self.revision {
            assert_eq!(done, Err(Error::Behind { current: Revision(self.revision) }));
            return;
        }
        self.revision += 1;
        assert_eq!(done, Ok(Revision(self.revision)));
        for Change { key, body } in commit.changes {
            self.documents.insert(key, (self.revision, body.map(Vec::from)));
        }
    }

    fn feed(&self, since: u64) -> Feed {
        let revision = Revision(self.revision);
        if since < self.pruned {
            return Feed::Lost { current: revision };
        }
        let mut newer: Vec<_> =
            self.documents.iter().filter(|(_key, (revision, _body))| *revision > since).collect();
        newer.sort_by_key(|(key, (revision, _body))| (*revision, *key));
        let change = |(key, (_revision, body)): (&Key, &(u64, Option<Vec<u8>>))| Change {
            key: key.clone(),
            body: body.as_deref().map(Into::into),
        };
        Feed::Changes { revision, changes: newer.into_iter().map(change).collect() }
    }

    fn compare(&self, store: &mut dyn Engine) {
        let alive =
            self.documents.iter().filter_map(|(key, (_revision, body))| Some((key.clone(), body.clone()?)));
        assert_eq!(read(store), (self.revision, alive.collect()));
        let report = store.check().unwrap();
        assert!(report.is_clean(), "{report:?}");
        assert_eq!(report.documents + report.gone, self.documents.len() as u64);
    }
}
