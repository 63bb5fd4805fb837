//! What couriers ask of a destination, in the words of both kinds.

use std::io;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutPayload};

use crate::error::Error;

use super::destination::Destination;
use super::folder::{Folder, Object};
use super::landing::Landing;

/// A destination that can be written to.
#[derive(Clone)]
pub(super) enum Store {
    Off,
    Folder(Arc<Landing>),
    Objects(Arc<dyn ObjectStore>),
}

/// What became of a wish to create an object.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Created {
    Yes,
    /// There is one of this name.
    Exists,
    /// The store knows no such wish.
    Unknown,
}

/// What stands under a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Present {
    Nothing,
    Same,
    Different,
}

impl Store {
    pub(super) fn new(destination: &Destination) -> Result<Self, Error> {
        Ok(match destination {
            Destination::Off => Self::Off,
            Destination::Folder(root) => Self::Folder(Landing::new(Folder::new(root.clone()))),
            Destination::Bucket(bucket) => Self::Objects(bucket.connect()?),
        })
    }

    pub(super) async fn create(&self, key: &str, json: &[u8]) -> io::Result<Created> {
        match self {
            Self::Off => Ok(Created::Yes),
            Self::Folder(folder) => {
                let is_new = folder.create(Object { key: key.to_owned(), json: json.to_vec() }).await?;
                Ok(if is_new { Created::Yes } else { Created::Exists })
            }
            Self::Objects(objects) => {
                let payload = PutPayload::from(json.to_vec());
                match objects.put_opts(&Path::from(key), payload, PutMode::Create.into()).await {
                    Ok(_put) => Ok(Created::Yes),
                    Err(object_store::Error::AlreadyExists { .. }) => Ok(Created::Exists),
                    Err(object_store::Error::NotImplemented { .. }) => Ok(Created::Unknown),
                    Err(cause) if is_unimplemented(&cause) => Ok(Created::Unknown),
                    Err(cause) => Err(io::Error::other(cause)),
                }
            }
        }
    }

    /// Writes without a condition, to a store that knows none.
    pub(super) async fn put(&self, key: &str, json: &[u8]) -> io::Result<()> {
        let Self::Objects(objects) = self else { return Ok(()) };
        let put = objects.put(&Path::from(key), PutPayload::from(json.to_vec())).await;
        put.map(|_put| ()).map_err(io::Error::other)
    }

    /// Compares what stands under a name.
    pub(super) async fn compare(&self, key: &str, json: &[u8]) -> io::Result<Present> {
        let is_same = match self {
            Self::Off => true,
            Self::Folder(folder) => folder.read(key).await? == json,
            Self::Objects(objects) => {
                let found = match objects.get(&Path::from(key)).await {
                    Ok(found) => found,
                    Err(object_store::Error::NotFound { .. }) => return Ok(Present::Nothing),
                    Err(cause) => return Err(io::Error::other(cause)),
                };
                // An object of another size is not read: it may be of any size.
                found.meta.size == json.len() as u64 && found.bytes().await.map_err(io::Error::other)? == json
            }
        };
        Ok(if is_same { Present::Same } else { Present::Different })
    }
}

/// Stores that do not know the condition say 501, which the client tells only in its text.
fn is_unimplemented(cause: &object_store::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(cause);
    while let Some(error) = cause {
        if error.to_string().contains("501 Not Implemented") {
            return true;
        }
        cause = error.source();
    }
    false
}
