//! The other direction: a request gets its signature.

use crate::authorization::{check_len, check_signed_headers};
use crate::credential::Credential;
use crate::query::Query;
use crate::{ALGORITHM, Refusal, Request, Timestamp, canonical, key};

/// Headers that proxies change or that belong to one connection; botocore leaves out the same.
const LEFT_OUT: [&str; 15] = [
    "authorization",
    "baggage",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
];

/// Who signs. It is not shown by `Debug`.
#[derive(Clone, Copy)]
pub struct AccessKey<'a> {
    /// The name of the key.
    pub id: &'a str,
    /// What proves it.
    pub secret: &'a [u8],
}

/// What a request is signed for.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// As `us-east-1`.
    pub region: &'a str,
    /// The signing name, as `chime`.
    pub service: &'a str,
}

/// The two headers that make a request a signed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The value of `Authorization`.
    pub authorization: String,
    /// The value of `X-Amz-Date`.
    pub date: String,
}

/// Signs a request with all its headers, `host` among them; an `Authorization` and an `X-Amz-Date` that it has already are
/// to be replaced by what is returned.
///
/// # Errors
/// `Refusal::Unsigned` without `host`, `Refusal::Unreadable` of a target or method, and `Refusal::IncompleteSignature` of
/// more than 64 headers or names that are none, or of a key, region or service that cannot be written.
pub fn sign(
    request: &Request<'_>,
    access_key: &AccessKey<'_>,
    scope: &Scope<'_>,
    now_ms: u64,
) -> Result<Signed, Refusal> {
    let signed_at = Timestamp::from_ms(now_ms);
    let date = signed_at.to_string();
    let credential = Credential::new(access_key.id, &signed_at.day(), scope.region, scope.service)?;

    let mut headers: Vec<(String, &[u8])> = vec![("x-amz-date".to_owned(), date.as_bytes())];
    let lower_case = request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), *value));
    headers.extend(lower_case.filter(|(name, _)| name != "x-amz-date" && !LEFT_OUT.contains(&name.as_str())));
    let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let mut names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    if names.binary_search(&"host").is_err() {
        return Err(Refusal::Unsigned("host".to_owned()));
    }
    check_signed_headers(&names)?;

    let query = Query::parse(request.path_and_query().1)?;
    let with_date = Request { headers: &headers, ..*request };
    let canonical = canonical::write(&with_date, &query, &names, &key::sha256_hex(request.body))?;
    let text = canonical::string_to_sign(&date, &credential, &canonical);
    let signature = key::hex(&*key::signature(access_key.secret, &credential, &text));
    let authorization = format!(
        "{ALGORITHM} Credential={}/{}, SignedHeaders={}, Signature={signature}",
        credential.key_id,
        credential.scope(),
        names.join(";"),
    );
    check_len(authorization.as_bytes())?;
    Ok(Signed { authorization, date })
}
