//! Why the transport could not be set up; whoever configures it is at fault, or the machine.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use sip::flow::Protocol;

/// Why the transport, its certificates or its resolver could not be set up.
#[derive(Debug)]
pub enum SetupError {
    /// A listener cannot be bound.
    Bind {
        /// Its protocol.
        protocol: Protocol,
        /// Its address.
        address: SocketAddr,
        /// What the kernel says.
        error: io::Error,
    },
    /// A TLS listener was asked for without a certificate to show.
    NoIdentity {
        /// Its address.
        address: SocketAddr,
    },
    /// The kernel gives no descriptor to wait with, or no thread.
    Kernel(io::Error),
    /// A file of certificates or keys cannot be read or written.
    File {
        /// The file.
        path: PathBuf,
        /// What the kernel says.
        error: io::Error,
    },
    /// A text is not PEM, or holds none of what was wanted.
    Pem {
        /// What was wanted.
        wanted: &'static str,
    },
    /// A certificate and its key do not fit each other, or TLS cannot use them.
    Certificate(String),
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bind { protocol, address, error } => {
                let word = protocol.via_word();
                write!(f, "cannot listen on {address} by {word}: {error}; choose an address of this host")?;
                write!(f, " and a port that is free (`ss -lnp` tells who has it)")
            }
            Self::NoIdentity { address } => {
                write!(f, "cannot listen on {address} by TLS without a certificate: give one, or use TCP")
            }
            Self::Kernel(error) => {
                write!(f, "cannot wait for sockets: {error}; raise the limit of open files (`ulimit -n`)")
            }
            Self::File { path, error } => write!(f, "cannot use {}: {error}", path.display()),
            Self::Pem { wanted } => {
                write!(f, "no {wanted} found: PEM is wanted, which begins with -----BEGIN")
            }
            Self::Certificate(why) => {
                write!(f, "cannot use the certificate: {why}; certificate and key have to be of one pair")
            }
        }
    }
}

impl Error for SetupError {}
