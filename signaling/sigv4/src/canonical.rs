//! The canonical request: the one text in which sender and receiver write the same request.

use crate::authorization::Authorization;
use crate::query::Query;
use crate::{ALGORITHM, Refusal, Request, credential::Credential, key, path};

/// Returns the text that the signature of a request covers, the hash of its body included.
///
/// It is for tests, and for a sender who looks for the byte that differs. A server shows it to nobody.
///
/// # Errors
/// The refusal of a request whose `Authorization`, target or signed headers cannot be read.
pub fn canonical_request(request: &Request<'_>) -> Result<Vec<u8>, Refusal> {
    let authorization = Authorization::of(request)?;
    let query = Query::parse(request.path_and_query().1)?;
    write(request, &query, &authorization.signed_headers, &key::sha256_hex(request.body))
}

/// Writes the canonical request; the names of the signed headers are sorted and in lower case.
pub(crate) fn write(
    request: &Request<'_>,
    query: &Query,
    signed_headers: &[&str],
    payload_hash: &str,
) -> Result<Vec<u8>, Refusal> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if request.method.is_empty() || !request.method.bytes().all(is_letter) {
        return Err(Refusal::unreadable("a method of HTTP", request.method));
    }
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(request.method.as_bytes());
    out.push(b'\n');
    path::write_canonical(request.path_and_query().0, &mut out)?;
    out.push(b'\n');
    query.write_canonical(&mut out);
    out.push(b'\n');
    for (name, values) in signed_headers.iter().zip(collect(request, signed_headers)) {
        if values.is_empty() {
            let found = format!("{name}, which the request does not have");
            return Err(Refusal::incomplete("headers of the request in SignedHeaders", &found));
        }
        out.extend_from_slice(name.as_bytes());
        for (at, value) in values.into_iter().enumerate() {
            out.push(if at == 0 { b':' } else { b',' });
            write_trimmed(value, &mut out);
        }
        out.push(b'\n');
    }
    out.push(b'\n');
    out.extend_from_slice(signed_headers.join(";").as_bytes());
    out.push(b'\n');
    out.extend_from_slice(payload_hash.as_bytes());
    Ok(out)
}

/// Returns the text that is signed: when, for what, and the hash of the canonical request.
pub(crate) fn string_to_sign(timestamp: &str, credential: &Credential, canonical: &[u8]) -> String {
    format!("{ALGORITHM}\n{timestamp}\n{}\n{}", credential.scope(), key::sha256_hex(canonical))
}

/// Collects the values of each signed header in their order, in one pass over all headers.
fn collect<'a>(request: &Request<'a>, signed_headers: &[&str]) -> Vec<Vec<&'a [u8]>> {
    let mut collected = vec![Vec::new(); signed_headers.len()];
    for (name, value) in request.headers {
        let lower_case = || name.bytes().map(|byte| byte.to_ascii_lowercase());
        let place = signed_headers.binary_search_by(|signed| signed.bytes().cmp(lower_case()));
        if let Some(values) = place.ok().and_then(|place| collected.get_mut(place)) {
            values.push(*value);
        }
    }
    collected
}

/// Appends a value without space around it, and with one space for each run of space within, in quotes as well.
fn write_trimmed(value: &[u8], out: &mut Vec<u8>) {
    let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'\x0b';
    let words = value.split(is_space).filter(|word| !word.is_empty());
    for (at, word) in words.enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}
