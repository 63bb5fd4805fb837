//! What the drivers on io_uring share, and those drivers.

pub(crate) mod buffers;
mod doubts;
pub(crate) mod ring;
pub(crate) mod sklookup;
pub(crate) mod sockets;

use crate::error::SetupError;
use crate::pool::Pool;
use crate::setup::Setup;
use crate::sys::uring::BUFFERS_MAX;

/// Takes the frames of every worker, unless there are more than a ring can hold.
fn pools(setup: &Setup, driver: &'static str) -> Result<Vec<Pool>, SetupError> {
    if setup.frames > BUFFERS_MAX {
        return Err(SetupError {
            driver,
            wanted: format!("at most {BUFFERS_MAX} frames per worker"),
            found: setup.frames.to_string(),
            remedy: "ask for less, or for more workers".to_owned(),
        });
    }
    setup.pools(driver)
}
