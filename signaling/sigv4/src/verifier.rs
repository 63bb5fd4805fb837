//! What a server wants of a signature, before it knows the secret.

use std::time::Duration;

use crate::authorization::Authorization;
use crate::credential::Credential;
use crate::query::Query;
use crate::refusal::shown;
use crate::{Claim, Refusal, Request, Timestamp, canonical, key};

/// What a server takes: for which services and regions, and how far clocks may differ.
#[derive(Clone, Debug)]
pub struct Verifier {
    services: Vec<String>,
    /// Any region where there is none.
    regions: Vec<String>,
    skew: Duration,
}

impl Verifier {
    /// Makes a verifier for services by their signing names, any region, and clocks five minutes apart.
    pub fn new(services: &[&str]) -> Self {
        Self {
            services: services.iter().map(|&name| name.to_owned()).collect(),
            regions: Vec::new(),
            skew: Duration::from_secs(5 * 60),
        }
    }

    /// Takes signatures for these regions only.
    #[must_use]
    pub fn with_regions(self, regions: &[&str]) -> Self {
        Self { regions: regions.iter().map(|&name| name.to_owned()).collect(), ..self }
    }

    /// Takes signatures of clocks that are this far behind or ahead.
    #[must_use]
    pub const fn with_skew(mut self, skew: Duration) -> Self {
        self.skew = skew;
        self
    }

    /// Reads what a request claims, and checks everything that needs no secret; the dearest, the hash of the body, last.
    ///
    /// # Errors
    /// Every refusal but `UnknownKey` and `SignatureMismatch`.
    pub fn claim(&self, request: &Request<'_>, now_ms: u64) -> Result<Claim, Refusal> {
        let query = Query::parse(request.path_and_query().1)?;
        if query.is_presigned() {
            return Err(Refusal::Presigned);
        }
        let Authorization { credential, signed_headers, signature } = Authorization::of(request)?;
        if request.values("x-amz-security-token").next().is_some() {
            return Err(Refusal::TemporaryCredentials);
        }
        let signed_at = signed_at(request)?;
        self.check_scope(&credential, signed_at)?;
        self.check_age(signed_at, now_ms)?;
        check_signed(request, &signed_headers)?;
        let payload_hash = payload_hash(request)?;
        let canonical = canonical::write(request, &query, &signed_headers, &payload_hash)?;
        let string_to_sign = canonical::string_to_sign(&signed_at.to_string(), &credential, &canonical);
        Ok(Claim::new(credential, signed_at, string_to_sign, signature))
    }

    fn check_scope(&self, credential: &Credential, signed_at: Timestamp) -> Result<(), Refusal> {
        let Credential { day, region, service, .. } = credential;
        if !self.services.contains(service) {
            let wanted = self.services.join("' or '");
            let message =
                format!("Credential should be scoped to correct service: '{wanted}', not '{service}'.");
            return Err(Refusal::WrongScope(message));
        }
        if !self.regions.is_empty() && !self.regions.contains(region) {
            let wanted = self.regions.join("' or '");
            let message =
                format!("Credential should be scoped to a valid region: '{wanted}', not '{region}'.");
            return Err(Refusal::WrongScope(message));
        }
        if *day != signed_at.day() {
            return Err(Refusal::WrongScope(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{day}' != \
                 '{}', from '{signed_at}'.",
                signed_at.day()
            )));
        }
        Ok(())
    }

    fn check_age(&self, signed_at: Timestamp, now_ms: u64) -> Result<(), Refusal> {
        let skew_ms = u64::try_from(self.skew.as_millis()).unwrap_or(u64::MAX);
        let (earliest_ms, latest_ms) = (now_ms.saturating_sub(skew_ms), now_ms.saturating_add(skew_ms));
        if signed_at.as_ms() < earliest_ms {
            // The next whole second: this one is over in part.
            let earliest = Timestamp::from_ms(earliest_ms.saturating_add(999));
            return Err(Refusal::TooOld { signed_at, earliest });
        }
        if signed_at.as_ms() > latest_ms {
            return Err(Refusal::TooNew { signed_at, latest: Timestamp::from_ms(latest_ms) });
        }
        Ok(())
    }
}

/// Reads when the request was signed: `X-Amz-Date`, or else `Date`.
fn signed_at(request: &Request<'_>) -> Result<Timestamp, Refusal> {
    for (name, is_ours) in [("x-amz-date", true), ("date", false)] {
        let mut values = request.values(name);
        let Some(value) = values.next() else { continue };
        if values.next().is_some() {
            return Err(Refusal::incomplete("one date", &format!("{name} twice")));
        }
        let text = String::from_utf8_lossy(value);
        let basic = Timestamp::parse_basic(text.trim());
        let parsed = if is_ours { basic } else { basic.or_else(|| Timestamp::parse_http(text.trim())) };
        return parsed.ok_or_else(|| Refusal::incomplete(&format!("a {name} like 20150830T123600Z"), &text));
    }
    let message = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
    Err(Refusal::IncompleteSignature(message.to_owned()))
}

/// Sees to it that nothing that AWS gives a meaning can be added or changed on the way.
fn check_signed(request: &Request<'_>, signed_headers: &[&str]) -> Result<(), Refusal> {
    if !signed_headers.contains(&"host") {
        return Err(Refusal::Unsigned("host".to_owned()));
    }
    for (name, _) in request.headers {
        let is_ours = name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-amz-"));
        let name = if is_ours { name.to_ascii_lowercase() } else { continue };
        if signed_headers.binary_search(&name.as_str()).is_err() {
            return Err(Refusal::Unsigned(shown(&name)));
        }
    }
    Ok(())
}

/// Hashes the body, and holds it against what `x-amz-content-sha256` says of it.
fn payload_hash(request: &Request<'_>) -> Result<String, Refusal> {
    for value in request.values("x-amz-content-sha256") {
        if value.len() != 64 || !value.iter().all(u8::is_ascii_hexdigit) {
            return Err(Refusal::UnsignedPayload(shown(&String::from_utf8_lossy(value))));
        }
    }
    let hash = key::sha256_hex(request.body);
    if request.values("x-amz-content-sha256").any(|value| value != hash.as_bytes()) {
        return Err(Refusal::PayloadMismatch);
    }
    Ok(hash)
}
