//! How a database became what it is: one list of steps, in the words of both engines.
//!
//! A step that was released is never changed; what is wrong with it is put right by another one.

use crate::checksum;
use crate::error::Error;

/// One step, done in one transaction with all that are missing.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

/// The first is version 1.
pub(crate) const STEPS: [Step; 3] = [
    Step {
        name: "documents",
        sqlite: include_str!("steps/1-documents.sqlite.sql"),
        postgres: include_str!("steps/1-documents.postgres.sql"),
    },
    Step {
        name: "entries",
        sqlite: include_str!("steps/2-entries.sqlite.sql"),
        postgres: include_str!("steps/2-entries.postgres.sql"),
    },
    Step {
        name: "names of commits",
        sqlite: include_str!("steps/3-names.sqlite.sql"),
        postgres: include_str!("steps/3-names.postgres.sql"),
    },
];

/// Which of the two texts of a step.
#[derive(Clone, Copy)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Step {
    pub(crate) fn sql(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }

    pub(crate) fn checksum(&self, dialect: Dialect) -> i64 {
        checksum::of_text(self.sql(dialect))
    }
}

/// The steps that are missing, with their versions, in a database that has these behind it.
pub(crate) fn missing(
    done: &[(i64, i64)],
    dialect: Dialect,
    place: &str,
) -> Result<Vec<(i64, &'static Step)>, Error> {
    let refuse = |found: String| Err(Error::NotOurs { place: place.into(), found });
    let newest = done.len() as i64;
    if newest > STEPS.len() as i64 {
        let known = STEPS.len();
        return refuse(format!(
            "it has version {newest}, written by a later release; this one knows up to {known}: start that one"
        ));
    }
    for ((version, checksum), (wanted, step)) in done.iter().zip((1..).zip(&STEPS)) {
        if *version != wanted || *checksum != step.checksum(dialect) {
            return refuse(format!(
                "its step {wanted} ({}) is another than this release has; start the release that wrote it",
                step.name
            ));
        }
    }
    Ok((1..).zip(&STEPS).skip(done.len()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(dialect: Dialect) -> Vec<(i64, i64)> {
        (1..).zip(&STEPS).map(|(version, step)| (version, step.checksum(dialect))).collect()
    }

    #[test]
    fn what_was_released_is_not_changed() {
        let sums: Vec<_> = [Dialect::Sqlite, Dialect::Postgres].map(done).concat();
        let sums: Vec<_> =
            sums.iter().map(|(_version, sum)| format!("{:016x}", sum.cast_unsigned())).collect();
        let released = [
            "9e23af3d1eef7829",
            "53402a77ee5310ec",
            "d65514d2c0169d04",
            "6f374342e2ab21ed",
            "485cc3c3217a4326",
            "ac107c3111a9cdb5",
        ];
        assert_eq!(sums, released);
    }

    #[test]
    fn what_is_missing_follows_what_is_done() {
        let done = done(Dialect::Sqlite);
        for count in 0..=done.len() {
            let missing = missing(&done[..count], Dialect::Sqlite, "x").unwrap();
            let versions: Vec<_> = missing.iter().map(|(version, _step)| *version as usize).collect();
            assert_eq!(versions, (count + 1..=done.len()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_later_and_another_history_are_refused() {
        let mut later = done(Dialect::Postgres);
        later.push((4, 0));
        let mut other = done(Dialect::Postgres);
        other[1].1 += 1;
        for (history, word) in [(later, "version 4"), (other, "step 2 (entries)")] {
            let Err(Error::NotOurs { found, .. }) = missing(&history, Dialect::Postgres, "x") else {
                panic!("{word} is taken")
            };
            assert!(found.contains(word), "{found}");
        }
    }
}
