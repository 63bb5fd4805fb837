//! What customers write on their things.

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

/// A word and what it says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tag {
    /// The word; no two tags of a thing have the same.
    pub key: String,
    /// What it says.
    pub value: String,
}

impl Tag {
    /// Checks the tags of a thing.
    ///
    /// # Errors
    /// If there are too many, a word comes twice, or one is too long.
    pub(crate) fn checked(mut tags: Vec<Self>) -> Result<Vec<Self>, Refusal> {
        tags.sort();
        if tags.len() > TAGS_MAX {
            return Err(Refusal::limit("tags", TAGS_MAX));
        }
        for tag in &tags {
            let (key, value) = (tag.key.chars().count(), tag.value.chars().count());
            if !(1..=KEY_LEN_MAX).contains(&key) || value > VALUE_LEN_MAX {
                let message = format_args!(
                    "Tags: wanted a key of 1 to {KEY_LEN_MAX} characters and a value of {VALUE_LEN_MAX} at most, found {key} and {value}"
                );
                return Err(Refusal::bad_request(message));
            }
        }
        match tags.windows(2).find(|pair| matches!(pair, [one, next] if one.key == next.key)) {
            Some(pair) => {
                Err(Refusal::bad_request(format_args!("Tags: wanted each key once, found {pair:?}")))
            }
            None => Ok(tags),
        }
    }
}

const TAGS_MAX: usize = 50;
const KEY_LEN_MAX: usize = 128;
const VALUE_LEN_MAX: usize = 256;
