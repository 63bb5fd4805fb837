//! The `a=crypto` line of RFC 4568: a key in a description.

use core::fmt::{self, Write as _};

use zeroize::Zeroizing;

use crate::key::{Key, KeyError};
use crate::suite::Suite;

/// One `a=crypto` line, whether or not it can be used. Its `Debug` shows no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CryptoAttribute {
    tag: u32,
    suite: String,
    inlines: Vec<Inline>,
    session_parameters: Vec<String>,
}

/// One `inline:` part.
#[derive(Clone, PartialEq, Eq)]
struct Inline {
    key: Zeroizing<String>,
    lifetime: Option<String>,
    mki: Option<String>,
}

/// Why a line cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// Its suite is not known.
    UnknownSuite,
    /// It asks for something that is not done here, such as SRTCP in the clear.
    SessionParameter,
    /// It asks for a key identifier in every packet, or has several keys, which takes one.
    Mki,
    /// Its key has the wrong length for the suite, or is no base64.
    BadKey,
}

impl CryptoAttribute {
    /// Makes a line of an offer, which spells the suite as the key does.
    ///
    /// Some peers want a lifetime to be named.
    #[must_use]
    pub fn offering(tag: u32, key: &Key, names_lifetime: bool) -> Self {
        let lifetime = names_lifetime.then(|| LIFETIME.to_owned());
        let inline = Inline { key: key.to_base64(), lifetime, mki: None };
        let session_parameters = Vec::new();
        Self { tag, suite: key.spelling().into(), inlines: vec![inline], session_parameters }
    }

    /// Makes the line that answers this one: RFC 4568 section 5.1.2 wants the same tag and suite, and peers want the
    /// suite in their own spelling.
    #[must_use]
    pub fn answering(&self, key: &Key, names_lifetime: bool) -> Self {
        Self { suite: self.suite.clone(), ..Self::offering(self.tag, key, names_lifetime) }
    }

    /// Returns the number by which an answer refers to the line.
    #[must_use]
    pub const fn tag(&self) -> u32 {
        self.tag
    }

    /// Returns the name of the suite as it was spelled.
    #[must_use]
    pub fn suite(&self) -> &str {
        &self.suite
    }

    /// Returns what follows the keys, as written.
    #[must_use]
    pub fn session_parameters(&self) -> &[String] {
        &self.session_parameters
    }

    /// Parses what follows `a=crypto:`; nothing when the grammar is not that of RFC 4568 section 9.1.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        if value.contains(char::is_control) {
            return None;
        }
        let mut words = value.split_ascii_whitespace();
        let tag = words.next().filter(|tag| tag.len() <= TAG_DIGITS_MAX && is_digits(tag))?;
        let suite = words.next()?.to_owned();
        let inlines = words.next()?.split(';').map(Inline::parse).collect::<Option<_>>()?;
        let session_parameters = words.map(str::to_owned).collect();
        Some(Self { tag: tag.parse().ok()?, suite, inlines, session_parameters })
    }

    /// Appends what follows `a=crypto:`, the key included.
    pub(crate) fn write_value(&self, out: &mut String) {
        // Writing to a `String` cannot fail.
        let _ = write!(out, "{} {} ", self.tag, self.suite);
        for (at, inline) in self.inlines.iter().enumerate() {
            out.push_str(if at == 0 { "inline:" } else { ";inline:" });
            out.push_str(&inline.key);
            for part in [&inline.lifetime, &inline.mki].into_iter().flatten() {
                let _ = write!(out, "|{part}");
            }
        }
        for parameter in &self.session_parameters {
            let _ = write!(out, " {parameter}");
        }
    }

    /// Returns the key of a line that can be used.
    ///
    /// A lifetime is no obstacle, whatever it says: keys end with the call, long before 2^31 packets.
    ///
    /// # Errors
    ///
    /// Why it cannot be used. A line with an MKI is in order otherwise.
    pub fn key(&self) -> Result<Key, Unusable> {
        Suite::named(&self.suite).ok_or(Unusable::UnknownSuite)?;
        if !self.session_parameters.iter().all(|parameter| is_ignorable(parameter)) {
            return Err(Unusable::SessionParameter);
        }
        let Some((first, rest)) = self.inlines.split_first() else { return Err(Unusable::BadKey) };
        let key = Key::from_base64(&self.suite, &first.key).map_err(|error| match error {
            KeyError::UnknownSuite => Unusable::UnknownSuite,
            KeyError::Length { .. } | KeyError::NotBase64 => Unusable::BadKey,
        })?;
        // RFC 4568 section 6.1: with several keys, each packet says by its MKI which one.
        if first.mki.is_some() || !rest.is_empty() {
            return Err(Unusable::Mki);
        }
        Ok(key)
    }
}

impl Inline {
    /// `inline:<key and salt>["|" lifetime]["|" MKI ":" length]`
    fn parse(text: &str) -> Option<Self> {
        let (method, info) = text.split_once(':')?;
        if !method.eq_ignore_ascii_case("inline") {
            return None;
        }
        let mut parts = info.split('|');
        let key = Zeroizing::new(parts.next().filter(|key| !key.is_empty())?.to_owned());
        let (mut lifetime, mut mki) = (None, None);
        for part in parts {
            let is_free = mki.is_none();
            if is_mki(part) && is_free {
                mki = Some(part.to_owned());
            } else if is_lifetime(part) && is_free && lifetime.is_none() {
                lifetime = Some(part.to_owned());
            } else {
                return None;
            }
        }
        Some(Self { key, lifetime, mki })
    }
}

impl fmt::Debug for Inline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("inline:...")
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownSuite => "unknown suite",
            Self::SessionParameter => "session parameter that is not spoken",
            Self::Mki => "key identifier wanted",
            Self::BadKey => "no key for the suite",
        })
    }
}

impl core::error::Error for Unusable {}

/// RFC 4568 section 6.3.7: the window size is a hint. Section 6.3.8: what begins with `-` may be ignored.
fn is_ignorable(parameter: &str) -> bool {
    let name = parameter.split('=').next().unwrap_or_default();
    name.eq_ignore_ascii_case("WSH") || parameter.starts_with('-')
}

fn is_mki(part: &str) -> bool {
    part.split_once(':').is_some_and(|(mki, len)| is_digits(mki) && is_digits(len))
}

fn is_lifetime(part: &str) -> bool {
    is_digits(part.strip_prefix("2^").unwrap_or(part))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// RFC 4568 section 9.1: a tag has one to nine digits.
const TAG_DIGITS_MAX: usize = 9;

/// RFC 3711 section 9.2: SRTCP packets are the fewer.
const LIFETIME: &str = "2^31";

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";

    fn parsed(tail: &str) -> CryptoAttribute {
        let line = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}{tail}");
        CryptoAttribute::parse(&line).unwrap_or_else(|| panic!("{line}"))
    }

    #[test]
    fn a_lifetime_is_no_obstacle() {
        for tail in ["", "|2^20", "|2^31", "|2^48", "|1048576"] {
            assert_eq!(parsed(tail).key().unwrap().expose().len(), 30, "{tail}");
        }
    }

    #[test]
    fn a_key_identifier_is_told_from_other_faults() {
        for tail in [
            ";inline:QUJD",
            "|1:1",
            "|2^31|1:1",
            "|2^20|66051:4;inline:QUJjZGVmMTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5|2^20|2:4",
        ] {
            assert_eq!(parsed(tail).key(), Err(Unusable::Mki), "{tail}");
        }
        let line = parsed("|1:1");
        let unknown = CryptoAttribute { suite: "NULL_HMAC_SHA1_80".into(), ..line };
        assert_eq!(unknown.key(), Err(Unusable::UnknownSuite));
    }

    #[test]
    fn parameters_that_weaken_or_are_unknown_make_a_line_useless() {
        for tail in [
            "UNENCRYPTED_SRTP",
            "UNENCRYPTED_SRTCP",
            "UNAUTHENTICATED_SRTP",
            "KDR=1",
            "FEC_ORDER=FEC_SRTP",
            "FEC_KEY=inline:x",
            "NEW",
        ] {
            assert_eq!(parsed(&format!(" {tail}")).key(), Err(Unusable::SessionParameter), "{tail}");
        }
        for tail in [" WSH=128", " wsh=64 -x", " -vendor=1"] {
            assert!(parsed(tail).key().is_ok(), "{tail}");
        }
    }

    #[test]
    fn keys_of_another_length_are_refused() {
        let line = |suite: &str| CryptoAttribute::parse(&format!("7 {suite} inline:{KEY}")).unwrap();
        assert_eq!(line("AES_256_CM_HMAC_SHA1_80").key(), Err(Unusable::BadKey));
        assert_eq!(line("AEAD_AES_128_GCM").key(), Err(Unusable::BadKey));
        assert!(line("aes_cm_128_hmac_sha1_32").key().is_ok());
    }

    #[test]
    fn what_is_not_in_the_grammar_is_no_line() {
        let cases = [
            "".to_owned(),
            "1".into(),
            "1 AES_CM_128_HMAC_SHA1_80".into(),
            format!("1234567890 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
            format!("x AES_CM_128_HMAC_SHA1_80 inline:{KEY}"),
            format!("1 AES_CM_128_HMAC_SHA1_80 outline:{KEY}"),
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^31|2^31"),
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1:1|2^31"),
            format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|"),
            "1 AES_CM_128_HMAC_SHA1_80 inline:".into(),
        ];
        for value in cases {
            assert_eq!(CryptoAttribute::parse(&value), None, "{value}");
        }
    }

    #[test]
    fn lines_are_written_as_they_were_read() {
        for tail in ["", "|2^31", "|2^31|1:1", "|1:4;inline:abc|2:4 UNENCRYPTED_SRTCP KDR=3"] {
            let line = parsed(tail);
            let mut text = String::new();
            line.write_value(&mut text);
            assert_eq!(text, format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}{tail}"));
        }
    }

    #[test]
    fn debug_output_has_no_key() {
        let shown = format!("{:?}", parsed("|2^31|1:1"));
        assert!(shown.contains("AES_CM_128_HMAC_SHA1_80") && !shown.contains(&KEY[..6]), "{shown}");
    }
}
