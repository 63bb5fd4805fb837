//! A bucket that is spoken to as to S3.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::{Certificate, ClientOptions, ObjectStore, RetryConfig};

use crate::error::Error;

/// How a bucket is reached. Without `Debug`, because it has a key.
#[derive(Clone)]
pub struct Bucket {
    /// Where the store answers: `https://s3.example.net`, or `http://` for a store on the same machine.
    pub endpoint: String,
    /// The region that requests are signed for; stores that have none want `us-east-1`.
    pub region: String,
    /// The name of the bucket.
    pub name: String,
    /// Which key signs.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: String,
    /// Further certificates to trust, as PEM.
    pub certificates: Option<Vec<u8>>,
}

impl Bucket {
    /// Makes a client. Nothing is sent yet.
    pub(super) fn connect(&self) -> Result<Arc<dyn ObjectStore>, Error> {
        let refused = |cause: object_store::Error| Error::Destination { found: cause.to_string() };
        // It is set once a process; another room that came first has set the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut options = ClientOptions::new()
            .with_allow_http(self.endpoint.starts_with("http://"))
            .with_connect_timeout(CONNECT_MAX)
            .with_timeout(REQUEST_MAX);
        if let Some(pem) = &self.certificates {
            let certificates = Certificate::from_pem_bundle(pem).map_err(refused)?;
            if certificates.is_empty() {
                return Err(Error::Destination { found: "no certificate in what is to be trusted".into() });
            }
            options = certificates.into_iter().fold(options, ClientOptions::with_root_certificate);
        }
        let store = AmazonS3Builder::new()
            .with_endpoint(&self.endpoint)
            .with_region(&self.region)
            .with_bucket_name(&self.name)
            .with_access_key_id(&self.access_key_id)
            .with_secret_access_key(&self.secret_access_key)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            // Attempts are repeated here, where a change of the destination is heard.
            .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() })
            .with_client_options(options)
            .build()
            .map_err(refused)?;
        Ok(Arc::new(store))
    }
}

const CONNECT_MAX: Duration = Duration::from_secs(5);
const REQUEST_MAX: Duration = Duration::from_secs(30);
