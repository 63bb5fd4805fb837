//! What can go wrong between us and a media process, and what to do about it.

use core::fmt;
use std::io::{self, ErrorKind};

use control::ProtocolError;

/// Why a media process cannot be asked.
#[derive(Debug)]
pub enum NodeError {
    /// The other end hung up: the process ended, or it does not speak with us.
    Closed {
        /// The socket.
        path: String,
    },
    /// What was said has no place in the protocol.
    Protocol(ProtocolError),
    /// No answer came.
    Silent {
        /// The socket.
        path: String,
        /// How long we waited.
        seconds: u64,
    },
    /// There is no way to it.
    Unreachable {
        /// The socket.
        path: String,
        /// What the kernel said.
        error: io::Error,
    },
}

impl fmt::Display for NodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed { path } => {
                write!(f, "{path}: the media process has closed the connection; look into its log")
            }
            Self::Protocol(error) => write!(f, "control protocol: {error}"),
            Self::Silent { path, seconds } => write!(
                f,
                "{path}: wanted an answer of the media process, found none within {seconds} s; it may be stopped \
                 (see `ps -C trunkline`)",
            ),
            Self::Unreachable { path, error } => {
                write!(f, "{path}: wanted the control socket of a media process, found: {error}; ")?;
                let kind = error.kind();
                f.write_str(if kind == ErrorKind::PermissionDenied {
                    "run as the user of the media process"
                } else if matches!(kind, ErrorKind::NotFound | ErrorKind::ConnectionRefused) {
                    "start one with `trunkline media`, and name the socket that it listens at"
                } else {
                    "name the socket that a `trunkline media` listens at"
                })
            }
        }
    }
}

impl core::error::Error for NodeError {}
