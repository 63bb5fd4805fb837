use super::Writer;
use crate::rtp::Ssrc;
use crate::{Malformed, WriteError};

/// What an application made up for itself (RFC 3550 section 6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Application<'a> {
    /// A number within the name: five bits.
    pub subtype: u8,
    /// The one who sends it.
    pub ssrc: Ssrc,
    /// The name, four letters.
    pub name: [u8; 4],
    /// The rest.
    pub data: &'a [[u8; 4]],
}

impl<'a> Application<'a> {
    pub(super) fn parse(subtype: u8, body: &'a [[u8; 4]]) -> Result<Self, Malformed> {
        let (&[ssrc, name], data) = body.split_first_chunk().ok_or(Malformed::Truncated)?;
        Ok(Self { subtype, ssrc: Ssrc(u32::from_be_bytes(ssrc)), name, data })
    }
}

impl Writer<'_> {
    /// Appends an application-defined packet.
    ///
    /// # Errors
    /// [`WriteError::TooMany`] when the subtype has more than five bits, [`WriteError::TooLong`] for more words than a
    /// packet may have,
    /// [`WriteError::NoRoom`] when the buffer is too small.
    pub fn application(&mut self, application: &Application<'_>) -> Result<(), WriteError> {
        let Application { subtype, ssrc, name, data } = *application;
        self.frame(TYPE, |body| {
            body.put(&ssrc.0.to_be_bytes())?;
            body.put(&name)?;
            body.put(data.as_flattened())?;
            Ok(subtype)
        })
    }
}

pub(super) const TYPE: u8 = 204;

#[cfg(test)]
mod tests {
    use super::super::{Packet, golden};
    use super::*;

    #[test]
    fn an_application_has_a_name_and_data() {
        let bytes = [0x85, 204, 0, 3, 0, 0, 0, 1, b't', b'e', b's', b't', 1, 2, 3, 4];
        let expected = Application { subtype: 5, ssrc: Ssrc(1), name: *b"test", data: &[[1, 2, 3, 4]] };
        assert_eq!(golden::only(&bytes), Ok(Packet::Application(expected)));
        assert_eq!(golden::written(&Packet::Application(expected)), bytes);
        assert_eq!(golden::only(&[0x85, 204, 0, 1, 0, 0, 0, 1]), Err(Malformed::Truncated));
    }

    #[test]
    fn a_subtype_has_five_bits() {
        let mut buffer = [0; 64];
        let application = Application { subtype: 32, ssrc: Ssrc(1), name: *b"test", data: &[] };
        assert_eq!(Writer::new(&mut buffer).application(&application), Err(WriteError::TooMany));
    }
}
