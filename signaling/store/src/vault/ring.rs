//! The keys of the vault, and the file that they are in.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::KeyInit;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::backup;
use crate::error::Error;

/// The keys of a file, in its order; at least one.
pub(super) struct Ring {
    path: PathBuf,
    first: Named,
    older: Vec<Named>,
}

/// A key, and what it is called in the secrets that it seals.
pub(super) struct Named {
    pub(super) name: String,
    key: Zeroizing<[u8; KEY_BYTES]>,
}

impl Named {
    /// The key at work; it is overwritten when it is dropped.
    pub(super) fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new_from_slice(&*self.key).expect("a key of AES-256 has 32 bytes")
    }
}

impl Ring {
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let refuse = |found: String| Error::KeyFile { path: path.to_path_buf(), found };
        let mut file = File::open(path).map_err(|cause| refuse(cause.to_string()))?;
        let metadata = file.metadata().map_err(|cause| refuse(cause.to_string()))?;
        let mode = metadata.permissions().mode() & 0o777;
        if !metadata.is_file() || metadata.len() > FILE_BYTES_MAX {
            return Err(refuse("wanted is a file of lines with 64 hexadecimal digits".into()));
        }
        if mode & OTHERS != 0 {
            let found = format!("others may read it (mode {mode:o}): type chmod 600 {}", path.display());
            return Err(refuse(found));
        }
        let mut text = Zeroizing::new(String::with_capacity(metadata.len() as usize + 1));
        file.read_to_string(&mut text).map_err(|cause| refuse(cause.to_string()))?;
        let mut keys = Vec::new();
        for (line, number) in text.lines().map(str::trim).zip(1..) {
            if !line.is_empty() {
                let key = key(line).ok_or_else(|| {
                    refuse(format!("line {number} is no key: wanted are 64 hexadecimal digits"))
                })?;
                keys.push(Named { name: name(&key), key });
            }
        }
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or_else(|| {
            refuse("it has no key: restore it from where you keep it; a new one opens nothing".into())
        })?;
        Ok(Self { path: path.to_path_buf(), first, older: keys.collect() })
    }

    /// Makes a file with one new key, unless there is one. It is whole or not there.
    pub(super) fn make(path: &Path) -> Result<(), Error> {
        if path.exists() {
            return Ok(());
        }
        let refuse = |found: String| Error::KeyFile { path: path.to_path_buf(), found };
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(&mut *key).map_err(|cause| refuse(format!("no random numbers: {cause}")))?;
        let mut text = Zeroizing::new(String::with_capacity(2 * KEY_BYTES + 1));
        for byte in *key {
            text.push(char::from(DIGITS[usize::from(byte >> 4)]));
            text.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        text.push('\n');
        let made = backup::write(path, |part| {
            fill(part, text.as_bytes()).map_err(|cause| refuse(cause.to_string()))
        });
        match made {
            // Somebody else was faster.
            Ok(()) | Err(Error::Exists { .. }) => Ok(()),
            Err(error) => Err(refuse(error.to_string())),
        }
    }

    /// The one that seals.
    pub(super) fn first(&self) -> &Named {
        &self.first
    }

    pub(super) fn find(&self, name: &str) -> Option<&Named> {
        std::iter::once(&self.first).chain(&self.older).find(|one| one.name == name)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

fn fill(part: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).mode(OWNER_ONLY).open(part)?.write_all(bytes)?;
    fs::set_permissions(part, fs::Permissions::from_mode(OWNER_ONLY))
}

fn key(line: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    if line.len() != 2 * KEY_BYTES {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(line.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(key)
}

fn digit(letter: u8) -> Option<u8> {
    char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The beginning of a hash: enough to tell the keys of a file apart, and nothing about the key.
fn name(key: &[u8; KEY_BYTES]) -> String {
    let hash = Sha256::new().chain_update(b"trunkline vault key").chain_update(key).finalize();
    hash.iter().take(NAME_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

const KEY_BYTES: usize = 32;
const NAME_BYTES: usize = 4;
const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Only its owner reads it; nobody writes it by accident.
const OWNER_ONLY: u32 = 0o400;

/// Everything that group and others may do.
const OTHERS: u32 = 0o077;

/// A thousand keys.
const FILE_BYTES_MAX: u64 = 65_000;
