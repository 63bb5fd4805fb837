//! A mirror of the kernel's links, addresses, routes and neighbours, for workers that write frames themselves.
//!
//! One thread per [`Mirror`] listens to the kernel (NETLINK_ROUTE) and publishes an immutable table whenever something
//! changed. Workers ask through a [`Reader`] of their own: an answer comes from a small cache, and looking whether the
//! table is still the newest is one load. Nobody on the packet path waits, and nobody there frees a table.
//!
//! The mirror knows the main table alone. Where policy rules (`ip rule`) could lead to others, it leaves everything to
//! the kernel. Of several next hops it takes the first. Neighbours are followed message by message. Whenever a link, an address or a route changes,
//! everything is read anew, because the kernel removes routes without saying so when it takes a link down; a host with
//! a full Internet table is not what this is for.

mod address;
mod features;
mod follower;
mod link;
mod message;
mod neighbour;
mod reader;
mod route;
mod rule;
mod table;

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::error::SetupError;
pub(crate) use features::xdp_features;
use follower::Follower;
pub(crate) use link::Link;
pub use reader::Reader;
use reader::Shared;
pub use table::{Hop, Path};

/// Follows the kernel of the network namespace in which it was started, until it is dropped.
pub struct Mirror {
    shared: Arc<Shared>,
    /// Closing it ends the thread.
    stop: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Mirror {
    /// Reads everything, and starts to follow.
    ///
    /// # Errors
    ///
    /// If the kernel refuses the sockets, the first reading, or the thread.
    pub fn start(driver: &'static str) -> Result<Self, SetupError> {
        let refused = |found| refused(driver, found);
        let (stop, follower) = open(driver)?;
        let shared = Arc::new(Shared::new(follower.table()));
        let thread = thread::Builder::new().name("netlink".into()).spawn({
            let shared = Arc::clone(&shared);
            move || follower.run(&shared)
        });
        let thread = thread.map_err(|error| refused(error.to_string()))?;
        Ok(Self { shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns a way to ask, for one worker.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.shared))
    }
}

/// Reads everything once, and follows nothing.
pub(crate) fn read(driver: &'static str) -> Result<Reader, SetupError> {
    let (_, follower) = open(driver)?;
    Ok(Reader::new(Arc::new(Shared::new(follower.table()))))
}

fn open(driver: &'static str) -> Result<(UnixStream, Follower), SetupError> {
    let (stop, stopped) = UnixStream::pair().map_err(|error| refused(driver, error.to_string()))?;
    let follower = Follower::open(stopped).map_err(|errno| refused(driver, errno.to_string()))?;
    Ok((stop, follower))
}

fn refused(driver: &'static str, found: String) -> SetupError {
    SetupError {
        driver,
        wanted: "to follow routes and neighbours by netlink".into(),
        found,
        remedy: "allow AF_NETLINK (systemd: RestrictAddressFamilies) and more descriptors (ulimit -n)".into(),
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been told already.
            let _ = thread.join();
        }
    }
}
