//! Networks of the kernel, on which drivers and their peers have sockets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::process::Command;
use std::sync::{PoisonError, RwLockReadGuard, RwLockWriteGuard};

use crate::contract::harness::{Skip, Version};
use crate::contract::veth::{COMMANDS, FAR_IPV4, FAR_IPV6, NEAR, NEAR_IPV4, NEAR_IPV6, Veth, ip, unshare};

/// Where a driver and its peers are.
pub(crate) trait Network: Sized {
    /// The interface that carries the media address, for drivers that want to know it.
    const INTERFACE: Option<&'static str>;
    /// The longest packet on the path, if that is less than a frame holds.
    const MTU: Option<usize>;

    /// Makes the network, and leaves this thread in it.
    fn new(version: Version) -> Result<Self, Skip>;

    /// Returns the media address.
    fn near(&self) -> IpAddr;

    /// Returns the address of the peers.
    fn far(&self) -> IpAddr {
        self.near()
    }

    /// Opens a socket for a peer.
    fn peer(&self) -> UdpSocket {
        UdpSocket::bind((self.far(), 0)).expect("the kernel has a free port")
    }
}

/// A network of our own, whose interface can be changed.
pub(crate) trait Configurable: Network {
    /// The interface that the driver sends through.
    const LINK: &'static str;

    /// Takes the interface down, or up again.
    fn set_up(&self, up: bool) {
        let state = if up { "up" } else { "down" };
        ip(&format!("link set {} {state}", Self::LINK)).expect("the interface is ours");
    }

    /// Removes the interface.
    fn remove(&self) {
        ip(&format!("link delete {}", Self::LINK)).expect("the interface is ours");
    }

    /// Lets one packet leave in a second, and the others wait; or lets all go.
    fn set_slow(&self, slow: bool) {
        let change = if slow { "add" } else { "delete" };
        let rest = if slow { " tbf rate 8kbit burst 2000 limit 100000000" } else { "" };
        let arguments = format!("qdisc {change} dev {} root{rest}", Self::LINK);
        let status = Command::new("tc").args(arguments.split(' ')).status();
        assert!(status.is_ok_and(|status| status.success()), "the interface is ours: tc {arguments}");
    }
}

impl Configurable for Namespace {
    const LINK: &'static str = "lo";
}

impl Configurable for Cable {
    const LINK: &'static str = NEAR;
}

/// The loopback interface that everybody shares.
pub(crate) struct Loopback {
    address: IpAddr,
    /// While tests have ports here, no command is started: see [`COMMANDS`].
    _no_commands: RwLockReadGuard<'static, ()>,
}

impl Network for Loopback {
    const INTERFACE: Option<&'static str> = None;
    const MTU: Option<usize> = None;

    fn new(version: Version) -> Result<Self, Skip> {
        let no_commands = COMMANDS.read().unwrap_or_else(PoisonError::into_inner);
        let address = usable_loopback(version)?;
        Ok(Self { address, _no_commands: no_commands })
    }

    fn near(&self) -> IpAddr {
        self.address
    }
}

/// A loopback interface of our own, as short as an Ethernet.
pub(crate) struct Namespace {
    address: IpAddr,
    _alone: RwLockWriteGuard<'static, ()>,
}

impl Network for Namespace {
    const INTERFACE: Option<&'static str> = None;
    const MTU: Option<usize> = Some(1500);

    fn new(version: Version) -> Result<Self, Skip> {
        let alone = COMMANDS.write().unwrap_or_else(PoisonError::into_inner);
        unshare().map_err(Skip)?;
        ip("link set lo up mtu 1500").map_err(Skip)?;
        Ok(Self { address: usable_loopback(version)?, _alone: alone })
    }

    fn near(&self) -> IpAddr {
        self.address
    }
}

/// A virtual cable, with the peers behind the other end.
pub(crate) struct Cable {
    veth: Veth,
    near: IpAddr,
    far: IpAddr,
}

impl Network for Cable {
    const INTERFACE: Option<&'static str> = Some(NEAR);
    const MTU: Option<usize> = Some(1500);

    fn new(version: Version) -> Result<Self, Skip> {
        let veth = Veth::new(1).map_err(Skip)?;
        veth.introduce();
        let (near, far) = match version {
            Version::V4 => (NEAR_IPV4, FAR_IPV4),
            Version::V6 => (NEAR_IPV6, FAR_IPV6),
        };
        let parse = |address: &str| address.parse().expect("the constants are addresses");
        Ok(Self { veth, near: parse(near), far: parse(far) })
    }

    fn near(&self) -> IpAddr {
        self.near
    }

    fn far(&self) -> IpAddr {
        self.far
    }

    fn peer(&self) -> UdpSocket {
        self.veth.peer(&self.far.to_string())
    }
}

fn usable_loopback(version: Version) -> Result<IpAddr, Skip> {
    let address: IpAddr = match version {
        Version::V4 => {
            // All of 127/8 is here. An address of this process alone keeps others away from its ports.
            let [_, _, a, b] = std::process::id().to_be_bytes();
            Ipv4Addr::new(127, a, b, 1).into()
        }
        Version::V6 => Ipv6Addr::LOCALHOST.into(),
    };
    match UdpSocket::bind((address, 0)) {
        Ok(_) => Ok(address),
        Err(error) => Err(Skip(format!("wanted the address {address}, found: {}", error))),
    }
}
