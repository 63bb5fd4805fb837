//! What somebody may have meant.

/// Gives the known word that is the fewest edits away, a third of its letters at most; capital letters are none. Failing
/// that, it is the shortest that has all of the word in it, but for its plural.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let letters: Vec<char> = word.to_lowercase().chars().take(LETTERS_MAX).collect();
    let edits = |known: &str| distance(&letters, &known.to_lowercase());
    let (edits, found) = known.iter().map(|known| (edits(known), *known)).min()?;
    if edits <= found.len().max(letters.len()).div_ceil(3) {
        return Some(found);
    }
    let stem: String = letters.iter().collect();
    let stem = stem.trim_end_matches('s');
    let longer = known.iter().filter(|known| stem.len() >= STEM_MIN && known.contains(stem));
    longer.min_by_key(|known| known.len()).copied()
}

/// Says what to type instead of an unknown key.
pub(super) fn advice(key: &str, known: &[&str]) -> String {
    match nearest(key, known) {
        Some(near) => near.to_owned(),
        None if known.is_empty() => String::new(),
        None => {
            let mut known = known.to_vec();
            known.sort_unstable();
            format!("one of {}", known.join(", "))
        }
    }
}

/// Tells whether a word names what must not be shown, spelled well or nearly so.
pub(super) fn is_secret(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let letters: Vec<char> = word.chars().take(LETTERS_MAX).collect();
    SECRETS.iter().any(|secret| word.contains(secret) || distance(&letters, secret) <= secret.len() / 3)
}

/// Counts how many letters have to be put in, taken out or exchanged (Levenshtein, 1965).
fn distance(word: &[char], known: &str) -> usize {
    // The row for a prefix of `known` has the distance of each prefix of `word`.
    let mut row: Vec<usize> = (0..=word.len()).collect();
    for (above, letter) in (1..).zip(known.chars()) {
        let mut corner =
            std::mem::replace(row.first_mut().expect("a row begins with the empty prefix"), above);
        let mut left = above;
        for (cell, other) in row.iter_mut().skip(1).zip(word) {
            let exchanged = corner.saturating_add(usize::from(*other != letter));
            corner = *cell;
            left = exchanged.min(left.saturating_add(1)).min(cell.saturating_add(1));
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// What is longer is no slip of a finger.
const LETTERS_MAX: usize = 64;

/// Fewer letters are in many words.
const STEM_MIN: usize = 4;

/// What keys of secrets are called.
const SECRETS: [&str; 4] = ["password", "ha1", "secret", "passphrase"];
