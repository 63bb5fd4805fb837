//! How another thread ends a worker's wait.

use std::io::Write;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::error::{SetupError, no_descriptor};
use crate::sys::event;

/// Ends a wait in [`Driver::receive`](crate::Driver::receive), now or the next one.
#[derive(Clone)]
pub struct Waker {
    event: Arc<std::fs::File>,
}

impl Waker {
    /// Wraps an eventfd that its driver waits on.
    pub(crate) fn new(event: OwnedFd) -> Self {
        Self { event: Arc::new(event.into()) }
    }

    /// Makes a waker and the eventfd that its driver waits on.
    pub(crate) fn pair(driver: &'static str) -> Result<(OwnedFd, Self), SetupError> {
        let event = event::eventfd().map_err(|errno| no_descriptor(driver, errno))?;
        let other = event.try_clone().map_err(|error| no_descriptor(driver, error.into()))?;
        Ok((event, Self::new(other)))
    }

    /// Wakes the worker. Waking twice before it looks is waking once.
    pub fn wake(&self) {
        // The only failure is a counter that is full, and then the worker is about to wake anyway.
        let _ = (&*self.event).write(&1u64.to_ne_bytes());
    }
}
