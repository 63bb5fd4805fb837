/// The extension of an RTP header: a profile and a body of whole words (RFC 3550 section 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// Says how the body is to be read.
    pub profile: u16,
    /// The body.
    pub words: &'a [[u8; 4]],
}

impl<'a> Extension<'a> {
    /// Returns the elements, when the profile is one of the two that RFC 8285 defines, and nothing otherwise.
    pub fn elements(&self) -> Elements<'a> {
        let body = self.words.as_flattened();
        match self.profile {
            ONE_BYTE_PROFILE => Elements { form: Form::OneByte, rest: body },
            // RFC 8285 section 4.3: the lowest four bits belong to the application.
            profile if profile & 0xfff0 == TWO_BYTE_PROFILE => Elements { form: Form::TwoByte, rest: body },
            _ => Elements { form: Form::TwoByte, rest: &[] },
        }
    }
}

/// One element of a header extension, named by a number agreed in the SDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// The number: 1 to 14 in the one-byte form, 1 to 255 in the two-byte form.
    pub id: u8,
    /// The value.
    pub data: &'a [u8],
}

/// Walks the elements of a header extension, and ends early at an element that is cut off.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    form: Form,
    rest: &'a [u8],
}

#[derive(Clone, Copy, Debug)]
enum Form {
    OneByte,
    TwoByte,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        // Whatever ends the walk ends it for good: only a whole element puts back what follows it.
        let mut rest = core::mem::take(&mut self.rest);
        let (id, len, rest) = loop {
            let (&first, after) = rest.split_first()?;
            match self.form {
                // RFC 8285 sections 4.2 and 4.3: a zero byte between elements is padding.
                _ if first == 0 => rest = after,
                // RFC 8285 section 4.2: the length is one less than the number of bytes.
                Form::OneByte => break (first >> 4, usize::from(first & 0x0f).saturating_add(1), after),
                Form::TwoByte => {
                    let (&len, after) = after.split_first()?;
                    break (first, usize::from(len), after);
                }
            }
        };
        // RFC 8285 section 4.2: number 15, and number 0 with a length, end the reading of the whole extension.
        if matches!(self.form, Form::OneByte) && matches!(id, 0 | 15) {
            return None;
        }
        let (data, rest) = rest.split_at_checked(len)?;
        self.rest = rest;
        Some(Element { id, data })
    }
}

impl core::iter::FusedIterator for Elements<'_> {}

const ONE_BYTE_PROFILE: u16 = 0xbede;
const TWO_BYTE_PROFILE: u16 = 0x1000;

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn elements(profile: u16, body: &[u8]) -> Vec<(u8, &[u8])> {
        let (words, rest) = body.as_chunks();
        assert!(rest.is_empty());
        Extension { profile, words }.elements().map(|element| (element.id, element.data)).collect()
    }

    #[test]
    fn one_byte_elements_are_found_between_padding() {
        // RFC 8285 section 4.2, the example: one byte, two bytes, two of padding, four bytes.
        let body = [0x10, 0xaa, 0x21, 0xbb, 0xbb, 0, 0, 0x33, 0xcc, 0xcc, 0xcc, 0xcc];
        assert_eq!(
            elements(0xbede, &body),
            [(1, &[0xaa][..]), (2, &[0xbb, 0xbb]), (3, &[0xcc, 0xcc, 0xcc, 0xcc])]
        );
    }

    #[test]
    fn two_byte_elements_may_be_empty() {
        // RFC 8285 section 4.3, the example: nothing, one byte, one of padding, four bytes.
        let body = [1, 0, 2, 1, 0xbb, 0, 3, 4, 0xcc, 0xcc, 0xcc, 0xcc];
        let expected = [(1, &[][..]), (2, &[0xbb]), (3, &[0xcc, 0xcc, 0xcc, 0xcc])];
        assert_eq!(elements(0x1000, &body), expected);
        assert_eq!(elements(0x100f, &body), expected);
    }

    #[test]
    fn reserved_one_byte_numbers_end_the_reading() {
        assert_eq!(elements(0xbede, &[0x10, 0xaa, 0xf0, 0xbb, 0x20, 0xcc, 0, 0]), [(1, &[0xaa][..])]);
        assert_eq!(elements(0xbede, &[0x10, 0xaa, 0x01, 0xbb, 0xbb, 0x20, 0xcc, 0]), [(1, &[0xaa][..])]);
    }

    #[test]
    fn an_element_that_is_cut_off_is_not_returned() {
        assert_eq!(elements(0xbede, &[0x10, 0xaa, 0x2f, 0xbb]), [(1, &[0xaa][..])]);
        assert_eq!(elements(0x1000, &[1, 1, 0xaa, 2]), [(1, &[0xaa][..])]);
    }

    #[test]
    fn other_profiles_have_no_elements() {
        assert!(elements(0xabac, &[0x10, 0xaa, 0, 0]).is_empty());
    }
}
