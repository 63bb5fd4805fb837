//! What a customer's user dialled, by the digits alone.

use crate::e164::{E164, NotE164};

/// What the user part of a Request-URI asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialled {
    /// Help: 911.
    Emergency,
    /// To hear whether help would be reached, and from where: 933.
    EmergencyTest,
    /// A telephone number.
    Number(E164),
    /// A service of the local network, such as 411, which is none of a trunk.
    ShortCode,
    /// Nothing that can be called.
    Unusable(NotE164),
}

impl Dialled {
    /// Reads the user part as it was sent.
    pub fn parse(text: &str) -> Self {
        match text {
            "911" => return Self::Emergency,
            "933" => return Self::EmergencyTest,
            _ => {}
        }
        match E164::parse(text) {
            Ok(number) => Self::Number(number),
            Err(NotE164::NoPlus) if is_short_code(text) => Self::ShortCode,
            Err(why) => Self::Unusable(why),
        }
    }
}

/// 3 to 6 digits: N11 codes, short codes for messages, and the emergency numbers of other countries.
fn is_short_code(text: &str) -> bool {
    (3..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_dialled_is_told_by_the_digits() {
        assert_eq!(Dialled::parse("911"), Dialled::Emergency);
        assert_eq!(Dialled::parse("933"), Dialled::EmergencyTest);
        for code in ["211", "411", "611", "112", "999", "12345", "123456"] {
            assert_eq!(Dialled::parse(code), Dialled::ShortCode, "{code}");
        }
        let number = E164::parse("+12125551212").unwrap();
        assert_eq!(Dialled::parse("+12125551212"), Dialled::Number(number));
        assert_eq!(Dialled::parse("2125551212"), Dialled::Unusable(NotE164::NoPlus));
        assert_eq!(Dialled::parse("91"), Dialled::Unusable(NotE164::NoPlus));
        assert_eq!(Dialled::parse("+911"), Dialled::Number(E164::parse("+911").unwrap()));
    }
}
