//! Whom we believe when we connect.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::error::SetupError;
use crate::tls::identity::certificates_of;
use crate::tls::refused;

/// Roots that may stand behind a certificate. Without any, nobody is believed.
#[derive(Clone, Debug)]
pub struct Roots(RootCertStore);

impl Roots {
    /// Makes a set without any.
    pub fn new() -> Self {
        Self(RootCertStore::empty())
    }

    /// Adds those in a text, such as our own root, a customer's, or the bundle that the system comes with.
    ///
    /// # Errors
    /// If there is none in it, or one of them is none.
    pub fn add_pem(&mut self, pem: &str) -> Result<(), SetupError> {
        certificates_of(pem)?.into_iter().try_for_each(|root| self.0.add(root).map_err(refused))
    }

    pub(crate) fn store(&self) -> RootCertStore {
        self.0.clone()
    }
}

impl Default for Roots {
    fn default() -> Self {
        Self::new()
    }
}

/// Believes whoever signs with the key of the certificate that it shows, whatever is in it.
#[derive(Debug)]
pub(crate) struct Anybody(Arc<CryptoProvider>);

impl Anybody {
    pub(crate) const fn new(provider: Arc<CryptoProvider>) -> Self {
        Self(provider)
    }
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
