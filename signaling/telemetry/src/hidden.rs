//! What must not be read in a line.

use core::fmt;

/// A secret: whatever prints it, or what holds it, prints `…`.
///
/// Overwriting it in memory is its own affair.
#[derive(Clone, Copy, Default)]
pub struct Hidden<T>(T);

impl<T> Hidden<T> {
    /// Hides a secret.
    pub const fn new(secret: T) -> Self {
        Self(secret)
    }

    /// Shows the secret to whoever works with it.
    pub const fn reveal(&self) -> &T {
        &self.0
    }

    /// Gives the secret up.
    pub fn into_revealed(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Hidden<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl<T> fmt::Display for Hidden<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// A number or address of a person: told in full in lines of level DEBUG, and by its last two characters above.
#[derive(Clone, Copy)]
pub struct Personal<T>(pub T);

/// So many characters are enough to tell two calls from each other, and too few to call anybody.
const CHARACTERS_SHOWN: usize = 2;

/// Anything shorter would be shown for the better part.
const CHARACTERS_MIN: usize = 5;

impl<T: fmt::Display> Personal<T> {
    pub(crate) fn in_full(&self) -> String {
        self.0.to_string()
    }

    pub(crate) fn redacted(&self) -> String {
        let text = self.in_full();
        let count = text.chars().count();
        if count < CHARACTERS_MIN {
            return "…".to_owned();
        }
        core::iter::once('…').chain(text.chars().skip(count - CHARACTERS_SHOWN)).collect()
    }
}

impl<T: fmt::Display> fmt::Debug for Personal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_printed_by_nobody() {
        #[derive(Debug)]
        #[expect(dead_code, reason = "it is printed only")]
        struct Holder {
            password: Hidden<&'static str>,
        }
        let password = Hidden::new("sesame");
        assert_eq!(format!("{:?}", Holder { password }), "Holder { password: … }");
        assert_eq!(format!("{password} {password:#?}"), "… …");
        assert_eq!(*password.reveal(), "sesame");
        assert_eq!(password.into_revealed(), "sesame");
    }

    #[test]
    fn a_number_shows_its_end_and_a_short_one_nothing() {
        assert_eq!(format!("{:?}", Personal("+49301234567")), "…67");
        assert_eq!(format!("{:?}", Personal("äöüß€")), "…ß€");
        assert_eq!(format!("{:?}", Personal("1100")), "…");
        assert_eq!(Personal("+49301234567").in_full(), "+49301234567");
    }
}
