//! Where records gather that go into a folder together.
//!
//! A sync costs the same for one record and for many, and two at a time contend for the folder and for the journal of the
//! file system. So one courier takes what all have brought, while those who come meanwhile gather for the next.

use std::io;
use std::sync::{Arc, PoisonError};

use tokio::sync::{Mutex, oneshot};
use tokio::task;

use super::folder::{Folder, Object};

pub(super) struct Landing {
    folder: Folder,
    gathered: std::sync::Mutex<Vec<Brought>>,
    /// Whoever has it writes.
    turn: Mutex<()>,
}

struct Brought {
    object: Object,
    told: oneshot::Sender<io::Result<bool>>,
}

impl Landing {
    pub(super) fn new(folder: Folder) -> Arc<Self> {
        Arc::new(Self { folder, gathered: std::sync::Mutex::default(), turn: Mutex::new(()) })
    }

    /// Makes an object that survives a loss of power, and says whether it is new.
    pub(super) async fn create(self: &Arc<Self>, object: Object) -> io::Result<bool> {
        let (told, mut heard) = oneshot::channel();
        self.bring(Brought { object, told });
        loop {
            tokio::select! {
                biased;
                is_new = &mut heard => return is_new.map_err(io::Error::other)?,
                turn = self.turn.lock() => {
                    let landing = self.clone();
                    task::spawn_blocking(move || landing.write()).await?;
                    drop(turn);
                }
            }
        }
    }

    pub(super) async fn read(self: &Arc<Self>, key: &str) -> io::Result<Vec<u8>> {
        let (folder, key) = (self.folder.clone(), key.to_owned());
        task::spawn_blocking(move || folder.read(&key)).await?
    }

    /// Adds a record. Those of couriers that have given up go, so that no more gather than there are couriers.
    fn bring(&self, brought: Brought) {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.retain(|brought| !brought.told.is_closed());
        gathered.push(brought);
    }

    fn write(&self) {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let together = gathered.len().min(TOGETHER_MAX);
        let (objects, told): (Vec<_>, Vec<_>) =
            gathered.drain(..together).map(|Brought { object, told }| (object, told)).unzip();
        drop(gathered);
        for (is_new, told) in self.folder.create(&objects).into_iter().zip(told) {
            // A courier that has given up finds the object when it comes again.
            let _ = told.send(is_new);
        }
    }
}

/// Each is an open file for a moment.
const TOGETHER_MAX: usize = 64;
