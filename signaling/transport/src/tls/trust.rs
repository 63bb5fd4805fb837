//! Whom we believe when we connect.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};

use crate::error::SetupError;
use crate::tls::identity::certificates_of;
use crate::tls::refused;

/// Roots that may stand behind a certificate, and certificates that need nobody behind them. Without any, nobody is
/// believed.
#[derive(Clone, Debug)]
pub struct Roots {
    store: RootCertStore,
    pinned: Vec<[u8; 32]>,
}

impl Roots {
    /// Makes a set without any.
    pub fn new() -> Self {
        Self { store: RootCertStore::empty(), pinned: Vec::new() }
    }

    /// Adds those in a text, such as our own root, a customer's, or the bundle that the system comes with.
    ///
    /// # Errors
    /// If there is none in it, or one of them is none.
    pub fn add_pem(&mut self, pem: &str) -> Result<(), SetupError> {
        certificates_of(pem)?.into_iter().try_for_each(|root| self.store.add(root).map_err(refused))
    }

    /// Adds the certificate with this SHA-256: whoever shows it and has its key is believed, whatever name and term are in
    /// it, and whoever has signed it.
    pub fn pin(&mut self, sha256: [u8; 32]) {
        self.pinned.push(sha256);
    }

    /// Returns what judges whom we connect to.
    ///
    /// # Errors
    /// If TLS cannot be used at all.
    pub(crate) fn judge(&self, provider: Arc<CryptoProvider>) -> Result<Judge, SetupError> {
        let roots = match self.store.is_empty() {
            true => None,
            false => {
                let store = Arc::new(self.store.clone());
                let judge = WebPkiServerVerifier::builder_with_provider(store, Arc::clone(&provider)).build();
                Some(judge.map_err(refused)?)
            }
        };
        Ok(Judge { provider, believed: Believed::Some { pinned: self.pinned.clone(), roots } })
    }

    pub(crate) fn store(&self) -> RootCertStore {
        self.store.clone()
    }
}

impl Default for Roots {
    fn default() -> Self {
        Self::new()
    }
}

/// Says who is believed; in any case it has to sign with the key of the certificate that it shows.
#[derive(Debug)]
pub(crate) struct Judge {
    provider: Arc<CryptoProvider>,
    believed: Believed,
}

#[derive(Debug)]
enum Believed {
    Anybody,
    Some { pinned: Vec<[u8; 32]>, roots: Option<Arc<WebPkiServerVerifier>> },
}

impl Judge {
    pub(crate) const fn of_anybody(provider: Arc<CryptoProvider>) -> Self {
        Self { provider, believed: Believed::Anybody }
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Believed::Some { pinned, roots } = &self.believed else {
            return Ok(ServerCertVerified::assertion());
        };
        let shown: [u8; 32] = Sha256::digest(end_entity).into();
        if pinned.contains(&shown) {
            return Ok(ServerCertVerified::assertion());
        }
        let Some(roots) = roots else { return Err(CertificateError::UnknownIssuer.into()) };
        roots.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
