//! Our own authority, and the certificate that it signs for the names of a zone.
//!
//! Peers who verify us need the root, once; it is not secret, and stays the same for twenty years. The certificate is
//! for every name right below the zone and for the zone itself, and is renewed long before it ends.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rcgen::{KeyUsagePurpose, date_time_ymd};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{ServerName, UnixTime};

use crate::error::SetupError;
use crate::tls::{Identity, Roots, provider, refused};

/// What a folder holds after [`keep`].
#[derive(Debug)]
pub struct Kept {
    /// What TLS shows.
    pub identity: Identity,
    /// The root, for peers to download.
    pub root_pem: String,
    /// The certificate was made just now: whoever shows the old one has to change it.
    pub is_renewed: bool,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A certificate with less left than this is renewed.
const RENEWAL: Duration = DAY.saturating_mul(30);

/// The longest that today's clients take: 398 days (CA/Browser Forum, Baseline Requirements 6.3.2), less one for the day
/// by which it begins earlier.
const CERTIFICATE_LIFE: Duration = DAY.saturating_mul(396);

/// Twenty years. Peers would have to be visited one by one for a new root.
const ROOT_LIFE: Duration = DAY.saturating_mul(20 * 365);

/// Makes what is missing in a folder, renews what ends within 30 days, and returns what is there then. It is called at
/// the start and once a day.
///
/// The folder has `root.pem`, `root.key`, `server.pem` and `server.key`; the keys can be read by their owner only.
///
/// # Errors
/// If a file cannot be read or written, or is not what its name says. A root whose key is missing is an error too: a new
/// one would not be believed by anybody who has the old one.
pub fn keep(folder: &Path, zone: &str, now: SystemTime) -> Result<Kept, SetupError> {
    let authority = Authority::keep(folder, now)?;
    let (certificate, key) = (folder.join("server.pem"), folder.join("server.key"));
    if let (Some(certificate), Some(key)) = (read(&certificate)?, read(&key)?)
        && let Ok(identity) = Identity::from_pem(&certificate, &key)
        && authority.stands_behind(&identity, zone, now + RENEWAL)
    {
        return Ok(Kept { identity, root_pem: authority.root_pem, is_renewed: false });
    }
    let (certificate_pem, key_pem) = authority.sign(zone, now)?;
    // Half of the pair does not fit the other; whoever finds that makes both anew.
    write(&key, &key_pem, OWNER_ONLY)?;
    write(&certificate, &certificate_pem, EVERYBODY)?;
    let identity = Identity::from_pem(&certificate_pem, &key_pem)?;
    Ok(Kept { identity, root_pem: authority.root_pem, is_renewed: true })
}

/// The authority: its key, and the root that peers believe.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root_pem: String,
}

impl Authority {
    fn keep(folder: &Path, now: SystemTime) -> Result<Self, SetupError> {
        fs::create_dir_all(folder).map_err(|error| SetupError::File { path: folder.into(), error })?;
        let (root, key) = (folder.join("root.pem"), folder.join("root.key"));
        let pair = match (read(&key)?, root.exists()) {
            (Some(pem), _) => KeyPair::from_pem(&pem).map_err(refused)?,
            (None, false) => {
                let pair = KeyPair::generate().map_err(refused)?;
                write(&key, &pair.serialize_pem(), OWNER_ONLY)?;
                pair
            }
            (None, true) => return Err(SetupError::File { path: key, error: ErrorKind::NotFound.into() }),
        };
        let params = root_params(&pair, now);
        let root_pem = match read(&root)? {
            Some(pem) => pem,
            None => {
                let pem = params.self_signed(&pair).map_err(refused)?.pem();
                write(&root, &pem, EVERYBODY)?;
                pem
            }
        };
        Ok(Self { issuer: Issuer::new(params, pair), root_pem })
    }

    /// Tells whether a certificate is good for a zone at a time. The judge is the one that peers have too.
    fn stands_behind(&self, identity: &Identity, zone: &str, at: SystemTime) -> bool {
        let mut roots = Roots::new();
        let names = [format!("any.{zone}"), zone.to_owned()];
        let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let Some(certificate) = identity.certificate() else { return false };
        if roots.add_pem(&self.root_pem).is_err() {
            return false;
        }
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots.store()), provider()).build();
        let Ok(verifier) = verifier else { return false };
        names.into_iter().all(|name| {
            let Ok(name) = ServerName::try_from(name) else { return false };
            let at = UnixTime::since_unix_epoch(since);
            verifier.verify_server_cert(certificate, &[], &name, &[], at).is_ok()
        })
    }

    /// Makes a certificate for a zone, and its key.
    fn sign(&self, zone: &str, now: SystemTime) -> Result<(String, String), SetupError> {
        let pair = KeyPair::generate().map_err(refused)?;
        let names = vec![format!("*.{zone}"), zone.to_owned()];
        let mut params = CertificateParams::new(names).map_err(refused)?;
        params.distinguished_name.remove(DnType::CommonName);
        params.distinguished_name.push(DnType::CommonName, format!("*.{zone}"));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // Peers that we connect to may want to see it as well.
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        set_life(&mut params, now, CERTIFICATE_LIFE);
        let certificate = params.signed_by(&pair, &self.issuer).map_err(refused)?;
        Ok((certificate.pem(), pair.serialize_pem()))
    }
}

/// What the root says. Its name follows from the key, so that two installations differ, and so that it can be signed
/// with again without reading it.
fn root_params(pair: &KeyPair, now: SystemTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    let id = params.key_identifier(pair);
    let short: String = id.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, format!("Trunkline root {short}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_life(&mut params, now, ROOT_LIFE);
    params
}

/// A peer's clock may be a day behind.
fn set_life(params: &mut CertificateParams, now: SystemTime, life: Duration) {
    let start = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + start.saturating_sub(DAY);
    params.not_after = epoch + start + life;
}

const OWNER_ONLY: u32 = 0o600;
const EVERYBODY: u32 = 0o644;

/// Reads a file; `None` if there is none.
fn read(path: &Path) -> Result<Option<String>, SetupError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SetupError::File { path: path.into(), error }),
    }
}

/// Writes a file as a whole or not at all.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), SetupError> {
    let fresh = path.with_extension("new");
    let attempt = || {
        let mut file: File =
            OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&fresh)?;
        // One that was left from before may be open to others.
        file.set_permissions(Permissions::from_mode(mode))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    };
    attempt().map_err(|error| SetupError::File { path: path.into(), error })
}
