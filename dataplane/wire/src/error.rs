use core::error::Error;
use core::fmt;

/// Tells why bytes from a peer are not what their place says they are: the peer's fault, or the network's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Malformed {
    /// A checksum does not match the bytes it covers.
    BadChecksum,
    /// A length field contradicts the format or the bytes around it.
    BadLength,
    /// The padding is longer than what it pads, or counted wrongly, or where none may be.
    BadPadding,
    /// The version is not the one this format has.
    BadVersion,
    /// A UDP datagram over IPv6 carries no checksum.
    NoChecksum,
    /// A compound RTCP packet does not begin with a sender or receiver report.
    NoReport,
    /// An IPv6 routing header still has places to visit: the packet is not for this host.
    SourceRouted,
    /// The packet has more parts than anyone with a good reason sends.
    TooMany,
    /// The bytes end before the format does.
    Truncated,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadChecksum => "checksum does not match",
            Self::BadLength => "length field contradicts the bytes",
            Self::BadPadding => "padding is miscounted or misplaced",
            Self::BadVersion => "version is not the one expected",
            Self::NoChecksum => "udp over ipv6 without a checksum",
            Self::NoReport => "compound rtcp does not begin with a report",
            Self::SourceRouted => "ipv6 routing header has segments left",
            Self::TooMany => "more parts than are accepted",
            Self::Truncated => "bytes end too early",
        })
    }
}

impl Error for Malformed {}

/// Tells why a value could not be written: the caller's fault, never a peer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WriteError {
    /// The buffer is too small.
    NoRoom,
    /// The length field of the format cannot hold so many bytes.
    TooLong,
    /// The count field of the format cannot hold so many parts.
    TooMany,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRoom => "buffer is too small",
            Self::TooLong => "too long for the length field",
            Self::TooMany => "too many for the count field",
        })
    }
}

impl Error for WriteError {}
