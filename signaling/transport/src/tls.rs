//! What TLS shows to others, and whom it believes.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::ServerName;
use rustls::server::{Accepted, AcceptedAlert, NoServerSessionStorage};
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, ClientConnection, ServerConfig};

use crate::error::SetupError;

mod identity;
mod session;
mod trust;

pub use identity::Identity;
pub(crate) use session::Session;
pub use trust::Roots;

/// TLS 1.2 and 1.3, as a server and as a client. A client is not asked for a certificate: the address it comes from and
/// its password say who it is.
#[derive(Clone)]
pub struct Tls {
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
}

impl Tls {
    /// Shows a certificate to those who connect, and believes those whom we connect to if a root stands behind them and
    /// their name is the right one (RFC 5922; a wildcard is taken for a name all the same, as carriers use them), or if
    /// their certificate is pinned.
    ///
    /// # Errors
    /// If TLS cannot be used at all.
    pub fn new(identity: &Identity, roots: &Roots) -> Result<Self, SetupError> {
        Self::judging(identity, roots.judge(provider())?)
    }

    /// Shows a certificate to those who connect, and BELIEVES ANYBODY whom we connect to.
    ///
    /// **Whoever is on the way can read and change every call**, keys of media included: what TLS still gives is that it
    /// is not seen at a glance. It is for a laboratory, or for a peer whose certificate cannot be mended and whose way
    /// to us is trusted for other reasons.
    ///
    /// # Errors
    /// If TLS cannot be used at all.
    pub fn without_verification(identity: &Identity) -> Result<Self, SetupError> {
        Self::judging(identity, trust::Judge::of_anybody(provider()))
    }

    fn judging(identity: &Identity, judge: trust::Judge) -> Result<Self, SetupError> {
        let client = ClientConfig::builder_with_provider(provider());
        let client = client.with_safe_default_protocol_versions().map_err(refused)?;
        let client = client.dangerous().with_custom_certificate_verifier(Arc::new(judge));
        let client = client.with_no_client_auth();
        let builder = ServerConfig::builder_with_provider(provider());
        let builder = builder.with_safe_default_protocol_versions().map_err(refused)?.with_no_client_auth();
        let shown = SingleCertAndKey::from(identity.certified());
        let mut server = builder.with_cert_resolver(Arc::new(shown));
        // A resumed session saves a signature, which is cheap with the keys of today, and costs tickets: it does not pay.
        server.send_tls13_tickets = 0;
        server.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self { server: Arc::new(server), client: Arc::new(client) })
    }

    /// Begins as the client of a peer who is to bear a name, or its address.
    pub(crate) fn connect(&self, name: Option<&str>, address: IpAddr) -> Option<Session> {
        let name = match name {
            Some(name) => ServerName::try_from(name.to_owned()).ok()?,
            None => ServerName::from(address),
        };
        let client = ClientConnection::new(Arc::clone(&self.client), name).ok()?;
        Some(Session::new(client.into()))
    }

    /// Begins as the server of a peer who has said hello.
    pub(crate) fn accept(&self, accepted: Accepted) -> Result<Session, AcceptedAlert> {
        let server = accepted.into_connection(Arc::clone(&self.server));
        server.map(|server| Session::new(server.into())).map_err(|(_, alert)| alert)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

pub(crate) fn refused(error: impl fmt::Display) -> SetupError {
    SetupError::Certificate(error.to_string())
}
