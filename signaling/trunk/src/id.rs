//! The names of things: of connectors and groups as AWS makes them, of carriers and links as operators do.

use std::fmt;

use crate::word::Word;

/// Declares an id: a word that was checked.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $len_max:literal, $check:ident, $wanted:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Word<$len_max>);

        impl $name {
            /// What a text has to be.
            pub const WANTED: &str = $wanted;

            /// Reads an id as it is written; `None` if it is not [`WANTED`](Self::WANTED).
            pub fn parse(text: &str) -> Option<Self> {
                if $check(text) { Word::lower(text).map(Self) } else { None }
            }

            /// Gives the text.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

id!(
    /// Names a VoiceConnector; the first label of its host name.
    VoiceConnectorId,
    36,
    is_made_by_aws,
    "21 or 22 of a-z and 0-9, or a UUID in lower case"
);
id!(
    /// Names a VoiceConnectorGroup.
    VoiceConnectorGroupId,
    36,
    is_made_by_aws,
    "21 or 22 of a-z and 0-9, or a UUID in lower case"
);
id!(
    /// Names a carrier.
    CarrierId,
    32,
    is_chosen,
    "1 to 32 of a-z, 0-9 and -, beginning with a letter or digit"
);
id!(
    /// Names a link of a carrier; no two links share a name, whoever's they are.
    CarrierLinkId,
    32,
    is_chosen,
    "1 to 32 of a-z, 0-9 and -, beginning with a letter or digit"
);

impl VoiceConnectorId {
    /// Makes a new id of 22 characters from random numbers below the given bound.
    pub fn draw(random: impl FnMut(u32) -> u32) -> Self {
        Self(draw(random))
    }
}

impl VoiceConnectorGroupId {
    /// Makes a new id of 22 characters from random numbers below the given bound.
    pub fn draw(random: impl FnMut(u32) -> u32) -> Self {
        Self(draw(random))
    }
}

fn draw(mut random: impl FnMut(u32) -> u32) -> Word<36> {
    let letter = |_| char::from_digit(random(36).checked_rem(36).unwrap_or_default(), 36).unwrap_or('0');
    let text: String = (0..DRAWN_LEN).map(letter).collect();
    Word::lower(&text).expect("22 letters and digits fit 36 bytes")
}

fn is_made_by_aws(text: &str) -> bool {
    let is_short = matches!(text.len(), 21 | 22)
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    is_short || is_uuid(text)
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_hex = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(is_hex))
}

fn is_chosen(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && !text.starts_with('-')
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// 36^22 ids: 113 bits, so that a host name cannot be guessed.
const DRAWN_LEN: usize = 22;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_connectors_are_those_that_aws_makes() {
        for good in
            ["abcdefghijk0123456789", "abcdefghijk01234567890", "3fa85f64-5717-4562-b3fc-2c963f66afa6"]
        {
            assert_eq!(VoiceConnectorId::parse(good).unwrap().to_string(), good);
            assert!(VoiceConnectorGroupId::parse(good).is_some());
        }
        let long = "a".repeat(23);
        for bad in
            ["", "abc", "ABCDEFGHIJK01234567890", "abcdefghijk-123456789", &long, "äbcdefghijk012345678"]
        {
            assert_eq!(VoiceConnectorId::parse(bad), None, "{bad}");
        }
        for bad in ["3FA85F64-5717-4562-b3fc-2c963f66afa6", "3fa85f645717-4562-b3fc-2c963f66afa6-"] {
            assert_eq!(VoiceConnectorId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn drawn_ids_are_valid_whatever_is_drawn() {
        let mut count = 0;
        let id = VoiceConnectorId::draw(|below| {
            count += 7;
            count % below
        });
        assert_eq!(VoiceConnectorId::parse(id.as_str()), Some(id));
        assert_eq!(VoiceConnectorGroupId::draw(|_| u32::MAX).as_str().len(), 22);
    }

    #[test]
    fn operators_choose_short_plain_names() {
        assert_eq!(CarrierId::parse("carrier-1").unwrap().as_str(), "carrier-1");
        let long = "a".repeat(33);
        for bad in ["", "-a", "A", "a b", "a_b", &long] {
            assert_eq!(CarrierId::parse(bad), None, "{bad}");
        }
    }
}
