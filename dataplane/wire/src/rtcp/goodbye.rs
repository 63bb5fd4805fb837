use super::Writer;
use crate::rtp::Ssrc;
use crate::{Malformed, WriteError};

/// Which sources fall silent for good, and why (RFC 3550 section 6.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goodbye<'a> {
    sources: &'a [[u8; 4]],
    /// The reason, in UTF-8 if the peer keeps to the rules.
    pub reason: Option<&'a [u8]>,
}

impl<'a> Goodbye<'a> {
    pub(super) fn parse(count: u8, body: &'a [[u8; 4]]) -> Result<Self, Malformed> {
        let (sources, rest) = body.split_at_checked(usize::from(count)).ok_or(Malformed::Truncated)?;
        let reason = match rest.as_flattened() {
            [] => None,
            [len, text @ ..] => Some(text.get(..usize::from(*len)).ok_or(Malformed::Truncated)?),
        };
        Ok(Self { sources, reason })
    }

    /// Returns the sources: at most 31.
    pub fn sources(&self) -> impl ExactSizeIterator<Item = Ssrc> + Clone + use<'a> {
        self.sources.iter().map(|word| Ssrc(u32::from_be_bytes(*word)))
    }
}

impl Writer<'_> {
    /// Appends a goodbye.
    ///
    /// # Errors
    /// [`WriteError::TooMany`] for more than 31 sources, [`WriteError::TooLong`] for a reason of more than 255 bytes,
    /// [`WriteError::NoRoom`] when the buffer is too small.
    pub fn goodbye(
        &mut self,
        sources: impl IntoIterator<Item = Ssrc>,
        reason: Option<&[u8]>,
    ) -> Result<(), WriteError> {
        self.frame(TYPE, |body| {
            let count = body.put_each(sources, |body, ssrc| body.put(&ssrc.0.to_be_bytes()))?;
            if let Some(reason) = reason {
                let len = u8::try_from(reason.len()).map_err(|_| WriteError::TooLong)?;
                body.put(&[len])?;
                body.put(reason)?;
                body.fill_word()?;
            }
            Ok(count)
        })
    }
}

pub(super) const TYPE: u8 = 203;

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::super::{Packet, golden};
    use super::*;

    #[test]
    fn sources_may_leave_with_a_reason() {
        let bytes = [0x82, 203, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 4, b'd', b'o', b'n', b'e', 0, 0, 0];
        let Ok(Packet::Goodbye(goodbye)) = golden::only(&bytes) else {
            panic!("not a goodbye");
        };
        assert_eq!(goodbye.sources().collect::<Vec<_>>(), [Ssrc(1), Ssrc(2)]);
        assert_eq!(goodbye.reason, Some(&b"done"[..]));
        assert_eq!(golden::written(&Packet::Goodbye(goodbye)), bytes);
    }

    #[test]
    fn nobody_may_leave_without_a_reason() {
        let bytes = [0x80, 203, 0, 0];
        let Ok(Packet::Goodbye(goodbye)) = golden::only(&bytes) else {
            panic!("not a goodbye");
        };
        assert_eq!((goodbye.sources().len(), goodbye.reason), (0, None));
        assert_eq!(golden::written(&Packet::Goodbye(goodbye)), bytes);
    }

    #[test]
    fn sources_and_reason_are_as_long_as_they_say() {
        assert_eq!(golden::only(&[0x82, 203, 0, 1, 0, 0, 0, 1]), Err(Malformed::Truncated));
        assert_eq!(golden::only(&[0x80, 203, 0, 1, 4, b'd', b'o', b'n']), Err(Malformed::Truncated));
    }
}
