//! What happens when somebody asks for the end.

use std::io;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};

use super::folder::{Folder, remove};
use crate::ending;

/// Ctrl-C, or whatever else asks for the end. Before the verdict it ends the demo at once; afterwards it is waited for.
pub(super) struct Interruption {
    is_up: Arc<AtomicBool>,
    asked: Receiver<()>,
}

impl Interruption {
    pub(super) fn expect(folder: &Folder) -> io::Result<Self> {
        let (ask, asked) = mpsc::channel();
        let is_up = Arc::new(AtomicBool::new(false));
        let (may_wait, temporary) = (Arc::clone(&is_up), folder.is_temporary.then(|| folder.path.clone()));
        ending::when_asked(move |signal| {
            if may_wait.load(Ordering::Relaxed) {
                // Nobody is there to be told any more if it is about to end anyway.
                let _ = ask.send(());
                return;
            }
            // Its processes end with this one.
            remove(temporary.as_deref());
            process::exit(INTERRUPTED + signal);
        })?;
        Ok(Self { is_up, asked })
    }

    pub(super) fn wait(&self) {
        self.is_up.store(true, Ordering::Relaxed);
        // The thread that sends lives as long as the process.
        let _ = self.asked.recv();
    }
}

/// What the number of a signal is added to in the exit code, as shells have it.
const INTERRUPTED: i32 = 128;
