//! The key of one direction, as it stands in the SDP.
//!
//! No message here repeats any of it.

use std::error::Error;
use std::io::{self, BufRead, Read};

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use crypto::{MasterKey, Suite};

/// Takes the key from the command line, or the first line of standard input where that says `-`.
pub(crate) fn read(argument: &str, suite: Suite) -> Result<MasterKey, Box<dyn Error>> {
    if argument != "-" {
        return parse(argument, suite);
    }
    let mut text = String::new();
    io::stdin().lock().take(TEXT_LEN_MAX).read_line(&mut text)?;
    parse(&text, suite)
}

/// Parses `BASE64` or `inline:BASE64|LIFETIME` (RFC 4568 section 6.1).
fn parse(text: &str, suite: Suite) -> Result<MasterKey, Box<dyn Error>> {
    let text = text.trim();
    let text = text.strip_prefix("inline:").unwrap_or(text);
    let (base64, parameters) = text.split_once('|').unwrap_or((text, ""));
    // The lifetime is a number of packets; a colon makes it the identifier and the length of an MKI.
    if parameters.contains(':') {
        return Err("--key: wanted a key without a master key identifier, found one (`|VALUE:LENGTH`); \
            packets that carry it are not supported"
            .into());
    }
    let Ok(bytes) = BASE64.decode(base64) else {
        return Err(format!(
            "--key: wanted {} bytes of key and salt in base64, found something else",
            suite.inline_len()
        )
        .into());
    };
    MasterKey::from_bytes(suite, &bytes).map_err(|error| format!("--key: {error}").into())
}

/// RFC 4568 section 6.1 discards the padding, and not every peer writes it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// More than the longest key (64 characters) with its lifetime.
const TEXT_LEN_MAX: u64 = 256;

#[cfg(test)]
mod tests {
    use super::*;

    const SUITE: Suite = Suite::AesCm128HmacSha1_80;
    const TEXT: &str = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";

    #[test]
    fn a_key_is_read_with_and_without_what_sdes_puts_around_it() {
        let key = MasterKey::from_bytes(SUITE, b"wDfvg&T+)xG7@fb5jU,RaA}\\|p0%*#").unwrap();
        for text in [
            TEXT.to_owned(),
            format!("{TEXT}\n"),
            format!("inline:{TEXT}"),
            format!("inline:{TEXT}|2^20"),
            format!("{TEXT}|1048576"),
        ] {
            assert!(parse(&text, SUITE).unwrap().same_as(&key), "{text}");
        }
    }

    #[test]
    fn padding_may_be_left_out() {
        for text in ["AAAA".repeat(12) + "AAA=", "AAAA".repeat(12) + "AAA"] {
            assert!(parse(&text, Suite::AesCm192HmacSha1_80).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_refusal_says_what_was_wanted_and_keeps_the_key_to_itself() {
        for (text, reason) in [
            (format!("inline:{TEXT}|2^20|1:4"), "found one"),
            (format!("inline:{TEXT}|1:4"), "found one"),
            (format!("{TEXT}!"), "wanted 30 bytes of key and salt in base64"),
            (format!("{TEXT}AAAA"), "wanted 30 bytes (16 of key, 14 of salt), found 33"),
            (String::new(), "found 0"),
        ] {
            let message = parse(&text, SUITE).err().unwrap().to_string();
            assert!(message.contains(reason), "{message}");
            assert!(!message.contains(&TEXT[..4]), "{message}");
        }
    }
}
