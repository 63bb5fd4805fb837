//! What can go wrong with a driver, and what to do about it.

use core::fmt;

use crate::sys::Errno;

/// Why a driver cannot start here. It teaches: what was wanted, what was found, what to type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupError {
    /// The driver.
    pub driver: &'static str,
    /// What the driver needs.
    pub wanted: String,
    /// What is here instead.
    pub found: String,
    /// What a person can do.
    pub remedy: String,
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { driver, wanted, found, remedy } = self;
        write!(f, "driver {driver}: wanted {wanted}, found {found}; {remedy}")
    }
}

impl core::error::Error for SetupError {}

/// Says that a driver could not even open the descriptors that it needs for itself.
pub(crate) fn no_descriptor(driver: &'static str, errno: Errno) -> SetupError {
    SetupError {
        driver,
        wanted: "a descriptor".to_owned(),
        found: errno.to_string(),
        remedy: "type: ulimit -n 65536, or LimitNOFILE=65536 in the unit".to_owned(),
    }
}

/// Why a port could not be leased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseError {
    /// Another program, or another lease, has the port.
    InUse,
    /// The process may open no more descriptors: raise `LimitNOFILE` to what the notes of the driver say.
    NoDescriptors,
    /// The kernel has no memory for it.
    NoMemory,
    /// The address is none of this host, any more.
    NotLocal,
    /// The kernel refused with this error number.
    Refused(i32),
}

impl LeaseError {
    /// Returns the word that metrics, logs and people use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::InUse => "in_use",
            Self::NoDescriptors => "no_descriptors",
            Self::NoMemory => "no_memory",
            Self::NotLocal => "not_local",
            Self::Refused(_) => "refused",
        }
    }
}

impl fmt::Display for LeaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        if let Self::Refused(errno) = self { write!(f, " (error {errno})") } else { Ok(()) }
    }
}

impl core::error::Error for LeaseError {}

/// Why a driver that worked cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DriverError {
    /// The interface is gone; open the driver again when it is back.
    InterfaceGone,
    /// The kernel refused an operation that always worked, with this error number.
    Kernel {
        /// What was tried.
        operation: &'static str,
        /// What the kernel said.
        errno: i32,
    },
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InterfaceGone => f.write_str("interface_gone"),
            Self::Kernel { operation, errno } => write!(f, "kernel refused {operation}: error {errno}"),
        }
    }
}

impl core::error::Error for DriverError {}
