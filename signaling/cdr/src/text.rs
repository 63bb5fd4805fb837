//! Text of peers that never grows beyond its limit.

use std::fmt;

/// A text of at most `BYTES_MAX` bytes: what is longer is cut at a character's boundary. Peers choose how long a
/// Call-ID is; how much of a disk it takes is ours to say.
#[derive(Clone, PartialEq, Eq)]
pub struct Text<const BYTES_MAX: usize>(Box<str>);

impl<const BYTES_MAX: usize> Text<BYTES_MAX> {
    /// The text, within its limit.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const BYTES_MAX: usize> From<&str> for Text<BYTES_MAX> {
    fn from(text: &str) -> Self {
        let mut len = text.len().min(BYTES_MAX);
        while !text.is_char_boundary(len) {
            len -= 1;
        }
        Self(text[..len].into())
    }
}

impl<const BYTES_MAX: usize> fmt::Debug for Text<BYTES_MAX> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_and_what_does_not_is_cut_between_characters() {
        assert_eq!(Text::<4>::from("abcd").as_str(), "abcd");
        assert_eq!(Text::<4>::from("abcde").as_str(), "abcd");
        assert_eq!(Text::<4>::from("abcé").as_str(), "abc");
        assert_eq!(Text::<1>::from("é").as_str(), "");
    }
}
