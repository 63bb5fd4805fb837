//! Where records belong.

use std::path::PathBuf;

use super::bucket::Bucket;

/// Where records belong. The account says it; a record does not carry it, so that it can change while records wait.
#[derive(Clone)]
pub enum Destination {
    /// Nowhere: logging of calls is off. Records are counted and discarded.
    Off,
    /// A folder of this machine, with the names of the objects as paths below it.
    Folder(PathBuf),
    /// A bucket.
    Bucket(Bucket),
}
