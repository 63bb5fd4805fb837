//! What the kernel tells of a network card: the node it sits on, its queues, and the CPUs that serve them.

use std::{error::Error, fmt, path::Path};

use crate::{
    cpu_set::CpuSet,
    topology::NodeId,
    tree::{ReadError, Tree},
};

mod irq;
mod read;

/// Numbers one queue of a network card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueId(pub u32);

impl fmt::Display for QueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Describes one network interface at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nic {
    /// The bus address, such as `0000:3b:00.0`; none for a virtual interface.
    pub bus: Option<String>,
    /// The driver of the device; none for a virtual interface.
    pub driver: Option<String>,
    /// The largest packet above Ethernet, in bytes.
    pub mtu_bytes: u32,
    /// The name, such as `eth0`.
    pub name: String,
    /// The node it sits on.
    pub node: NicNode,
    /// The receive queues, ascending.
    pub rx: Vec<RxQueue>,
    /// The speed of the link; none when the link is down or has no speed.
    pub speed_mbps: Option<u32>,
    /// The transmit queues, ascending.
    pub tx: Vec<TxQueue>,
}

/// Tells where a network interface sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NicNode {
    /// On this node.
    Node(NodeId),
    /// On some node, and the firmware does not say which.
    Unknown,
    /// On none: there is no device behind it.
    Virtual,
}

/// Describes one receive queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RxQueue {
    /// Its number.
    pub id: QueueId,
    /// The interrupt that serves it, when its name tells.
    pub irq: Option<Irq>,
    /// The CPUs to which software spreads its packets (RPS); empty when it is off.
    pub steered: CpuSet,
}

/// Describes one transmit queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxQueue {
    /// Its number.
    pub id: QueueId,
    /// The interrupt that serves it, when its name tells.
    pub irq: Option<Irq>,
    /// The CPUs that send through it (XPS); empty when the kernel hashes.
    pub senders: CpuSet,
}

/// Describes one interrupt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Irq {
    /// The CPUs that may serve it.
    pub allowed: CpuSet,
    /// The CPUs that do serve it, when the kernel tells.
    pub effective: Option<CpuSet>,
    /// The name its driver gave it, such as `eth0-TxRx-3`.
    pub name: String,
    /// Its number.
    pub number: u32,
}

impl Irq {
    /// Returns the CPUs that serve it, as well as the kernel tells.
    pub fn cpus(&self) -> &CpuSet {
        self.effective.as_ref().unwrap_or(&self.allowed)
    }
}

impl Nic {
    /// Reads an interface of this host.
    ///
    /// # Errors
    /// As [`Nic::read`].
    pub fn host(name: &str) -> Result<Self, NicError> {
        Self::read(Path::new("/"), name)
    }

    /// Reads the interface of the machine whose `sys` and `proc` lie below `root`.
    ///
    /// # Errors
    /// Says that there is no such interface, or which file says something other than the kernel's format.
    pub fn read(root: &Path, name: &str) -> Result<Self, NicError> {
        let tree = Tree::new(root);
        let known = read::names(&tree);
        if !known.iter().any(|candidate| candidate == name) {
            return Err(NicError::Unknown { name: name.to_owned(), known });
        }
        Ok(read::nic(&tree, name)?)
    }

    /// Returns the node it sits on, when it sits on one and the firmware says which.
    pub fn node(&self) -> Option<NodeId> {
        match self.node {
            NicNode::Node(node) => Some(node),
            NicNode::Unknown | NicNode::Virtual => None,
        }
    }
}

/// Says why an interface could not be described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NicError {
    /// A file of `/sys` or `/proc` could not be understood.
    Read(ReadError),
    /// There is no interface of this name.
    Unknown {
        /// The name that was wanted.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
}

impl From<ReadError> for NicError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl fmt::Display for NicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Unknown { name, known } => {
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                write!(f, "network interface {name}: wanted one of this host, found: {known}; type: ip link")
            }
        }
    }
}

impl Error for NicError {}
