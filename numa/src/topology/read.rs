//! Reads a topology from `/sys` and `/proc`.

use std::collections::BTreeMap;

use crate::{
    cpu_set::{CpuSet, parse_list},
    topology::{Cpu, Gap, HugePages, Memory, Node, NodeId, PackageId, Topology, allowed::Masks},
    tree::{ReadError, Tree},
};

const CPU: &str = "sys/devices/system/cpu";
const NODE: &str = "sys/devices/system/node";
/// The size of the huge pages an arena asks for.
const HUGE_PAGES: &str = "hugepages/hugepages-2048kB";

pub(super) fn topology(tree: &Tree<'_>) -> Result<Topology, ReadError> {
    let mut gaps = Vec::new();
    let masks = Masks::read(tree)?;
    let online = match (tree.cpus(&format!("{CPU}/online"))?, &masks.affinity) {
        (Some(online), _) => online,
        (None, Some(affinity)) => {
            gaps.push(Gap::Online);
            affinity.clone()
        }
        (None, None) => {
            let path = tree.path(&format!("{CPU}/online"));
            return Err(ReadError::Missing { path, hint: "mount -t sysfs sysfs /sys" });
        }
    };
    let isolated = isolated(tree)?;
    let nodes = nodes(tree, &online, &mut gaps)?;
    let cpus = cpus(tree, &online, &isolated, &nodes, &mut gaps)?;
    let (allowed, limit) = masks.allowed(&online, &isolated);
    let offline = tree.cpus(&format!("{CPU}/present"))?.unwrap_or_default().difference(&online);
    Ok(Topology { allowed, cpus, gaps, limit, nodes, offline })
}

/// Returns what `isolcpus=` took from the scheduler, and what isolated cpuset partitions took since.
fn isolated(tree: &Tree<'_>) -> Result<CpuSet, ReadError> {
    let at_boot = tree.cpus(&format!("{CPU}/isolated"))?.unwrap_or_default();
    let by_cpuset = tree.cpus("sys/fs/cgroup/cpuset.cpus.isolated")?.unwrap_or_default();
    Ok(at_boot.union(&by_cpuset))
}

fn cpus(
    tree: &Tree<'_>,
    online: &CpuSet,
    isolated: &CpuSet,
    nodes: &[Node],
    gaps: &mut Vec<Gap>,
) -> Result<Vec<Cpu>, ReadError> {
    // Only a machine with two kinds of core has this folder.
    let efficient = tree.cpus("sys/devices/cpu_atom/cpus")?.unwrap_or_default();
    let mut cpus = Vec::with_capacity(online.len());
    for id in online.iter() {
        let folder = format!("{CPU}/cpu{id}/topology");
        let siblings = match tree.cpus(&format!("{folder}/core_cpus_list"))? {
            Some(siblings) => Some(siblings),
            // The name before Linux 5.3.
            None => tree.cpus(&format!("{folder}/thread_siblings_list"))?,
        };
        if siblings.is_none() && !gaps.contains(&Gap::Cores) {
            gaps.push(Gap::Cores);
        }
        let mut siblings = siblings.unwrap_or_default().intersection(online);
        siblings.insert(id);
        // A kernel that was not told the package says -1.
        let package = tree.number::<i64>(&format!("{folder}/physical_package_id"))?;
        let node = nodes.iter().find(|node| node.cpus.contains(id)).map_or(NodeId(0), |node| node.id);
        cpus.push(Cpu {
            efficient: efficient.contains(id),
            id,
            isolated: isolated.contains(id),
            node,
            package: PackageId(package.and_then(|package| u32::try_from(package).ok()).unwrap_or(0)),
            siblings,
        });
    }
    Ok(cpus)
}

fn nodes(tree: &Tree<'_>, online: &CpuSet, gaps: &mut Vec<Gap>) -> Result<Vec<Node>, ReadError> {
    let path = format!("{NODE}/online");
    let Some(list) = tree.text(&path) else {
        gaps.push(Gap::Nodes);
        return Ok(vec![only_node(tree, online)?]);
    };
    let ids: Vec<NodeId> = tree.list(&path, parse_list(&list))?.into_iter().map(NodeId).collect();
    ids.iter().map(|&id| node(tree, id, &ids)).collect()
}

fn node(tree: &Tree<'_>, id: NodeId, ids: &[NodeId]) -> Result<Node, ReadError> {
    let folder = format!("{NODE}/node{id}");
    // One distance for each online node, in their order.
    let distances = tree.value(&format!("{folder}/distance"), "one distance for each node", |text| {
        let distances: Vec<u32> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
        (distances.len() == ids.len()).then(|| ids.iter().copied().zip(distances).collect())
    })?;
    Ok(Node {
        cpus: tree.cpus(&format!("{folder}/cpulist"))?.unwrap_or_default(),
        distances: distances.unwrap_or_default(),
        huge_pages: huge_pages(tree, &format!("{folder}/{HUGE_PAGES}"))?,
        id,
        memory: memory(tree, &format!("{folder}/meminfo"))?,
    })
}

/// Describes a machine whose kernel was built without nodes as the one node it is.
fn only_node(tree: &Tree<'_>, online: &CpuSet) -> Result<Node, ReadError> {
    Ok(Node {
        cpus: online.clone(),
        distances: BTreeMap::from([(NodeId(0), 10)]),
        huge_pages: huge_pages(tree, &format!("sys/kernel/mm/{HUGE_PAGES}"))?,
        id: NodeId(0),
        memory: memory(tree, "proc/meminfo")?,
    })
}

fn huge_pages(tree: &Tree<'_>, folder: &str) -> Result<HugePages, ReadError> {
    let number = |file: &str| Ok(tree.number(&format!("{folder}/{file}"))?.unwrap_or(0));
    Ok(HugePages { free: number("free_hugepages")?, total: number("nr_hugepages")? })
}

/// Reads `MemTotal` and `MemFree` of a node (`Node 0 MemTotal: 64 kB`) or of the machine (`MemTotal: 64 kB`).
fn memory(tree: &Tree<'_>, path: &str) -> Result<Memory, ReadError> {
    let memory = tree.value(path, "MemTotal and MemFree in kB", |text| {
        let bytes = |name: &str| -> Option<u64> {
            let mut words = text.lines().find(|line| line.contains(name))?.split_whitespace().rev();
            words.next().filter(|unit| *unit == "kB")?;
            words.next()?.parse::<u64>().ok()?.checked_mul(1024)
        };
        Some(Memory { free_bytes: bytes("MemFree:")?, total_bytes: bytes("MemTotal:")? })
    })?;
    Ok(memory.unwrap_or_default())
}
