//! Percent-encoding of RFC 3986, strictly: what is not unreserved is escaped, with capital digits.

/// Appends bytes, escaped where they are not unreserved.
pub(crate) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    for &byte in bytes {
        if is_unreserved(byte) {
            out.push(byte);
        } else {
            out.extend([b'%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

/// Decodes the escapes of a text; `None` where a `%` has no two hexadecimal digits behind it.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let (high, low) = (value(bytes.next()?)?, value(bytes.next()?)?);
            out.push(high << 4 | low);
        } else {
            out.push(byte);
        }
    }
    Some(out)
}

/// RFC 3986 section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn digit(nibble: u8) -> u8 {
    b"0123456789ABCDEF".get(usize::from(nibble)).copied().unwrap_or(b'0')
}

fn value(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back_and_only_unreserved_ones_stay() {
        let all: Vec<u8> = (0..=255).collect();
        let mut encoded = Vec::new();
        encode(&all, &mut encoded);
        let text = String::from_utf8(encoded).expect("escapes are letters");
        assert_eq!(text.matches('%').count(), 256 - 66, "RFC 3986 has 66 unreserved characters");
        assert!(text.starts_with("%00%01") && text.ends_with("%FE%FF"), "{text}");
        assert_eq!(decode(&text), Some(all));
    }

    #[test]
    fn an_escape_without_two_digits_is_none() {
        assert_eq!(decode("%7e%7E"), Some(b"~~".to_vec()));
        for text in ["%", "a%4", "%g0", "%0g", "%+1", "%é"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
