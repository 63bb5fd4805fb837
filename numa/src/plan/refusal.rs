//! Why there is no plan.

use std::{error::Error, fmt};

use crate::{
    cpu_set::{CpuId, CpuSet},
    topology::{Limit, NodeId},
};

/// Says which wish cannot be met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A CPU is both named and to be avoided.
    Avoided {
        /// The CPU.
        cpu: CpuId,
    },
    /// A card is listed twice, so its queues would have two owners.
    NicTwice {
        /// The interface.
        nic: String,
    },
    /// A named CPU is not ours to use.
    NotAllowed {
        /// The CPUs we may use.
        allowed: CpuSet,
        /// The CPU that was named.
        cpu: CpuId,
        /// Who keeps us off it.
        limit: Limit,
    },
    /// A named CPU is switched off or does not exist.
    NotOnline {
        /// The CPU that was named.
        cpu: CpuId,
        /// The CPUs that are switched off.
        offline: CpuSet,
        /// The CPUs there are.
        online: CpuSet,
    },
    /// Workers that spin would hold every CPU, and nothing else could run.
    NothingLeft {
        /// The CPUs there are.
        online: CpuSet,
    },
    /// The rules find fewer cores than workers were asked for.
    TooFewCores {
        /// One CPU of each usable core of the other nodes.
        elsewhere: CpuSet,
        /// One CPU of each usable core.
        found: CpuSet,
        /// The nodes of the network cards; none when the cards sit on no node.
        nodes: Vec<NodeId>,
        /// How many workers were asked for.
        wanted: usize,
    },
    /// Fewer CPUs are named than workers were asked for.
    TooFewNamed {
        /// The CPUs that were named.
        found: CpuSet,
        /// How many workers were asked for.
        wanted: usize,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Avoided { cpu } => {
                write!(
                    f,
                    "cpu {cpu}: wanted for a worker, found it in the list to avoid; take it out of one of \
                     the two"
                )
            }
            Self::NicTwice { nic } => {
                write!(f, "network interface {nic}: wanted once, found twice; name it once")
            }
            Self::NotAllowed { allowed, cpu, limit } => write!(
                f,
                "cpu {cpu}: wanted for a worker, found that this process may use {allowed}, limited by \
                 {limit}; name cpus of {allowed}, or lift the limit"
            ),
            Self::NotOnline { cpu, offline, online } => {
                write!(f, "cpu {cpu}: wanted for a worker, found online: {online}")?;
                match offline.contains(*cpu) {
                    true => write!(f, "; type: echo 1 > /sys/devices/system/cpu/cpu{cpu}/online"),
                    false => write!(f, "; there is no such cpu, name others"),
                }
            }
            Self::NothingLeft { online } => write!(
                f,
                "busy poll: wanted a cpu left for everything else, found workers on all: {online}; ask for \
                 one worker less, or turn busy poll off"
            ),
            Self::TooFewCores { elsewhere, found, nodes, wanted } => {
                write!(
                    f,
                    "workers: wanted {wanted}, each on a core of its own, found {} usable",
                    found.len()
                )?;
                if !nodes.is_empty() {
                    let nodes: Vec<String> = nodes.iter().map(NodeId::to_string).collect();
                    write!(f, " on the node of the network cards ({})", nodes.join(", "))?;
                }
                write!(f, ": {found}")?;
                if !found.is_empty() {
                    write!(f, "; ask for {} at most", found.len())?;
                }
                match elsewhere.is_empty() {
                    true => f.write_str("; or name siblings of these cpus, at half the speed of each"),
                    false => write!(f, "; or name cpus yourself, these are on other nodes: {elsewhere}"),
                }
            }
            Self::TooFewNamed { found, wanted } => write!(
                f,
                "workers: wanted {wanted}, found {} cpus named: {found}; name as many cpus as workers",
                found.len()
            ),
        }
    }
}

impl Error for Refusal {}
