//! Secrets at rest: sealed where they stand in a document, under a key that the database does not have.
//!
//! A sealed secret is text: `v1.KEY.SECRET`, the name of the key that it is under, and nonce, ciphertext and tag of
//! AES-256-GCM in base64. The key of its document is authenticated with it: moved to another one, it does not open.

mod ring;

use std::path::Path;

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, Nonce, Payload};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::document::Key;
use crate::error::Error;

use ring::Ring;

/// Seals and opens secrets. The first key of its file seals; all of them open.
pub struct Vault {
    ring: Ring,
}

impl Vault {
    /// Reads the keys from a file: 64 hexadecimal digits a line, the one that seals first.
    ///
    /// To change the key, write a new line above the others; it may go when nothing [`is_old`](Self::is_old) any more.
    ///
    /// # Errors
    ///
    /// [`Error::KeyFile`]: what is wrong with the file, and what to type.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        Ring::read(path).map(|ring| Self { ring })
    }

    /// The same, and makes the file with a new key if there is none: at the first start of an appliance. Nodes that share
    /// a database share this file, so that the second one is given it instead.
    ///
    /// # Errors
    ///
    /// As [`Self::from_file`].
    pub fn from_file_or_new(path: &Path) -> Result<Self, Error> {
        Ring::make(path)?;
        Self::from_file(path)
    }

    /// Seals a secret into the document with this key.
    ///
    /// # Errors
    ///
    /// [`Error::Sealed`]: the system has no random numbers.
    pub fn seal(&self, key: &Key, secret: &[u8]) -> Result<String, Error> {
        let first = self.ring.first();
        let mut nonce = Nonce::<Aes256Gcm>::default();
        getrandom::fill(&mut nonce)
            .map_err(|cause| sealed(format!("no random numbers to seal with: {cause}")))?;
        let bound = bound(key, &first.name);
        let payload = Payload { msg: secret, aad: &bound };
        let ciphertext = first
            .cipher()
            .encrypt(&nonce, payload)
            .map_err(|_too_long| sealed("a secret of more than 64 GB".into()))?;
        let text = URL_SAFE_NO_PAD.encode([nonce.as_slice(), &ciphertext].concat());
        Ok(format!("{VERSION}.{}.{text}", first.name))
    }

    /// Opens a secret that was sealed into the document with this key.
    ///
    /// # Errors
    ///
    /// [`Error::Sealed`]: under which key it is, if the file does not have it; else that it is not what was sealed here.
    pub fn open(&self, key: &Key, text: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        let altered = || sealed(format!("a secret of {key} is not what was sealed into it"));
        let (name, text) = split(text).ok_or_else(altered)?;
        let Some(one) = self.ring.find(name) else {
            let file = self.ring.path().display();
            return Err(sealed(format!(
                "a secret of {key} is sealed under the key {name}, which is not in {file}: add it there"
            )));
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_not_ours| altered())?;
        let (nonce, ciphertext) = bytes.split_at_checked(NONCE_BYTES).ok_or_else(altered)?;
        let nonce = Nonce::<Aes256Gcm>::try_from(nonce).map_err(|_length| altered())?;
        let bound = bound(key, name);
        one.cipher()
            .decrypt(&nonce, Payload { msg: ciphertext, aad: &bound })
            .map(Zeroizing::new)
            .map_err(|_altered| altered())
    }

    /// Whether a secret is under another key than the one that seals now.
    pub fn is_old(&self, text: &str) -> bool {
        split(text).is_none_or(|(name, _secret)| name != self.ring.first().name)
    }
}

fn split(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix(VERSION)?.strip_prefix('.')?.split_once('.')
}

/// What is authenticated with a secret. Neither a kind nor the name of a key has a NUL.
fn bound(key: &Key, name: &str) -> Vec<u8> {
    [VERSION, name, key.kind.as_str(), &*key.id].join("\0").into_bytes()
}

fn sealed(found: String) -> Error {
    Error::Sealed { found }
}

const VERSION: &str = "v1";

/// As AES-GCM likes them. Drawn by chance, they do not meet within 2^32 secrets.
const NONCE_BYTES: usize = 12;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use crate::document::Kind;

    use super::*;

    /// A file for keys that is gone afterwards.
    struct Keys(PathBuf);

    impl Keys {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("store-vault-{name}-{}", std::process::id()));
            let _absent = fs::remove_file(&path);
            Self(path)
        }

        fn write(&self, text: &str, mode: u32) {
            let _absent = fs::remove_file(&self.0);
            fs::write(&self.0, text).unwrap();
            fs::set_permissions(&self.0, fs::Permissions::from_mode(mode)).unwrap();
        }

        fn refusal(&self) -> String {
            match Vault::from_file(&self.0) {
                Err(Error::KeyFile { found, .. }) => found,
                Err(error) => panic!("{error}"),
                Ok(_vault) => panic!("it opens"),
            }
        }
    }

    impl Drop for Keys {
        fn drop(&mut self) {
            let _absent = fs::remove_file(&self.0);
        }
    }

    fn key(id: &str) -> Key {
        Key { kind: Kind::parse("credential").unwrap(), id: id.into() }
    }

    #[test]
    fn a_secret_opens_where_it_was_sealed_and_nowhere_else() {
        let keys = Keys::new("opens");
        let vault = Vault::from_file_or_new(&keys.0).unwrap();
        for secret in [&b""[..], b"correct horse", &[0xff; 5_000]] {
            let text = vault.seal(&key("a"), secret).unwrap();
            assert_eq!(&**vault.open(&key("a"), &text).unwrap(), secret);
            assert!(vault.open(&key("b"), &text).is_err());
            assert_ne!(text, vault.seal(&key("a"), secret).unwrap(), "a nonce came twice");
        }
        let kind = Kind::parse("credentials").unwrap();
        let text = vault.seal(&key("a"), b"x").unwrap();
        assert!(vault.open(&Key { kind, id: "a".into() }, &text).is_err());
    }

    #[test]
    fn what_was_altered_does_not_open() {
        let keys = Keys::new("altered");
        let vault = Vault::from_file_or_new(&keys.0).unwrap();
        let text = vault.seal(&key("a"), b"secret").unwrap();
        for at in 0..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[at] = if altered[at] == b'0' { b'1' } else { b'0' };
            let altered = String::from_utf8(altered).unwrap();
            assert!(matches!(vault.open(&key("a"), &altered), Err(Error::Sealed { .. })), "{altered}");
            assert!(vault.open(&key("a"), &text[..at]).is_err());
        }
        assert!(vault.open(&key("a"), &format!("{text}A")).is_err());
    }

    #[test]
    fn a_new_key_seals_and_the_old_one_still_opens() {
        let keys = Keys::new("rotation");
        let (old, new) = ("0f".repeat(32), "A0".repeat(32));
        keys.write(&old, 0o400);
        let text = Vault::from_file(&keys.0).unwrap().seal(&key("a"), b"secret").unwrap();
        keys.write(&format!("{new}\n\n{old}\n"), 0o600);
        let vault = Vault::from_file(&keys.0).unwrap();
        assert_eq!(&**vault.open(&key("a"), &text).unwrap(), b"secret");
        assert!(vault.is_old(&text));
        let again = vault.seal(&key("a"), b"secret").unwrap();
        assert!(!vault.is_old(&again));

        keys.write(&old, 0o400);
        let Err(Error::Sealed { found }) = Vault::from_file(&keys.0).unwrap().open(&key("a"), &again) else {
            panic!("it opens without its key")
        };
        let name = again.split('.').nth(1).unwrap();
        assert!(found.contains(name) && found.contains(keys.0.to_str().unwrap()), "{found}");
    }

    #[test]
    fn the_file_is_made_once_for_its_owner_only() {
        let keys = Keys::new("made");
        assert!(matches!(Vault::from_file(&keys.0), Err(Error::KeyFile { .. })));
        let text = Vault::from_file_or_new(&keys.0).unwrap().seal(&key("a"), b"x").unwrap();
        let before = fs::read_to_string(&keys.0).unwrap();
        assert_eq!((before.len(), before.trim_end().len()), (65, 64));
        assert_eq!(fs::metadata(&keys.0).unwrap().permissions().mode() & 0o777, 0o400);
        let again = Vault::from_file_or_new(&keys.0).unwrap();
        assert_eq!(&**again.open(&key("a"), &text).unwrap(), b"x");
        assert_eq!(fs::read_to_string(&keys.0).unwrap(), before);
    }

    #[test]
    fn a_file_that_others_read_or_that_has_no_keys_is_refused_with_what_to_type() {
        let keys = Keys::new("refused");
        keys.write(&"0f".repeat(32), 0o644);
        assert!(keys.refusal().contains(&format!("chmod 600 {}", keys.0.display())));
        for (text, found) in [
            (String::new(), "no key"),
            ("0f".repeat(31), "line 1"),
            (format!("{}\n{}", "0f".repeat(32), "0g".repeat(32)), "line 2"),
            ("0f".repeat(40_000), "wanted is a file"),
        ] {
            keys.write(&text, 0o600);
            assert!(keys.refusal().contains(found), "{}", keys.refusal());
        }
    }
}
