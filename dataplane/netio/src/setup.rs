//! What every driver is opened with.

use core::net::IpAddr;

use numa::arena::Request;
use numa::topology::NodeId;

use crate::error::SetupError;
use crate::pool::Pool;

/// The wishes for one driver per worker. Each driver has a function `open` that takes them and returns as many drivers
/// as there are workers, or an error that teaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The media addresses; a [`LocalPort`](crate::LocalPort) names one by its place here. At most 16.
    pub addresses: Vec<IpAddr>,
    /// The interface that carries them; needed where the kernel is bypassed.
    pub interface: Option<String>,
    /// For each worker the node that its memory belongs on, if that matters.
    pub nodes: Vec<Option<NodeId>>,
    /// Frames per worker; a power of two.
    pub frames: u32,
    /// Whether workers never sleep: for cores that are theirs alone.
    pub busy_poll: bool,
}

/// The most media addresses.
pub const ADDRESSES_MAX: usize = 16;

impl Setup {
    /// Returns the notes of a driver that cannot poll: a wish to is one.
    pub(crate) fn notes(&self, driver: &'static str) -> Vec<String> {
        let note =
            || format!("busy_poll has no effect on driver {driver}: choose driver afxdp, or switch it off");
        self.busy_poll.then(note).into_iter().collect()
    }

    /// Tells whether any driver could be opened with this.
    pub(crate) fn check(&self, driver: &'static str) -> Result<(), SetupError> {
        if !self.frames.is_power_of_two() {
            return Err(error(driver, "frames: a power of two", self.frames.to_string(), "round it up"));
        }
        if self.addresses.is_empty() || self.addresses.len() > ADDRESSES_MAX {
            let (wanted, found) = ("1 to 16 media addresses", self.addresses.len().to_string());
            return Err(error(driver, wanted, found, "name those that calls are to use"));
        }
        Ok(())
    }

    /// Takes the frames of every worker.
    pub(crate) fn pools(&self, driver: &'static str) -> Result<Vec<Pool>, SetupError> {
        self.check(driver)?;
        let pool = |&node: &Option<NodeId>| {
            Pool::new(self.frames, &Request { bytes: 0, lock: true, node }).map_err(|reason| {
                error(driver, "memory for frames", reason.to_string(), "free memory or ask for less")
            })
        };
        self.nodes.iter().map(pool).collect()
    }
}

fn error(driver: &'static str, wanted: &str, found: String, remedy: &str) -> SetupError {
    SetupError { driver, wanted: wanted.to_owned(), found, remedy: remedy.to_owned() }
}
