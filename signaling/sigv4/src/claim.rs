//! What a request claims, and what it has proved.

use std::{fmt, hint};

use subtle::ConstantTimeEq;

use crate::credential::Credential;
use crate::{Refusal, Timestamp, key};

/// A secret that nobody has, as long as those of AWS.
const NOBODY: &[u8; 40] = b"nobody-has-this-secret-0123456789-abcdef";

/// What a request claims: that the owner of a key has signed exactly it, for us, just now. All of it was checked but the
/// signature. It holds no part of the request, so that it can wait for a database.
#[derive(Clone)]
pub struct Claim {
    credential: Credential,
    signed_at: Timestamp,
    string_to_sign: String,
    signature: [u8; 32],
}

impl Claim {
    pub(crate) const fn new(
        credential: Credential,
        signed_at: Timestamp,
        string_to_sign: String,
        signature: [u8; 32],
    ) -> Self {
        Self { credential, signed_at, string_to_sign, signature }
    }

    /// Returns the access key that is said to have signed.
    pub fn key_id(&self) -> &str {
        &self.credential.key_id
    }

    /// Holds the signature against the secret of the key.
    ///
    /// # Errors
    /// `Refusal::SignatureMismatch` if it was made with another secret, or over another request.
    pub fn verify(&self, secret: &[u8]) -> Result<Signature, Refusal> {
        // A key without a secret would let in whoever knows its name.
        if !self.is_signed_with(secret) || secret.is_empty() {
            return Err(Refusal::SignatureMismatch);
        }
        let Credential { key_id, region, service, .. } = self.credential.clone();
        Ok(Signature { key_id, region, service, signed_at: self.signed_at })
    }

    /// Refuses a claim whose key nobody has, after the same work: how long it takes does not tell which keys exist.
    pub fn verify_unknown(&self) -> Refusal {
        let _is_refused_anyway = hint::black_box(self.is_signed_with(hint::black_box(NOBODY)));
        Refusal::UnknownKey
    }

    fn is_signed_with(&self, secret: &[u8]) -> bool {
        let expected = key::signature(secret, &self.credential, &self.string_to_sign);
        expected.ct_eq(&self.signature).into()
    }
}

/// Without the signature: whoever reads it in a log in time could send the request again.
impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claim({} at {})", self.credential.key_id, self.signed_at)
    }
}

/// The proof that the owner of a key has signed a request; only [`Claim::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    key_id: String,
    region: String,
    service: String,
    signed_at: Timestamp,
}

impl Signature {
    /// Returns the access key that has signed.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Returns the region that the request was signed for.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Returns the service that the request was signed for, in the spelling of its signing name.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Returns when the request was signed, by the clock of its sender.
    pub const fn signed_at(&self) -> Timestamp {
        self.signed_at
    }
}
