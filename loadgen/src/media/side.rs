//! Where packets enter the network and leave it.

pub mod drivers;
pub mod ethernet;
pub mod memory;

use core::fmt;
use core::time::Duration;

use netio::{DriverError, LeaseError, LocalPort, SetupError};

use crate::media::packet::{Packet, Packets};

/// A way for packets into the network and out of it.
pub trait Side {
    /// Returns the name by which reports know it.
    fn name(&self) -> &'static str;

    /// Starts to receive at a port, and allows to send from it.
    ///
    /// # Errors
    ///
    /// If the port is in use, or no resource is left for it.
    fn lease(&mut self, port: LocalPort) -> Result<(), LeaseError>;

    /// Sends packets. One that cannot be sent is no error but a count.
    ///
    /// # Errors
    ///
    /// If nothing can be sent any more.
    fn transmit(&mut self, packets: &mut [Packet], now_ns: u64) -> Result<(), SideError>;

    /// Adds packets that have come, as far as the batch has room; waits until there is one, but not longer than this.
    ///
    /// # Errors
    ///
    /// If nothing can be received any more.
    fn receive(&mut self, packets: &mut Packets, now_ns: u64, wait: Duration) -> Result<(), SideError>;

    /// Returns what was lost on this side, and so not by the device.
    fn losses(&mut self) -> Losses;
}

/// Packets that were lost on our side of the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// They never left.
    pub unsent: u64,
    /// They came, and nobody took them in time.
    pub unreceived: u64,
}

impl Losses {
    /// Returns what was lost since an earlier count.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self { unsent: self.unsent - earlier.unsent, unreceived: self.unreceived - earlier.unreceived }
    }
}

/// Why a side cannot work here, or not any more.
#[derive(Debug)]
pub enum SideError {
    /// It cannot be opened.
    Setup(SetupError),
    /// It worked, and has stopped.
    Driver(DriverError),
}

impl fmt::Display for SideError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setup(error) => error.fmt(f),
            Self::Driver(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for SideError {}

impl From<SetupError> for SideError {
    fn from(error: SetupError) -> Self {
        Self::Setup(error)
    }
}

impl From<DriverError> for SideError {
    fn from(error: DriverError) -> Self {
        Self::Driver(error)
    }
}
