//! Chooses the CPUs of the workers.

use std::collections::BTreeSet;

use crate::{
    cpu_set::{CpuId, CpuSet},
    plan::{Wishes, refusal::Refusal},
    topology::{Cpu, NodeId, Topology},
};

/// Takes the CPUs the operator named; the best of them if fewer workers were asked for.
pub(super) fn named<'a>(
    topology: &'a Topology,
    cpus: &CpuSet,
    wishes: &Wishes,
) -> Result<Vec<&'a Cpu>, Refusal> {
    let mut chosen = Vec::new();
    for id in cpus.iter() {
        let Some(cpu) = topology.cpu(id) else {
            return Err(Refusal::NotOnline {
                cpu: id,
                online: topology.online(),
                offline: topology.offline.clone(),
            });
        };
        if wishes.avoid.contains(id) {
            return Err(Refusal::Avoided { cpu: id });
        }
        if !topology.allowed.contains(id) {
            return Err(Refusal::NotAllowed {
                cpu: id,
                allowed: topology.allowed.clone(),
                limit: topology.limit,
            });
        }
        chosen.push(cpu);
    }
    let wanted = wishes.workers.map_or(chosen.len().max(1), usize::from);
    if wanted > chosen.len() {
        return Err(Refusal::TooFewNamed { wanted, found: cpus.clone() });
    }
    let system = system_core(topology);
    let is_second = |cpu: &Cpu| cpu.siblings.iter().any(|sibling| sibling < cpu.id && cpus.contains(sibling));
    chosen.sort_by_key(|cpu| (is_second(cpu), rank(cpu, &system)));
    chosen.truncate(wanted);
    Ok(chosen)
}

/// Applies the rules.
pub(super) fn by_rule<'a>(
    topology: &'a Topology,
    nodes: &BTreeSet<NodeId>,
    wishes: &Wishes,
) -> Result<Vec<&'a Cpu>, Refusal> {
    let usable = |cpu: &Cpu| topology.allowed.contains(cpu.id) && !wishes.avoid.contains(cpu.id);
    // Of each core its best CPU, so that no two workers share one.
    let best = |core: Vec<&'a Cpu>| {
        core.into_iter().filter(|cpu| usable(cpu)).min_by_key(|cpu| (!cpu.isolated, cpu.id))
    };
    let cores: Vec<&Cpu> = topology.cores().into_iter().filter_map(best).collect();
    let is_local = |cpu: &Cpu| nodes.is_empty() || nodes.contains(&cpu.node);
    let (mut local, remote): (Vec<&Cpu>, Vec<&Cpu>) = cores.into_iter().partition(|cpu| is_local(cpu));
    let system = system_core(topology);
    local.sort_by_key(|cpu| rank(cpu, &system));

    let wanted = wishes.workers.map_or_else(|| count(&local, &system), usize::from);
    if wanted > local.len() {
        return Err(Refusal::TooFewCores {
            elsewhere: remote.iter().map(|cpu| cpu.id).collect(),
            found: local.iter().map(|cpu| cpu.id).collect(),
            nodes: nodes.iter().copied().collect(),
            wanted,
        });
    }
    local.truncate(wanted);
    Ok(local)
}

/// Orders CPUs from the one to take first: not of the core left to the system, isolated, of the fast kind,
/// low.
fn rank(cpu: &Cpu, system: &CpuSet) -> (bool, bool, bool, CpuId) {
    (system.contains(cpu.id), !cpu.isolated, cpu.efficient, cpu.id)
}

/// Counts the workers the rules give unasked, at least one; `cores` are in the order of their rank.
fn count(cores: &[&Cpu], system: &CpuSet) -> usize {
    let free = || cores.iter().filter(|cpu| !system.contains(cpu.id));
    let isolated = free().filter(|cpu| cpu.isolated).count();
    let fast = free().filter(|cpu| !cpu.efficient).count();
    [isolated, fast, free().count()].into_iter().find(|count| *count > 0).unwrap_or(1)
}

/// Returns the CPUs of the core that is left to the rest of the system: that of the lowest CPU we may use at
/// all. On a whole machine this is CPU 0, where the kernel does its own housekeeping.
pub(super) fn system_core(topology: &Topology) -> CpuSet {
    let lowest = topology.cpus.iter().find(|cpu| topology.allowed.contains(cpu.id));
    lowest.map(|cpu| cpu.siblings.union(&CpuSet::from_iter([cpu.id]))).unwrap_or_default()
}
