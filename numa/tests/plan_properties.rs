//! What holds of every plan, over machines nobody has built.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
};

use numa::{
    cpu_set::{CpuId, CpuSet},
    nic::{Nic, NicNode, QueueId, RxQueue},
    plan::{OwnedQueue, Wishes, plan, refusal::Refusal},
    topology::{Cpu, Limit, Node, NodeId, PackageId, Topology},
};
use proptest::{prelude::*, sample::subsequence};

/// Builds a machine of `nodes` times `cores` cores with `threads` CPUs each, numbered node by node or in
/// turns.
fn machine(nodes: u32, cores: u32, threads: u32, in_turns: bool) -> Topology {
    let all = nodes * cores;
    let node_of = |core: u32| if in_turns { core % nodes } else { core / cores };
    let cpus: Vec<Cpu> = (0..all * threads)
        .map(|id| Cpu {
            efficient: false,
            id: CpuId(id),
            isolated: false,
            node: NodeId(node_of(id % all)),
            package: PackageId(node_of(id % all)),
            siblings: (0..threads).map(|thread| CpuId(id % all + thread * all)).collect(),
        })
        .collect();
    let node = |id: u32| Node {
        cpus: cpus.iter().filter(|cpu| cpu.node == NodeId(id)).map(|cpu| cpu.id).collect(),
        distances: BTreeMap::new(),
        huge_pages: Default::default(),
        id: NodeId(id),
        memory: Default::default(),
    };
    let nodes = (0..nodes).map(node).collect();
    let allowed = cpus.iter().map(|cpu| cpu.id).collect();
    Topology { allowed, cpus, nodes, limit: Limit::Cpuset, ..Topology::default() }
}

fn nic(number: usize, node: NicNode, queues: u32) -> Nic {
    let rx = (0..queues).map(|id| RxQueue { id: QueueId(id), irq: None, steered: CpuSet::new() }).collect();
    Nic {
        bus: None,
        driver: None,
        mtu_bytes: 1500,
        name: format!("eth{number}"),
        node,
        rx,
        speed_mbps: None,
        tx: Vec::new(),
    }
}

/// Draws a machine, some CPUs of it that are allowed, isolated, avoided and named, and cards anywhere.
fn cases() -> impl Strategy<Value = (Topology, Vec<Nic>, Wishes)> {
    let shape = (1_u32..4, 1_u32..6, 1_u32..3, any::<bool>());
    shape.prop_flat_map(|(nodes, cores, threads, in_turns)| {
        let topology = machine(nodes, cores, threads, in_turns);
        let ids: Vec<CpuId> = topology.cpus.iter().map(|cpu| cpu.id).collect();
        let some = |most: usize| subsequence(ids.clone(), 0..=most.min(ids.len()));
        let marks = (some(usize::MAX), some(usize::MAX), some(usize::MAX), some(4));
        let place = prop_oneof![
            Just(NicNode::Unknown),
            Just(NicNode::Virtual),
            (0..nodes).prop_map(|node| NicNode::Node(NodeId(node)))
        ];
        let nics = prop::collection::vec((place, 0_u32..10), 0..3);
        let wishes = (prop::option::of(1_usize..8), prop::option::of(some(usize::MAX)), any::<bool>());
        (Just(topology), marks, nics, wishes).prop_map(|(mut topology, marks, nics, wishes)| {
            let (allowed, isolated, efficient, avoid) = marks;
            topology.allowed = CpuSet::from_iter(allowed);
            for cpu in &mut topology.cpus {
                cpu.isolated = isolated.contains(&cpu.id);
                cpu.efficient = efficient.contains(&cpu.id);
            }
            let (workers, cpus, busy_poll) = wishes;
            let wishes = Wishes {
                avoid: CpuSet::from_iter(avoid),
                busy_poll,
                cpus: cpus.map(CpuSet::from_iter),
                workers: workers.and_then(NonZeroUsize::new),
            };
            let nics = nics.into_iter().enumerate().map(|(n, (node, queues))| nic(n, node, queues)).collect();
            (topology, nics, wishes)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_cpu_is_given_twice_and_none_that_is_not_ours((topology, nics, wishes) in cases()) {
        let Ok(plan) = plan(&topology, &nics, &wishes) else { return Ok(()) };
        let taken: CpuSet = plan.workers.iter().map(|worker| worker.cpu).collect();
        prop_assert_eq!(taken.len(), plan.workers.len());
        prop_assert!(taken.is_subset(&topology.allowed));
        prop_assert!(taken.intersection(&wishes.avoid).is_empty());
        prop_assert!(plan.spare.is_subset(&topology.allowed));
        prop_assert!(plan.spare.intersection(&taken).is_empty());
        if let Some(cpus) = &wishes.cpus {
            prop_assert!(taken.is_subset(cpus));
        }
    }

    #[test]
    fn as_many_workers_are_planned_as_were_asked_for((topology, nics, wishes) in cases()) {
        let Ok(plan) = plan(&topology, &nics, &wishes) else { return Ok(()) };
        prop_assert!(!plan.workers.is_empty());
        if let Some(workers) = wishes.workers {
            prop_assert_eq!(plan.workers.len(), workers.get());
        }
    }

    #[test]
    fn every_queue_has_exactly_one_owner((topology, nics, wishes) in cases()) {
        let Ok(plan) = plan(&topology, &nics, &wishes) else { return Ok(()) };
        let owned = plan.workers.iter().flat_map(|worker| worker.queues.clone());
        let mut owned: Vec<OwnedQueue> = owned.collect();
        owned.sort();
        let all: Vec<OwnedQueue> = nics
            .iter()
            .flat_map(|nic| nic.rx.iter().map(|rx| OwnedQueue { nic: nic.name.clone(), queue: rx.id }))
            .collect();
        prop_assert_eq!(owned, all);
    }

    #[test]
    fn unasked_workers_share_no_core_and_stay_on_the_nodes_of_the_cards((topology, nics, wishes) in cases()) {
        let wishes = Wishes { cpus: None, ..wishes };
        let Ok(plan) = plan(&topology, &nics, &wishes) else { return Ok(()) };
        let cores = plan.workers.iter().filter_map(|worker| worker.siblings.first());
        let cores: BTreeSet<CpuId> = cores.collect();
        prop_assert_eq!(cores.len(), plan.workers.len());
        let nodes: BTreeSet<NodeId> = nics.iter().filter_map(Nic::node).collect();
        prop_assert!(nodes.is_empty() || plan.workers.iter().all(|worker| nodes.contains(&worker.node)));
    }

    #[test]
    fn workers_that_spin_leave_a_cpu((topology, nics, wishes) in cases()) {
        let wishes = Wishes { busy_poll: true, ..wishes };
        if let Ok(plan) = plan(&topology, &nics, &wishes) {
            prop_assert!(plan.workers.len() < topology.cpus.len());
        }
    }

    #[test]
    fn the_same_question_has_the_same_answer((topology, nics, wishes) in cases()) {
        let answer = plan(&topology, &nics, &wishes);
        prop_assert_eq!(&answer, &plan(&topology, &nics, &wishes));
        if let Ok(plan) = answer {
            prop_assert!(plan.explain().lines().count() > plan.workers.len());
        }
    }

    #[test]
    fn a_refusal_for_lack_of_cores_names_a_number_that_is_granted((topology, nics, wishes) in cases()) {
        let wishes = Wishes { cpus: None, busy_poll: false, ..wishes };
        let Err(Refusal::TooFewCores { found, .. }) = plan(&topology, &nics, &wishes) else { return Ok(()) };
        let Some(fewer) = NonZeroUsize::new(found.len()) else { return Ok(()) };
        let granted = plan(&topology, &nics, &Wishes { workers: Some(fewer), ..wishes });
        prop_assert_eq!(granted.unwrap().workers.len(), found.len());
    }

    #[test]
    fn a_machine_described_wrongly_makes_no_plan_panic(
        cpus in prop::collection::vec((0_u32..6, 0_u32..6, 0_u32..4), 0..6),
        allowed in prop::collection::vec(0_u32..8, 0..6),
        queues in 0_u32..4,
    ) {
        let cpus = cpus.into_iter().map(|(id, sibling, node)| Cpu {
            efficient: sibling == 5,
            id: CpuId(id),
            isolated: sibling == 4,
            node: NodeId(node),
            package: PackageId(0),
            siblings: CpuSet::from_iter([CpuId(sibling)]),
        });
        let allowed = allowed.into_iter().map(CpuId).collect();
        let topology = Topology { allowed, cpus: cpus.collect(), ..Topology::default() };
        let _ = plan(&topology, &[nic(0, NicNode::Node(NodeId(1)), queues)], &Wishes::default());
    }
}
