//! Credentials: Authorization and Proxy-Authorization.

use std::borrow::Cow;

use subtle::ConstantTimeEq;

use super::{Algorithm, Challenge, DigestError, Fields, Ha1};
use crate::grammar::push_quoted;

/// What a client answers a challenge with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials<'a> {
    /// Who says to know the password.
    pub username: Cow<'a, str>,
    /// Whose password it is.
    pub realm: Cow<'a, str>,
    /// What was signed.
    pub nonce: Cow<'a, str>,
    /// The URI that was signed, letter by letter. On its way a Request-URI may change (RFC 3261 section 22.4), so that
    /// it is the signed one that counts.
    pub uri: &'a str,
    /// The signature.
    pub response: &'a str,
    /// The hash that was used.
    pub algorithm: Algorithm,
    /// The count of the nonce and the client's own one; `None` in what RFC 2069 made.
    pub count: Option<(u32, Cow<'a, str>)>,
}

impl<'a> Credentials<'a> {
    /// Reads the value of an Authorization or Proxy-Authorization.
    ///
    /// # Errors
    /// `DigestError`: why it cannot be verified.
    pub fn parse(value: &'a str) -> Result<Self, DigestError> {
        let fields = Fields::parse(value)?;
        let needed = |name| fields.unquoted(name).ok_or(DigestError::Missing(name));
        let count = match fields.unquoted("qop") {
            None => None,
            Some(word) if word.eq_ignore_ascii_case("auth") => {
                let digits = fields.unquoted("nc").ok_or(DigestError::Missing("nc"))?;
                Some((parse_count(&digits)?, needed("cnonce")?))
            }
            Some(_) => return Err(DigestError::Protection),
        };
        Ok(Self {
            username: needed("username")?,
            realm: needed("realm")?,
            nonce: needed("nonce")?,
            uri: fields.verbatim("uri").ok_or(DigestError::Missing("uri"))?,
            response: fields.verbatim("response").ok_or(DigestError::Missing("response"))?,
            algorithm: fields.algorithm()?,
            count,
        })
    }

    /// Tells whether the sender knows the password, for a request with this method.
    ///
    /// The comparison takes the same time wherever the signatures differ. That the nonce is one of ours, fresh, and its
    /// count not seen before is for the caller to ask.
    pub fn prove(&self, secret: &Ha1, method: &str) -> bool {
        if secret.algorithm() != self.algorithm {
            return false;
        }
        let count = self.count.as_ref().map(|(count, own)| (*count, own.as_ref()));
        let expected = signature(secret, method, self.uri, &self.nonce, count);
        expected.as_bytes().ct_eq(self.response.to_ascii_lowercase().as_bytes()).into()
    }
}

/// RFC 7616 section 3.4: exactly eight hexadecimal digits.
fn parse_count(digits: &str) -> Result<u32, DigestError> {
    let fits = digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    fits.then(|| u32::from_str_radix(digits, 16).ok()).flatten().ok_or(DigestError::NonceCount)
}

/// RFC 7616 section 3.4.1, and RFC 2069 where nothing is counted.
fn signature(secret: &Ha1, method: &str, uri: &str, nonce: &str, count: Option<(u32, &str)>) -> String {
    let algorithm = secret.algorithm();
    let request = algorithm.hex(&[method, uri]);
    match count {
        Some((count, own)) => {
            algorithm.hex(&[secret.as_hex(), nonce, &format!("{count:08x}"), own, "auth", &request])
        }
        None => algorithm.hex(&[secret.as_hex(), nonce, &request]),
    }
}

/// What a client signs with: who it is, and what it knows.
pub struct Login<'a> {
    /// The name, as the server knows it.
    pub username: &'a str,
    /// The hash of the password, made with the realm and the algorithm of the challenge.
    pub secret: &'a Ha1,
}

impl Login<'_> {
    /// Answers a challenge: the value of an Authorization or Proxy-Authorization.
    ///
    /// `count` begins with 1 for each nonce, and `own` is a random text of the client.
    ///
    /// # Errors
    /// `DigestError::Algorithm` when the secret was made with another algorithm.
    pub fn answer(
        &self,
        challenge: &Challenge<'_>,
        method: &str,
        uri: &str,
        count: u32,
        own: &str,
    ) -> Result<String, DigestError> {
        if self.secret.algorithm() != challenge.algorithm {
            return Err(DigestError::Algorithm);
        }
        let counted = challenge.counted.then_some((count, own));
        let response = signature(self.secret, method, uri, &challenge.nonce, counted);
        let mut text = String::from("Digest ");
        let quoted =
            [("username", self.username), ("realm", &*challenge.realm), ("nonce", &*challenge.nonce)];
        for (name, value) in quoted {
            push_field(&mut text, name, value);
        }
        // What was signed is sent letter by letter; a URI has no quotes that would need an escape.
        text.push_str("uri=\"");
        text.push_str(uri);
        text.push_str("\", ");
        push_field(&mut text, "response", &response);
        text.push_str("algorithm=");
        text.push_str(challenge.algorithm.word());
        if let Some(opaque) = &challenge.opaque {
            text.push_str(", opaque=");
            push_quoted(&mut text, opaque);
        }
        if challenge.counted {
            text.push_str(&format!(", qop=auth, nc={count:08x}, cnonce="));
            push_quoted(&mut text, own);
        }
        Ok(text)
    }
}

fn push_field(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    text.push('=');
    push_quoted(text, value);
    text.push_str(", ");
}
