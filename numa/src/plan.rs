//! Decides which worker runs where: a pure function from the machine, its network cards and the operator's
//! wishes.
//!
//! The rules, when the operator names no CPUs: workers run only on the nodes of the cards, one per core, and
//! one core stays with the rest of the system (the control thread, signaling, the kernel) as long as there is
//! another. Isolated cores come first; if there are any, they are the only ones taken unasked. Of two kinds
//! of core the fast one is taken. Whatever the operator names is done, with a warning where a rule would have
//! chosen otherwise.

use std::{collections::BTreeSet, num::NonZeroUsize};

use crate::{
    cpu_set::{CpuId, CpuSet},
    nic::{Nic, QueueId},
    plan::{refusal::Refusal, warning::Warning},
    topology::{Cpu, NodeId, PackageId, Topology},
};

mod choose;
mod explain;
mod queues;
pub mod refusal;
pub mod warning;

/// Holds what the operator asks for; the default leaves all to the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// CPUs on which no worker may run.
    pub avoid: CpuSet,
    /// Whether workers spin instead of sleeping.
    pub busy_poll: bool,
    /// The CPUs to use, instead of those the rules would choose.
    pub cpus: Option<CpuSet>,
    /// How many workers; as many as the rules or `cpus` give if none.
    pub workers: Option<NonZeroUsize>,
}

/// Holds the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The allowed CPUs of cores on which no worker runs: for the control thread and whoever else shares the
    /// machine.
    pub spare: CpuSet,
    /// What is not as it should be, though it works.
    pub warnings: Vec<Warning>,
    /// The workers, by ascending CPU.
    pub workers: Vec<Worker>,
}

/// Says where one worker runs and what it receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// The CPU to pin it to.
    pub cpu: CpuId,
    /// The node for its memory.
    pub node: NodeId,
    /// The socket it sits in.
    pub package: PackageId,
    /// The receive queues it alone serves.
    pub queues: Vec<OwnedQueue>,
    /// The CPUs of its core, its own included.
    pub siblings: CpuSet,
    /// Why it runs there.
    pub why: Vec<Reason>,
}

/// Gives one reason for the choice of a CPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The scheduler puts no other thread there.
    Isolated,
    /// No core is left but the one of the rest of the system.
    LastCore,
    /// It is on the node of these cards.
    NicNode {
        /// The interfaces.
        nics: Vec<String>,
    },
    /// The operator named it.
    Named,
    /// No other worker runs on its core.
    OwnCore,
}

/// Names one receive queue of one network card.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnedQueue {
    /// The interface.
    pub nic: String,
    /// The queue.
    pub queue: QueueId,
}

/// Decides. The same arguments always give the same plan.
///
/// # Errors
/// Refuses wishes that cannot be met, or that would leave the machine without a CPU to run anything else on.
pub fn plan(topology: &Topology, nics: &[Nic], wishes: &Wishes) -> Result<Plan, Refusal> {
    let mut names = BTreeSet::new();
    if let Some(twice) = nics.iter().find(|nic| !names.insert(nic.name.as_str())) {
        return Err(Refusal::NicTwice { nic: twice.name.clone() });
    }
    let nodes: BTreeSet<NodeId> = nics.iter().filter_map(Nic::node).collect();
    let mut chosen = match &wishes.cpus {
        Some(cpus) => choose::named(topology, cpus, wishes)?,
        None => choose::by_rule(topology, &nodes, wishes)?,
    };
    chosen.sort_by_key(|cpu| cpu.id);
    let taken: CpuSet = chosen.iter().map(|cpu| cpu.id).collect();
    if wishes.busy_poll && topology.online().is_subset(&taken) {
        return Err(Refusal::NothingLeft { online: topology.online() });
    }

    let mut workers: Vec<Worker> =
        chosen.iter().map(|cpu| worker(cpu, why(topology, nics, wishes, cpu, &taken))).collect();
    queues::deal(nics, &mut workers);
    let busy_cores = workers.iter().fold(taken, |cores, worker| cores.union(&worker.siblings));
    let spare = topology.allowed.intersection(&topology.online()).difference(&busy_cores);
    let warnings = warning::of(topology, nics, wishes, &workers);
    Ok(Plan { spare, warnings, workers })
}

fn worker(cpu: &Cpu, why: Vec<Reason>) -> Worker {
    Worker {
        cpu: cpu.id,
        node: cpu.node,
        package: cpu.package,
        queues: Vec::new(),
        siblings: cpu.siblings.clone(),
        why,
    }
}

fn why(topology: &Topology, nics: &[Nic], wishes: &Wishes, cpu: &Cpu, taken: &CpuSet) -> Vec<Reason> {
    let mut why = Vec::new();
    if wishes.cpus.is_some() {
        why.push(Reason::Named);
    }
    let beside = nics.iter().filter(|nic| nic.node() == Some(cpu.node));
    let nics: Vec<String> = beside.map(|nic| nic.name.clone()).collect();
    if !nics.is_empty() {
        why.push(Reason::NicNode { nics });
    }
    if cpu.isolated {
        why.push(Reason::Isolated);
    }
    if wishes.cpus.is_none() && choose::system_core(topology).contains(cpu.id) {
        why.push(Reason::LastCore);
    }
    if cpu.siblings.intersection(taken).len() <= 1 {
        why.push(Reason::OwnCore);
    }
    why
}
