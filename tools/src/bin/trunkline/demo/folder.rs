//! Where the appliance of the demo keeps its files.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process;

/// A folder that is gone afterwards, unless somebody has named it.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) is_temporary: bool,
}

impl Folder {
    pub(super) fn make(named: Option<&Path>) -> Result<Self, String> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => std::env::temp_dir().join(format!("trunkline-demo-{}", process::id())),
        };
        let refused = |error: io::Error| {
            format!("--data {}: wanted a folder to write in, found: {error}", path.display())
        };
        fs::create_dir_all(&path).map_err(refused)?;
        let path = path.canonicalize().map_err(refused)?;
        if path.as_os_str().len() > FOLDER_LEN_MAX {
            let len = path.as_os_str().len();
            return Err(format!(
                "--data: wanted a path of {FOLDER_LEN_MAX} bytes at most, as a socket is to be in it, found {len}"
            ));
        }
        // A folder that is there need not be one to write in.
        try_to_write(&path).map_err(refused)?;
        Ok(Self { path, is_temporary: named.is_none() })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        remove(self.is_temporary.then_some(self.path.as_path()));
    }
}

/// Removes a folder, if there is one to remove.
pub(super) fn remove(folder: Option<&Path>) {
    // What cannot be removed is in the folder for temporary files, where it is removed in time.
    let _ = folder.map(fs::remove_dir_all);
}

/// Tries whether a folder can be written in.
fn try_to_write(folder: &Path) -> io::Result<()> {
    let path = folder.join(".trial");
    File::create(&path)?;
    fs::remove_file(path)
}

/// The address of a socket in the file system has 107 bytes at most (unix(7)).
const FOLDER_LEN_MAX: usize = 107 - "/media.sock".len();
