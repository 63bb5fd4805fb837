//! Where a message came from, and where one is to go.

use std::net::SocketAddr;
use std::rc::Rc;

/// How messages travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
    /// A stream that is encrypted.
    Tls,
}

impl Protocol {
    /// Tells whether what is sent arrives, or the sender hears that it did not.
    pub const fn is_reliable(self) -> bool {
        match self {
            Self::Udp => false,
            Self::Tcp | Self::Tls => true,
        }
    }

    /// Returns the protocol as a Via names it.
    pub const fn via_word(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }
}

/// The way by which a message came; what answers it goes back by the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Flow {
    /// How it came.
    pub protocol: Protocol,
    /// The address of ours that it came to.
    pub local: SocketAddr,
    /// Who sent it.
    pub remote: SocketAddr,
    /// The connection, which never has the number of another one; zero for datagrams.
    pub connection: u64,
}

/// An address to which a message is to go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// How it goes.
    pub protocol: Protocol,
    /// To whom.
    pub remote: SocketAddr,
    /// The name that the certificate of a TLS server has to bear; without one, its address.
    pub name: Option<Rc<str>>,
    /// The address of ours from which it goes, if that matters.
    pub local: Option<SocketAddr>,
    /// The connection to use for as long as it is there: one by which the peer has come to us, which listens elsewhere.
    pub connection: Option<u64>,
}

/// Where a message goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Destination {
    /// Back by the way that another one came.
    Flow(Flow),
    /// To an address.
    Target(Target),
}
