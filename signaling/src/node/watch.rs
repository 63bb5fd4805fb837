//! What changes outside, and what is told there: a thread of its own looks at what is provisioned and at the age of the
//! certificate, and writes the metrics to a file, so that the loop never waits for a disk.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use settings::config::Config;
use settings::provision::{self, Seen};
use telemetry::metrics::Board;
use telemetry::say;
use transport::{Tls, Waker};
use trunk::snapshot::Snapshot;

use super::StartError;
use super::setup;

/// How often what is provisioned is looked at: a change is to hold within 100 ms.
const LOOK: Duration = Duration::from_millis(50);
/// How often the certificate is looked at, which is renewed thirty days before its end.
const CERTIFICATE: Duration = Duration::from_secs(24 * 60 * 60);

/// How often the metrics are written, for collectors of text files.
const METRICS: Duration = Duration::from_secs(1);
/// The file of the metrics in the data folder.
const METRICS_FILE: &str = "metrics.prom";

/// What the loop is to work with from now on.
pub(super) enum Change {
    Provisioned(Arc<Snapshot>),
    Certificate(Tls),
}

/// The loop's end of the thread. Dropped, it ends it.
pub(super) struct Watch {
    changes: Receiver<Change>,
    /// Nothing is sent; that it is gone is the sign.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Begins to watch for what differs from `seen`.
    pub(super) fn start(config: &Config, seen: Seen, board: Board, waker: Waker) -> Result<Self, StartError> {
        let (tell, changes) = mpsc::channel();
        let (stop, stopped) = mpsc::channel();
        let watcher =
            Watcher { config: config.clone(), data: config.node.data.clone(), seen, board, tell, waker };
        let thread = thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || watcher.run(&stopped))
            .map_err(StartError::System)?;
        Ok(Self { changes, stop: Some(stop), thread: Some(thread) })
    }

    pub(super) fn next(&self) -> Option<Change> {
        self.changes.try_recv().ok()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.stop.take());
        // A thread that has panicked said so when it did.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

struct Watcher {
    config: Config,
    data: PathBuf,
    seen: Seen,
    board: Board,
    tell: Sender<Change>,
    waker: Waker,
}

impl Watcher {
    fn run(mut self, stopped: &Receiver<()>) {
        let (mut certified, mut written) = (Instant::now(), Instant::now());
        while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
            if let Some(snapshot) = self.provisioned() {
                self.tell(Change::Provisioned(Arc::new(snapshot)));
            }
            if written.elapsed() >= METRICS {
                written = Instant::now();
                self.write_metrics();
            }
            if certified.elapsed() >= CERTIFICATE {
                certified = Instant::now();
                match renewed(&self.config, SystemTime::now()) {
                    Ok(None) => {}
                    Ok(Some(tls)) => self.tell(Change::Certificate(tls)),
                    Err(error) => {
                        say!(Error, "the certificate is not renewed", error = format_args!("{error}"));
                    }
                }
            }
        }
    }

    fn tell(&self, change: Change) {
        // A loop that has ended needs no news.
        if self.tell.send(change).is_ok() {
            self.waker.wake();
        }
    }

    /// Replaces the file as a whole: a collector never reads half of it.
    fn write_metrics(&self) {
        let path = self.data.join(METRICS_FILE);
        let fresh = path.with_extension("new");
        let text = self.board.exposition();
        if let Err(error) = fs::write(&fresh, text).and_then(|()| fs::rename(&fresh, &path)) {
            say!(Warn, "metrics cannot be written", error = error);
        }
    }

    fn provisioned(&mut self) -> Option<Snapshot> {
        let records = match provision::changed(&self.data, &mut self.seen) {
            Ok(records) => records?,
            Err(faults) => {
                say!(Warn, "what is provisioned cannot be read", error = format_args!("{faults}"));
                return None;
            }
        };
        match setup::snapshot(records, &self.config) {
            Ok(snapshot) => Some(snapshot),
            Err(error) => {
                say!(Warn, "what was provisioned is not taken", error = format_args!("{error}"));
                None
            }
        }
    }
}

/// Renews a certificate of our own if its end is near, and reads one that somebody else provides anew.
fn renewed(config: &Config, now: SystemTime) -> Result<Option<Tls>, StartError> {
    let kept = setup::certificate(config, now)?;
    Ok(kept.filter(|kept| kept.is_new).map(|kept| kept.tls))
}
