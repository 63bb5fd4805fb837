//! How much somebody wants to read.

use core::fmt;
use core::str::FromStr;
use std::collections::BTreeMap;

/// How much a line matters. Those that matter most come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Somebody must act.
    Error,
    /// Unusual, yet working.
    Warn,
    /// What a customer could notice.
    Info,
    /// Conditions.
    Debug,
}

impl Level {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::Error, Self::Warn, Self::Info, Self::Debug];

    /// Returns the word that lines and settings use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
        }
    }
}

/// Up to which level lines are written, for each room. As text: `info`, or `info,fleet=debug,transport=warn`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levels {
    others: Level,
    rooms: BTreeMap<String, Level>,
}

impl Levels {
    /// Tells whether lines of this level are written for this room.
    #[must_use]
    pub fn allow(&self, room: &str, level: Level) -> bool {
        level <= self.rooms.get(room).copied().unwrap_or(self.others)
    }
}

/// Everything up to INFO.
impl Default for Levels {
    fn default() -> Self {
        Self { others: Level::Info, rooms: BTreeMap::new() }
    }
}

impl FromStr for Levels {
    type Err = LevelsError;

    fn from_str(text: &str) -> Result<Self, LevelsError> {
        let mut levels = Self::default();
        for part in text.split(',') {
            let error = || LevelsError { found: part.to_owned() };
            let level =
                |word: &str| Level::ALL.into_iter().find(|level| level.word().eq_ignore_ascii_case(word));
            match part.split_once('=') {
                Some((room, word)) if !room.is_empty() => {
                    levels.rooms.insert(room.to_owned(), level(word).ok_or_else(error)?);
                }
                Some(_) => return Err(error()),
                None => levels.others = level(part).ok_or_else(error)?,
            }
        }
        Ok(levels)
    }
}

/// A text that says no levels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelsError {
    found: String,
}

impl fmt::Display for LevelsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "log levels: wanted a level or ROOM=LEVEL, found {:?}; levels are error, warn, info and debug, as in \
             info,fleet=debug",
            self.found
        )
    }
}

impl core::error::Error for LevelsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_has_its_own_level_or_that_of_the_others() {
        let levels: Levels = "warn,fleet=debug,cdr=error".parse().unwrap();
        for (room, highest) in [("fleet", Level::Debug), ("cdr", Level::Error), ("api", Level::Warn)] {
            for level in Level::ALL {
                assert_eq!(levels.allow(room, level), level <= highest, "{room} {level:?}");
            }
        }
        assert_eq!("INFO".parse(), Ok(Levels::default()));
    }

    #[test]
    fn what_is_no_level_is_told_with_what_would_be() {
        for text in ["", "loud", "fleet=", "=debug", "info,fleet=loud", "info,,"] {
            let error = text.parse::<Levels>().unwrap_err().to_string();
            assert!(error.contains("wanted a level or ROOM=LEVEL"), "{text}: {error}");
        }
    }
}
