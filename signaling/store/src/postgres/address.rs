//! Where the database is, and how it is spoken to.

use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use zeroize::Zeroizing;

use crate::document::Kind;
use crate::error::Error;

use super::tls::Tls;

/// A database, as a URL says it, with what a URL must not say.
#[derive(Clone)]
pub struct Address {
    config: Config,
    password: Option<PathBuf>,
    pub(super) tls: Option<Tls>,
    pub(super) schema: Kind,
    /// What people are told: no password is in it.
    shown: String,
}

impl Address {
    /// Reads `postgresql://user@host:5432/database?sslmode=verify-full`. The password stands in a file of its own, which
    /// is read again for every connection. `roots` are files of PEM that may stand behind the server; those of the system
    /// if there are none.
    ///
    /// Without `sslmode`, what leaves this machine is `verify-full`, and what stays on it is `disable`.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`]: what was found, and what to write instead.
    pub fn parse(url: &str, password: Option<&Path>, roots: &[PathBuf]) -> Result<Self, Error> {
        let (url, mode) = without_mode(url)?;
        let mut config = Config::from_str(&url).map_err(|error| setting(with_causes(&error)))?;
        if config.get_password().is_some() {
            return Err(setting("the URL has a password in it: write it to a file, and name that".into()));
        }
        if config.get_hosts().is_empty() {
            return Err(setting("the URL names no host: postgresql://user@host/database".into()));
        }
        if let Some(path) = password {
            read_password(path)?;
        }
        let is_encrypted = match mode {
            None => !config.get_hosts().iter().all(is_here),
            Some(Mode::Disable) => false,
            Some(Mode::VerifyFull) => true,
        };
        let tls = is_encrypted.then(|| Tls::new(roots)).transpose()?;
        config.ssl_mode(if is_encrypted { SslMode::Require } else { SslMode::Disable });
        config.application_name("trunkline");
        let shown = shown(&config);
        Ok(Self {
            config,
            password: password.map(Path::to_path_buf),
            tls,
            schema: Kind::parse("trunkline")?,
            shown,
        })
    }

    /// The same with tables in another schema than `trunkline`.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`]: it is no word of letters, digits and underscores.
    pub fn with_schema(self, schema: &str) -> Result<Self, Error> {
        let schema = Kind::parse(schema).map_err(|_unfit| {
            setting(format!("the schema {schema:?}: wanted is a word like trunkline, 32 bytes at most"))
        })?;
        Ok(Self { schema, ..self })
    }

    /// What the client is told, with the password as it is now.
    pub(super) fn config(&self, call_max: Duration) -> Result<Config, Error> {
        let mut config = self.config.clone();
        config.connect_timeout(call_max).tcp_user_timeout(call_max).keepalives_idle(call_max);
        if let Some(path) = &self.password {
            config.password(read_password(path)?.as_bytes());
        }
        Ok(config)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

enum Mode {
    Disable,
    VerifyFull,
}

/// The client knows no mode that verifies, so that it is taken out of what the client is told.
fn without_mode(url: &str) -> Result<(String, Option<Mode>), Error> {
    if !url.starts_with("postgresql://") && !url.starts_with("postgres://") {
        return Err(setting("wanted is a URL: postgresql://user@host/database".into()));
    }
    let Some((before, query)) = url.split_once('?') else { return Ok((url.to_owned(), None)) };
    let (modes, rest): (Vec<_>, Vec<_>) = query.split('&').partition(|one| one.starts_with("sslmode="));
    let mode = match modes.first().and_then(|mode| mode.split_once('=')) {
        None => None,
        Some((_name, "disable")) => Some(Mode::Disable),
        Some((_name, "verify-full")) => Some(Mode::VerifyFull),
        Some((_name, mode)) => {
            let found = format!(
                "sslmode={mode} does not make sure who answers: write sslmode=verify-full, or disable for none"
            );
            return Err(setting(found));
        }
    };
    Ok((format!("{before}?{}", rest.join("&")), mode))
}

/// Whether it stays on this machine.
fn is_here(host: &Host) -> bool {
    match host {
        Host::Unix(_path) => true,
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|host| host.is_loopback()),
    }
}

fn shown(config: &Config) -> String {
    let hosts: Vec<_> = config
        .get_hosts()
        .iter()
        .map(|host| match host {
            Host::Unix(path) => path.display().to_string(),
            Host::Tcp(name) => name.clone(),
        })
        .collect();
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("the database {database:?} at {}", hosts.join(", "))
}

fn read_password(path: &Path) -> Result<Zeroizing<String>, Error> {
    let name = path.display();
    let failed = |cause: std::io::Error| setting(format!("the file {name} with the password: {cause}"));
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
    if mode & OTHERS != 0 {
        return Err(setting(format!("others may read the password in {name}: type chmod 600 {name}")));
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(failed)?);
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

fn setting(found: String) -> Error {
    Error::Setting { found }
}

/// An error with what is behind it: the client keeps the better half there.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// Everything that group and others may do.
const OTHERS: u32 = 0o077;

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        match Address::parse(url, None, &[]) {
            Err(error) => error.to_string(),
            Ok(address) => panic!("{url} is taken for {address}"),
        }
    }

    #[test]
    fn what_stays_here_needs_no_encryption() {
        for url in [
            "postgresql://me@127.0.0.1/x",
            "postgresql://me@localhost:5433/x",
            "postgresql:///x?host=%2Frun%2Fpostgresql&user=me",
            "postgresql://me@db.example/x?sslmode=disable",
        ] {
            assert!(Address::parse(url, None, &[]).unwrap().tls.is_none(), "{url}");
        }
    }

    #[test]
    fn a_mode_that_verifies_nobody_is_refused_with_what_to_write() {
        for mode in ["prefer", "require", "allow", "verify-ca", ""] {
            let refusal = refusal(&format!("postgresql://me@db.example/x?sslmode={mode}"));
            assert!(refusal.contains("write sslmode=verify-full"), "{refusal}");
        }
    }

    #[test]
    fn passwords_have_a_file_of_their_own_for_their_owner_only() {
        assert!(refusal("postgresql://me:secret@127.0.0.1/x").contains("write it to a file"));
        let path = std::env::temp_dir().join(format!("store-password-{}", std::process::id()));
        fs::write(&path, "s3cret\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let parse = || Address::parse("postgresql://me@127.0.0.1/x", Some(&path), &[]);
        let Err(Error::Setting { found }) = parse() else { panic!("others may read it") };
        assert!(found.contains(&format!("chmod 600 {}", path.display())), "{found}");

        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let address = parse().unwrap();
        assert_eq!(address.config(Duration::from_secs(1)).unwrap().get_password(), Some(&b"s3cret"[..]));
        assert!(!address.to_string().contains("s3cret"));
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_url_without_a_host_and_no_url_are_refused() {
        assert!(refusal("postgresql:///x").contains("names no host"));
        assert!(refusal("host=127.0.0.1").contains("wanted is a URL"));
        assert!(refusal("postgresql://me@127.0.0.1/x?speed=1").contains("speed"));
    }
}
