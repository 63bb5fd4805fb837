//! Short ASCII text held in place, so that ids are copied like numbers.

use std::fmt;

/// Holds up to `N` ASCII characters; the rest is zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Word<const N: usize> {
    bytes: [u8; N],
    len: u8,
}

impl<const N: usize> Word<N> {
    /// Takes ASCII text in lower case; `None` if it is too long or not ASCII.
    pub(crate) fn lower(text: &str) -> Option<Self> {
        if !text.is_ascii() {
            return None;
        }
        let len = u8::try_from(text.len()).ok()?;
        let mut bytes = [0; N];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        bytes.make_ascii_lowercase();
        Some(Self { bytes, len })
    }

    pub(crate) fn as_str(&self) -> &str {
        let text = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        str::from_utf8(text).unwrap_or_default()
    }
}

impl<const N: usize> fmt::Debug for Word<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
