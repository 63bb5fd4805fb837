//! What works, and would work better otherwise.

use std::{collections::BTreeSet, fmt};

use crate::{
    cpu_set::{CpuId, CpuSet},
    nic::{Nic, NicNode, QueueId},
    plan::{Wishes, Worker, choose::system_core},
    topology::{NodeId, Topology},
};

/// Names one thing an operator may want to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// A worker runs on the small kind of core and will be the first to fall behind.
    EfficientCore {
        /// Its CPU.
        cpu: CpuId,
    },
    /// There are more workers than receive queues; those without receive nothing when each queue is bound to
    /// its owner.
    IdleWorkers {
        /// The CPUs of the workers without a queue.
        cpus: CpuSet,
        /// How many receive queues there are.
        queues: usize,
    },
    /// The interrupt of a queue is served by other CPUs than its worker's.
    IrqElsewhere {
        /// The CPU of the worker.
        cpu: CpuId,
        /// The CPUs that serve it.
        found: CpuSet,
        /// The number of the interrupt.
        irq: u32,
        /// The interface.
        nic: String,
        /// The queue.
        queue: QueueId,
    },
    /// The firmware does not say where the card sits, and there is more than one node.
    NodeUnknown {
        /// The interface.
        nic: String,
    },
    /// The scheduler may put other threads on the CPUs of workers.
    NotIsolated {
        /// Whether the workers spin, and so lose what the others take.
        busy_poll: bool,
        /// The CPUs.
        cpus: CpuSet,
    },
    /// A worker serves a card of another node: each packet crosses the machine.
    RemoteNode {
        /// Its CPU.
        cpu: CpuId,
        /// The node of the worker.
        cpu_node: NodeId,
        /// How far it is; 10 would be the same node.
        distance: Option<u32>,
        /// The interface.
        nic: String,
        /// The node of the card.
        nic_node: NodeId,
    },
    /// Two workers share one core; each runs at about half speed.
    SharedSibling {
        /// The CPU of the one.
        cpu: CpuId,
        /// The CPU of the other.
        sibling: CpuId,
    },
    /// An isolated worker shares its core with a CPU on which the scheduler puts other threads.
    SiblingNotIsolated {
        /// Its CPU.
        cpu: CpuId,
        /// The CPU beside it.
        sibling: CpuId,
    },
    /// A worker runs on the core that should be left to the rest of the system.
    SystemCore {
        /// Its CPU.
        cpu: CpuId,
    },
}

/// Finds all that is worth a word about the workers, in the order of the variants above.
pub(super) fn of(topology: &Topology, nics: &[Nic], wishes: &Wishes, workers: &[Worker]) -> Vec<Warning> {
    let taken: CpuSet = workers.iter().map(|worker| worker.cpu).collect();
    let is_isolated = |id: CpuId| topology.cpu(id).is_some_and(|cpu| cpu.isolated);
    let is_efficient = |id: CpuId| topology.cpu(id).is_some_and(|cpu| cpu.efficient);
    let select = |test: &dyn Fn(&Worker) -> bool| -> CpuSet {
        workers.iter().filter(|worker| test(worker)).map(|worker| worker.cpu).collect()
    };

    let mut warnings = Vec::new();
    warnings.extend(taken.iter().filter(|cpu| is_efficient(*cpu)).map(|cpu| Warning::EfficientCore { cpu }));
    let idle = select(&|worker| worker.queues.is_empty());
    if !nics.is_empty() && !idle.is_empty() {
        let queues = nics.iter().map(|nic| nic.rx.len()).sum();
        warnings.push(Warning::IdleWorkers { cpus: idle, queues });
    }
    warnings.extend(workers.iter().flat_map(|worker| irqs_elsewhere(nics, worker)));
    if topology.nodes.len() > 1 {
        let unknown = nics.iter().filter(|nic| nic.node == NicNode::Unknown);
        warnings.extend(unknown.map(|nic| Warning::NodeUnknown { nic: nic.name.clone() }));
    }
    let cpus = select(&|worker| !is_isolated(worker.cpu));
    if !cpus.is_empty() {
        warnings.push(Warning::NotIsolated { busy_poll: wishes.busy_poll, cpus });
    }
    warnings.extend(workers.iter().flat_map(|worker| remote(topology, nics, worker)));
    for worker in workers {
        let cpu = worker.cpu;
        for sibling in worker.siblings.iter() {
            // Of two workers only the lower speaks.
            if sibling > cpu && taken.contains(sibling) {
                warnings.push(Warning::SharedSibling { cpu, sibling });
            }
        }
    }
    for worker in workers.iter().filter(|worker| is_isolated(worker.cpu)) {
        let open =
            worker.siblings.iter().filter(|sibling| !taken.contains(*sibling) && !is_isolated(*sibling));
        warnings.extend(open.map(|sibling| Warning::SiblingNotIsolated { cpu: worker.cpu, sibling }));
    }
    let system = system_core(topology).intersection(&taken);
    warnings.extend(system.iter().map(|cpu| Warning::SystemCore { cpu }));
    warnings
}

fn irqs_elsewhere(nics: &[Nic], worker: &Worker) -> Vec<Warning> {
    let here = CpuSet::from_iter([worker.cpu]);
    let mut warnings = Vec::new();
    for owned in &worker.queues {
        let nic = nics.iter().find(|nic| nic.name == owned.nic);
        let irq = nic.and_then(|nic| nic.rx.iter().find(|queue| queue.id == owned.queue)?.irq.as_ref());
        let Some(irq) = irq.filter(|irq| *irq.cpus() != here) else { continue };
        warnings.push(Warning::IrqElsewhere {
            cpu: worker.cpu,
            found: irq.cpus().clone(),
            irq: irq.number,
            nic: owned.nic.clone(),
            queue: owned.queue,
        });
    }
    warnings
}

/// Names the cards of other nodes that a worker serves; if it has no queue and sits with no card, all of
/// them.
fn remote(topology: &Topology, nics: &[Nic], worker: &Worker) -> Vec<Warning> {
    let nodes: BTreeSet<NodeId> = nics.iter().filter_map(Nic::node).collect();
    let astray = worker.queues.is_empty() && !nodes.contains(&worker.node);
    let serves = |nic: &Nic| astray || worker.queues.iter().any(|owned| owned.nic == nic.name);
    let mut warnings = Vec::new();
    for nic in nics.iter().filter(|nic| serves(nic)) {
        let Some(nic_node) = nic.node().filter(|node| *node != worker.node) else { continue };
        warnings.push(Warning::RemoteNode {
            cpu: worker.cpu,
            cpu_node: worker.node,
            distance: topology.distance(worker.node, nic_node),
            nic: nic.name.clone(),
            nic_node,
        });
    }
    warnings
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EfficientCore { cpu } => {
                write!(f, "cpu {cpu}: a worker on a core of the slow kind falls behind first; leave it out")
            }
            Self::IdleWorkers { cpus, queues } => write!(
                f,
                "cpus {cpus}: workers without a receive queue, for there are {queues}; with AF_XDP they \
                 receive nothing; type: ethtool -L INTERFACE combined N"
            ),
            Self::IrqElsewhere { cpu, found, irq, nic, queue } => write!(
                f,
                "{nic} queue {queue}: its worker is on cpu {cpu}, its interrupt on {found}; type: echo \
                 {cpu} > /proc/irq/{irq}/smp_affinity_list, and keep irqbalance off it"
            ),
            Self::NodeUnknown { nic } => write!(
                f,
                "{nic}: the firmware does not say on which node it sits (numa_node is -1); name cpus of the \
                 right node, the slot of the card tells which"
            ),
            Self::NotIsolated { busy_poll, cpus } => {
                write!(f, "cpus {cpus}: other threads may run here and delay packets")?;
                if *busy_poll {
                    f.write_str(", and a worker that spins delays them")?;
                }
                write!(f, "; boot with isolcpus={cpus}")
            }
            Self::RemoteNode { cpu, cpu_node, distance, nic, nic_node } => {
                write!(f, "cpu {cpu}: on node {cpu_node}, serves {nic} on node {nic_node}")?;
                if let Some(distance) = distance {
                    write!(f, ", at distance {distance} where 10 is local")?;
                }
                write!(f, "; name cpus of node {nic_node}")
            }
            Self::SharedSibling { cpu, sibling } => {
                write!(
                    f,
                    "cpus {cpu} and {sibling}: two workers share a core, each runs at about half speed; \
                     name one"
                )
            }
            Self::SiblingNotIsolated { cpu, sibling } => write!(
                f,
                "cpu {sibling}: shares the core of the isolated worker on cpu {cpu}, and is not isolated; \
                 add it to isolcpus, or switch it off"
            ),
            Self::SystemCore { cpu } => {
                write!(
                    f,
                    "cpu {cpu}: a worker on the core that the rest of the system needs; ask for one worker \
                     less"
                )
            }
        }
    }
}
