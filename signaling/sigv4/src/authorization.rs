//! The `Authorization` header.

use crate::credential::Credential;
use crate::{ALGORITHM, Refusal, Request};

/// More signed headers are refused: SDKs sign five.
const SIGNED_HEADERS_MAX: usize = 64;
/// 64 names of a hundred bytes, and the rest.
const LEN_MAX: usize = 8 * 1024;

/// What the header says.
#[derive(Debug)]
pub(crate) struct Authorization<'a> {
    pub(crate) credential: Credential,
    /// In lower case and sorted, each once.
    pub(crate) signed_headers: Vec<&'a str>,
    pub(crate) signature: [u8; 32],
}

impl<'a> Authorization<'a> {
    /// Reads the one header of a request.
    pub(crate) fn of(request: &Request<'a>) -> Result<Self, Refusal> {
        let mut values = request.values("authorization");
        let value = values.next().ok_or(Refusal::MissingToken)?;
        if values.next().is_some() {
            return Err(Refusal::incomplete("one header", "two"));
        }
        check_len(value)?;
        let text = str::from_utf8(value)
            .map_err(|_| Refusal::incomplete("letters, digits and signs", &String::from_utf8_lossy(value)))?;
        Self::parse(text.trim())
    }

    fn parse(text: &'a str) -> Result<Self, Refusal> {
        let (scheme, parameters) = text.split_once([' ', '\t']).unwrap_or((text, ""));
        if scheme != ALGORITHM {
            return Err(Refusal::incomplete(ALGORITHM, scheme));
        }
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for parameter in parameters.split(',').map(str::trim) {
            let (name, value) = parameter
                .split_once('=')
                .ok_or_else(|| Refusal::incomplete("key=value pairs with commas between them", parameter))?;
            let place = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => return Err(Refusal::incomplete("Credential, SignedHeaders and Signature", name)),
            };
            if place.replace(value).is_some() {
                return Err(Refusal::incomplete("each parameter once", &format!("{name} twice")));
            }
        }
        let required = |value: Option<&'a str>, name| {
            let message = || format!("Authorization header requires '{name}' parameter.");
            value.ok_or_else(|| Refusal::IncompleteSignature(message()))
        };
        Ok(Self {
            credential: Credential::parse(required(credential, "Credential")?)?,
            signed_headers: parse_signed_headers(required(signed_headers, "SignedHeaders")?)?,
            signature: parse_signature(required(signature, "Signature")?)?,
        })
    }
}

/// Sees to it that no header is longer than it has to be.
pub(crate) fn check_len(value: &[u8]) -> Result<(), Refusal> {
    if value.len() > LEN_MAX {
        return Err(Refusal::incomplete("8192 bytes at most", &format!("{} bytes", value.len())));
    }
    Ok(())
}

fn parse_signed_headers(text: &str) -> Result<Vec<&str>, Refusal> {
    // One more than are taken, so that the check sees it.
    let names: Vec<&str> = text.split(';').take(SIGNED_HEADERS_MAX.saturating_add(1)).collect();
    check_signed_headers(&names)?;
    Ok(names)
}

/// Sees to it that these are names in lower case, sorted and each once: so a name is found in a few steps, and nothing is
/// signed twice.
pub(crate) fn check_signed_headers(names: &[&str]) -> Result<(), Refusal> {
    if names.len() > SIGNED_HEADERS_MAX {
        return Err(Refusal::incomplete("64 SignedHeaders at most", "more"));
    }
    if let Some(name) = names.iter().find(|name| !is_lower_case_name(name)) {
        return Err(Refusal::incomplete("names in lower case in SignedHeaders", name));
    }
    if let Some(found) = names.windows(2).find(|pair| matches!(pair, [one, other] if one >= other)) {
        return Err(Refusal::incomplete("SignedHeaders sorted, each once", &found.join(";")));
    }
    Ok(())
}

/// A token of RFC 9110 section 5.6.2 without capitals.
fn is_lower_case_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !name.is_empty() && name.bytes().all(|byte| is_letter(byte) || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn parse_signature(text: &str) -> Result<[u8; 32], Refusal> {
    let refusal = || Refusal::incomplete("64 lower-case hexadecimal digits in Signature", text);
    if text.len() != 64 {
        return Err(refusal());
    }
    let mut signature = [0; 32];
    for (byte, digits) in signature.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        for digit in digits {
            let value = match digit {
                b'0'..=b'9' | b'a'..=b'f' => char::from(*digit).to_digit(16),
                _ => None,
            };
            let value = value.and_then(|value| u8::try_from(value).ok()).ok_or_else(refusal)?;
            *byte = *byte << 4 | value;
        }
    }
    Ok(signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNATURE: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const CREDENTIAL: &str = "AKID/20150830/us-east-1/chime/aws4_request";

    fn parse(text: &str) -> Result<usize, String> {
        let found = Authorization::parse(text).map_err(|refusal| refusal.to_string())?;
        assert_eq!(crate::key::hex(&found.signature), SIGNATURE);
        Ok(found.signed_headers.len())
    }

    #[test]
    fn parameters_come_in_any_order_and_with_any_space() {
        let (credential, headers, signature) = (
            format!("Credential={CREDENTIAL}"),
            "SignedHeaders=host;x-amz-date",
            format!("Signature={SIGNATURE}"),
        );
        assert_eq!(parse(&format!("{ALGORITHM} {credential}, {headers}, {signature}")), Ok(2));
        assert_eq!(parse(&format!("{ALGORITHM} {signature},{headers},{credential}")), Ok(2));
        assert_eq!(parse(&format!("{ALGORITHM}\t {credential} ,\t{headers}  , {signature}")), Ok(2));
    }

    #[test]
    fn what_is_missing_or_double_or_strange_is_said() {
        let whole = format!("Credential={CREDENTIAL}, SignedHeaders=host, Signature={SIGNATURE}");
        for (text, said) in [
            (
                format!("AWS4-ECDSA-P256-SHA256 {whole}"),
                "wanted AWS4-HMAC-SHA256, found 'AWS4-ECDSA-P256-SHA256'",
            ),
            ("Basic QUtJRDpzZWNyZXQ=".into(), "wanted AWS4-HMAC-SHA256, found 'Basic'"),
            (ALGORITHM.into(), "wanted key=value pairs"),
            (format!("{ALGORITHM} {whole},"), "wanted key=value pairs"),
            (format!("{ALGORITHM} {whole}, Region=x"), "found 'Region'"),
            (format!("{ALGORITHM} {whole}, Signature=00"), "found 'Signature twice'"),
            (format!("{ALGORITHM} Credential={CREDENTIAL}, SignedHeaders=host"), "requires 'Signature'"),
            (format!("{ALGORITHM} Signature={SIGNATURE}, SignedHeaders=host"), "requires 'Credential'"),
            (format!("{ALGORITHM} {}", whole.replace("=host", "=")), "names in lower case"),
            (format!("{ALGORITHM} {}", whole.replace("=host", "=Host")), "found 'Host'"),
            (format!("{ALGORITHM} {}", whole.replace("=host", "=x;host")), "found 'x;host'"),
            (format!("{ALGORITHM} {}", whole.replace("=host", "=host;host")), "found 'host;host'"),
            (format!("{ALGORITHM} {}", whole.replace('f', "F")), "64 lower-case"),
            (format!("{ALGORITHM} {}0", whole), "64 lower-case"),
            (format!("{ALGORITHM} {}", whole.replace("Signature=01", "Signature=é")), "64 lower-case"),
        ] {
            let found = parse(&text).expect_err(&text);
            assert!(found.contains(said), "{text}: {found}");
        }
    }

    #[test]
    fn sixty_four_headers_are_taken_and_no_more() {
        let names = |count: usize| (10..10 + count).map(|at| format!("h{at}")).collect::<Vec<_>>().join(";");
        let text = |count| {
            format!(
                "{ALGORITHM} Credential={CREDENTIAL}, SignedHeaders={}, Signature={SIGNATURE}",
                names(count)
            )
        };
        assert_eq!(parse(&text(64)), Ok(64));
        assert!(parse(&text(65)).expect_err("one too many").contains("64 SignedHeaders at most"));
    }
}
