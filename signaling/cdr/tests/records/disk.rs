//! A disk that fails when it is told to.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use cdr::journal::{Disk, LocalDisk};

use crate::sample::files;

/// A disk with room for so many segments, which counts those that are really there.
pub(crate) struct Moody {
    pub(crate) segments_max: AtomicUsize,
    pub(crate) is_write_full: AtomicBool,
    /// So many writes fail for good.
    pub(crate) bad_writes: AtomicUsize,
    pub(crate) is_sync_bad: AtomicBool,
}

impl Moody {
    pub(crate) fn new(segments_max: usize) -> Arc<Self> {
        Arc::new(Self {
            segments_max: AtomicUsize::new(segments_max),
            is_write_full: AtomicBool::new(false),
            bad_writes: AtomicUsize::new(0),
            is_sync_bad: AtomicBool::new(false),
        })
    }
}

impl Disk for Moody {
    fn create(&self, path: &Path, head: &[u8], len: u64) -> io::Result<File> {
        if files(path.parent().unwrap(), ".segment").len() >= self.segments_max.load(SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        LocalDisk.create(path, head, len)
    }

    fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        if self.is_write_full.load(SeqCst) {
            // A part of it may have been taken before.
            LocalDisk.write(file, &bytes[..bytes.len() / 2], offset)?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        if self.bad_writes.load(SeqCst) > 0 {
            self.bad_writes.fetch_sub(1, SeqCst);
            LocalDisk.write(file, &bytes[..bytes.len() / 2], offset)?;
            return Err(io::Error::from_raw_os_error(5));
        }
        LocalDisk.write(file, bytes, offset)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        if self.is_sync_bad.load(SeqCst) {
            return Err(io::Error::from_raw_os_error(5));
        }
        LocalDisk.sync(file)
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        LocalDisk.append(path, bytes)
    }
}
