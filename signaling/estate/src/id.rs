//! What things are called by.

use std::fmt;

use serde::{Deserialize, Serialize};
use trunk::{CarrierId, E164, VoiceConnectorGroupId, VoiceConnectorId};

/// What a thing is called by in its table, and its document in the store.
pub trait Id: Clone + Ord + fmt::Display {
    /// Reads what `Display` writes.
    fn parse(text: &str) -> Option<Self>;

    /// Writes it for whoever owns the thing.
    fn own(&self) -> String {
        self.to_string()
    }
}

/// Names an account: twelve digits, as AWS has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(u64);

/// A text that is no [`AccountId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAccountId;

impl AccountId {
    /// What a text has to be.
    pub const WANTED: &str = "12 digits";

    /// Makes one from random numbers below the given bound.
    pub fn draw(random: &mut dyn FnMut(u32) -> u32) -> Self {
        let mut half = || u64::from(random(1_000_000).min(999_999));
        Self(half().saturating_mul(1_000_000).saturating_add(half()))
    }
}

impl Id for AccountId {
    fn parse(text: &str) -> Option<Self> {
        let is_id = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_id.then(|| text.parse().ok().map(Self)).flatten()
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl fmt::Display for NotAccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an account: wanted {}", AccountId::WANTED)
    }
}

impl TryFrom<String> for AccountId {
    type Error = NotAccountId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or(NotAccountId)
    }
}

impl From<AccountId> for String {
    fn from(id: AccountId) -> Self {
        id.to_string()
    }
}

/// What belongs to an account is called by the account first, so that nobody finds what is somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owned<I> {
    /// Whose it is.
    pub account: AccountId,
    /// What it is called by among what the account has.
    pub id: I,
}

impl<I: Id> Id for Owned<I> {
    fn parse(text: &str) -> Option<Self> {
        let (account, id) = text.split_once('/')?;
        Some(Self { account: AccountId::parse(account)?, id: I::parse(id)? })
    }

    fn own(&self) -> String {
        self.id.to_string()
    }
}

impl<I: fmt::Display> fmt::Display for Owned<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.id)
    }
}

/// Names an order or a case: a random UUID (RFC 9562 section 5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrderId(u128);

/// A text that is no [`OrderId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotOrderId;

impl OrderId {
    /// Makes one from random numbers below the given bound.
    pub fn draw(random: &mut dyn FnMut(u32) -> u32) -> Self {
        let bytes = (0..16).fold(0_u128, |bits, _| bits << 8 | u128::from(random(256) & 0xff));
        let version = bits(bytes, 0xf << 76, 4 << 76);
        Self(bits(version, 0b11 << 62, 0b10 << 62))
    }
}

/// Sets the bits of a mask.
const fn bits(of: u128, mask: u128, to: u128) -> u128 {
    of & !mask | to
}

impl Id for OrderId {
    fn parse(text: &str) -> Option<Self> {
        let groups: Vec<&str> = text.split('-').collect();
        let is_uuid = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
            && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()));
        is_uuid.then(|| u128::from_str_radix(&groups.concat(), 16).ok().map(Self)).flatten()
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        let group = |ends: std::ops::Range<usize>| hex.get(ends).unwrap_or_default();
        let (a, b, c, d, e) = (group(0..8), group(8..12), group(12..16), group(16..20), group(20..32));
        write!(f, "{a}-{b}-{c}-{d}-{e}")
    }
}

impl fmt::Display for NotOrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an order: wanted a UUID")
    }
}

impl TryFrom<String> for OrderId {
    type Error = NotOrderId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or(NotOrderId)
    }
}

impl From<OrderId> for String {
    fn from(id: OrderId) -> Self {
        id.to_string()
    }
}

impl Id for VoiceConnectorId {
    fn parse(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl Id for VoiceConnectorGroupId {
    fn parse(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl Id for CarrierId {
    fn parse(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl Id for E164 {
    fn parse(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

/// Names an access key: `AKIA` and 16 letters and digits, as AWS has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccessKeyId([u8; 20]);

impl AccessKeyId {
    /// Makes one from random numbers below the given bound.
    pub fn draw(random: &mut dyn FnMut(u32) -> u32) -> Self {
        let mut bytes = *b"AKIA................";
        for byte in bytes.iter_mut().skip(4) {
            let at = usize::try_from(random(32)).unwrap_or_default();
            *byte = BASE_32.get(at).copied().unwrap_or(b'A');
        }
        Self(bytes)
    }
}

impl Id for AccessKeyId {
    fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 20] = text.as_bytes().try_into().ok()?;
        let is_id = bytes.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        is_id.then_some(Self(bytes))
    }
}

impl fmt::Display for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.0).unwrap_or_default())
    }
}

/// RFC 4648 section 6.
const BASE_32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_reads_as_itself() {
        let mut state = 7_u32;
        let mut random = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        for _ in 0..1_000 {
            let account = AccountId::draw(&mut random);
            assert_eq!(AccountId::parse(&account.to_string()), Some(account));
            let order = OrderId::draw(&mut random);
            assert_eq!(OrderId::parse(&order.to_string()), Some(order));
            let text = order.to_string();
            assert!(
                text.len() == 36 && text.as_bytes()[14] == b'4' && b"89ab".contains(&text.as_bytes()[19]),
                "{text}"
            );
            let key = AccessKeyId::draw(&mut random);
            assert_eq!(AccessKeyId::parse(&key.to_string()), Some(key));
        }
    }

    #[test]
    fn what_belongs_to_an_account_is_called_by_it_first() {
        let place = Owned::<OrderId>::parse("000000000042/3fa85f64-5717-4562-b3fc-2c963f66afa6").unwrap();
        assert_eq!(place.to_string(), "000000000042/3fa85f64-5717-4562-b3fc-2c963f66afa6");
        assert_eq!(place.own(), "3fa85f64-5717-4562-b3fc-2c963f66afa6");
        for bad in [
            "3fa85f64-5717-4562-b3fc-2c963f66afa6",
            "42/3fa85f64-5717-4562-b3fc-2c963f66afa6",
            "000000000042/",
            "+00000000042/3fa85f64-5717-4562-b3fc-2c963f66afa6",
            "000000000042/3fa85f645717-4562-b3fc-2c963f66afa6-",
        ] {
            assert_eq!(Owned::<OrderId>::parse(bad), None, "{bad}");
        }
    }
}
