//! Records whose name is taken by other bytes. They are kept for somebody to look at, beside the journal.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crate::transaction_id::TransactionId;

/// Keeps the record, and says whether it is new here: after a crash it may come a second time.
pub(super) fn keep(folder: &Path, id: TransactionId, json: &[u8]) -> io::Result<bool> {
    let mut number = 1_u32;
    loop {
        let path = folder.join(format!("{id}{INFIX}{number}"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                file.write_all(json)?;
                file.sync_all()?;
                return Ok(true);
            }
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                if fs::read(&path)? == json {
                    return Ok(false);
                }
                number += 1;
            }
            Err(cause) => return Err(cause),
        }
    }
}

/// Whether this is the name of a record that is kept.
pub(crate) fn is_conflict(name: &str) -> bool {
    name.split_once(INFIX)
        .is_some_and(|(id, number)| TransactionId::parse(id).is_some() && number.parse::<u32>().is_ok())
}

const INFIX: &str = ".conflict-";
