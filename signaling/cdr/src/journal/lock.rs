//! One process has the folder.

use std::fs::{File, OpenOptions};
use std::path::Path;

use tenure::Refusal;

use crate::error::Error;

/// Takes the folder, or tells who has it.
pub(super) fn take(folder: &Path) -> Result<File, Error> {
    let path = folder.join(NAME);
    let failed = |cause| Error::Folder { path: path.clone(), cause };
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    tenure::take(file).map_err(|refusal| match refusal {
        Refusal::Taken(holder) => Error::Taken { folder: folder.to_path_buf(), holder },
        Refusal::System(cause) => failed(cause),
    })
}

/// The name of the file that is locked.
pub(super) const NAME: &str = tenure::NAME;
