//! A certificate and its key.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::error::SetupError;
use crate::tls::{provider, refused};

/// A certificate with those behind it, and the key that belongs to it.
#[derive(Clone)]
pub struct Identity(Arc<CertifiedKey>);

impl Identity {
    /// Reads both. The first certificate is that of the server; those that signed it follow, but not the root.
    ///
    /// # Errors
    /// If there are none in the texts, or if the key is not that of the certificate.
    pub fn from_pem(certificates: &str, key: &str) -> Result<Self, SetupError> {
        let chain = certificates_of(certificates)?;
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
            .map_err(|_| SetupError::Pem { wanted: "private key" })?;
        let certified = CertifiedKey::from_der(chain, key, &provider()).map_err(refused)?;
        Ok(Self(Arc::new(certified)))
    }

    pub(crate) fn certified(&self) -> CertifiedKey {
        CertifiedKey::clone(&self.0)
    }

    /// Returns the certificate of the server itself.
    pub(crate) fn certificate(&self) -> Option<&CertificateDer<'static>> {
        self.0.cert.first()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

/// Reads certificates, at least one.
pub(crate) fn certificates_of(pem: &str) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    let wanted = SetupError::Pem { wanted: "certificate" };
    match CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>() {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => Err(wanted),
    }
}
