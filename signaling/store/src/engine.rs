//! What an engine does, whichever it is.

use std::path::Path;

use crate::document::{Change, Commit, Key, Revision};
use crate::entry::{EntryQuery, Page};
use crate::error::Error;

/// Keeps documents and entries. Every call ends within a bound, and what it has accepted survives a loss of power.
pub trait Engine: Send {
    /// Tells every document of one consistent state, by their keys in rising order, and which state it is.
    ///
    /// # Errors
    ///
    /// What was told until then is void. [`Error::Corrupt`]: a document is not what was written.
    fn read(&mut self, each: &mut dyn FnMut(Key, &[u8])) -> Result<Revision, Error>;

    /// Makes a commit durable if nobody has been faster, and tells the revision that it leads to.
    ///
    /// # Errors
    ///
    /// [`Error::Behind`]: somebody has been faster; nothing is done. [`Error::Undecided`]: it may be done or not; what
    /// [`Engine::since`] tells later is true. After any other nothing is done.
    fn commit(&mut self, expected: Revision, commit: &Commit) -> Result<Revision, Error>;

    /// Tells what has changed since a revision.
    ///
    /// # Errors
    ///
    /// As [`Engine::read`].
    fn since(&mut self, revision: Revision) -> Result<Feed, Error>;

    /// Forgets that documents are gone which went at this revision or before. Whoever asks what has changed since an
    /// earlier one hears [`Feed::Lost`].
    ///
    /// # Errors
    ///
    /// The engine is not available.
    fn prune(&mut self, until: Revision) -> Result<(), Error>;

    /// Looks entries up, the newest first.
    ///
    /// # Errors
    ///
    /// The engine is not available.
    fn entries(&mut self, query: &EntryQuery) -> Result<Page, Error>;

    /// Writes one consistent state with all its entries into a new file, while others go on. The file is what
    /// [`Sqlite`](crate::Sqlite) opens as its `store.sqlite`, whichever engine has written it.
    ///
    /// # Errors
    ///
    /// [`Error::Exists`]: there is a file already, and it stays as it is. No other leaves a file behind either.
    fn backup(&mut self, to: &Path) -> Result<(), Error>;

    /// Looks at everything that is kept, and says what is wrong with it.
    ///
    /// # Errors
    ///
    /// It could not be looked at.
    fn check(&mut self) -> Result<Report, Error>;

    /// Another engine on the same store, for what takes long beside this one.
    ///
    /// # Errors
    ///
    /// It does not open.
    fn twin(&self) -> Result<Box<dyn Engine>, Error>;

    /// Whether others may change the same documents.
    fn is_shared(&self) -> bool;
}

/// What has changed since a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Feed {
    /// The newest form of every document that has changed, in the order of their last changes.
    Changes {
        /// The state that they lead to.
        revision: Revision,
        /// None if nothing has changed.
        changes: Vec<Change>,
    },
    /// It is too long ago, too much ([`FEED_CHANGES_MAX`]), or has never been: read everything anew.
    Lost {
        /// The state there is now.
        current: Revision,
    },
}

/// What a look at everything has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The state that was looked at.
    pub revision: Revision,
    /// How many documents there are.
    pub documents: u64,
    /// How many are known to be gone.
    pub gone: u64,
    /// How many entries there are.
    pub entries: u64,
    /// What is wrong, in sentences; the first hundred.
    pub faults: Vec<String>,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    pub(crate) fn fault(&mut self, found: String) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(found);
        }
    }
}

/// More changes than this are cheaper read as a whole.
pub const FEED_CHANGES_MAX: usize = 10_000;

const FAULTS_MAX: usize = 100;
