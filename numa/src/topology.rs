//! How the machine is built: its CPUs, cores, packages and nodes, and which of them are ours to use.

use std::{collections::BTreeMap, fmt, path::Path};

use crate::{
    cpu_set::{CpuId, CpuSet},
    tree::{ReadError, Tree},
};

mod allowed;
mod read;

/// Numbers one node as Linux does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Numbers one package, which is one socket of the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId(pub u32);

impl fmt::Display for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Describes a machine at one moment. All fields are plain data, so that a test may describe any machine it
/// likes; the readers of a topology are total over whatever stands here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology {
    /// The online CPUs a thread of this process may be pinned to.
    pub allowed: CpuSet,
    /// The online CPUs, ascending.
    pub cpus: Vec<Cpu>,
    /// What the kernel did not say, and what was assumed instead.
    pub gaps: Vec<Gap>,
    /// Who keeps `allowed` smaller than the machine.
    pub limit: Limit,
    /// The nodes, ascending; never empty when read from a tree.
    pub nodes: Vec<Node>,
    /// The CPUs the kernel knows that are switched off.
    pub offline: CpuSet,
}

/// Describes one online CPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cpu {
    /// True for the small kind of core of a machine that has two kinds.
    pub efficient: bool,
    /// Its number.
    pub id: CpuId,
    /// True when the scheduler puts no thread here by itself (`isolcpus=`, or an isolated cpuset partition).
    pub isolated: bool,
    /// The node beside it.
    pub node: NodeId,
    /// The socket it sits in.
    pub package: PackageId,
    /// The online CPUs of its core, itself included.
    pub siblings: CpuSet,
}

/// Describes one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its online CPUs; none for a node that is memory only.
    pub cpus: CpuSet,
    /// How far other nodes are, by the firmware's word: 10 is here, 20 is twice as far.
    pub distances: BTreeMap<NodeId, u32>,
    /// Its 2 MB pages.
    pub huge_pages: HugePages,
    /// Its number.
    pub id: NodeId,
    /// Its memory.
    pub memory: Memory,
}

/// Counts the 2 MB pages set aside on a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HugePages {
    /// How many nobody uses.
    pub free: u64,
    /// How many there are.
    pub total: u64,
}

/// Counts the memory of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// What nobody uses.
    pub free_bytes: u64,
    /// What there is.
    pub total_bytes: u64,
}

/// Tells who keeps this process off some online CPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limit {
    /// The affinity mask it inherited: taskset, or `CPUAffinity=` of its unit.
    Affinity,
    /// The cpuset of its cgroup: a container's CPU set, or `AllowedCPUs=` of its slice.
    Cpuset,
    /// Nobody: every online CPU may be used.
    #[default]
    Nobody,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Affinity => "the inherited affinity mask (taskset, or CPUAffinity= of the unit)",
            Self::Cpuset => "the cgroup's cpuset (the container's CPU set, or AllowedCPUs= of the slice)",
            Self::Nobody => "nobody",
        })
    }
}

/// Names something the kernel did not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// No `topology` folder below some CPU.
    Cores,
    /// No `/sys/devices/system/node`.
    Nodes,
    /// No list of online CPUs.
    Online,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cores => {
                "the kernel does not say which CPUs share a core: each was taken for a core of its own"
            }
            Self::Nodes => "the kernel knows no nodes: all memory was taken for node 0",
            Self::Online => "the kernel does not list the online CPUs: the allowed ones were taken for all",
        })
    }
}

impl Topology {
    /// Reads this host.
    ///
    /// # Errors
    /// As [`Topology::read`].
    pub fn host() -> Result<Self, ReadError> {
        Self::read(Path::new("/"))
    }

    /// Reads the machine whose `sys` and `proc` lie below `root`.
    ///
    /// # Errors
    /// Names the file that says something other than the kernel's format, or the absent one without which not
    /// even the CPUs are known. Everything else that is absent becomes a [`Gap`] or an empty field.
    pub fn read(root: &Path) -> Result<Self, ReadError> {
        read::topology(&Tree::new(root))
    }

    /// Finds an online CPU.
    pub fn cpu(&self, id: CpuId) -> Option<&Cpu> {
        self.cpus.iter().find(|cpu| cpu.id == id)
    }

    /// Finds a node.
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == id)
    }

    /// Returns how far memory of `to` is for CPUs of `from`, when the firmware says so.
    pub fn distance(&self, from: NodeId, to: NodeId) -> Option<u32> {
        self.node(from)?.distances.get(&to).copied()
    }

    /// Returns the online CPUs.
    pub fn online(&self) -> CpuSet {
        self.cpus.iter().map(|cpu| cpu.id).collect()
    }

    /// Groups the online CPUs by physical core, in the order of each core's lowest CPU.
    pub fn cores(&self) -> Vec<Vec<&Cpu>> {
        let mut cores: BTreeMap<CpuId, Vec<&Cpu>> = BTreeMap::new();
        for cpu in &self.cpus {
            cores.entry(cpu.siblings.first().unwrap_or(cpu.id)).or_default().push(cpu);
        }
        cores.into_values().collect()
    }
}
