//! Plans for captured machines. Each refusal has a twin beside it that asks for a little less and is granted.

use std::num::NonZeroUsize;

use numa::{
    cpu_set::{CpuId, CpuSet},
    nic::{Nic, QueueId},
    plan::{OwnedQueue, Plan, Reason, Wishes, plan, refusal::Refusal, warning::Warning},
    topology::{Limit, NodeId, Topology},
};

use crate::captured::Host;

/// Reads a host and the named cards of it.
fn host(name: &str, nics: &[&str]) -> (Topology, Vec<Nic>) {
    let host = Host::captured(name);
    let nics = nics.iter().map(|nic| Nic::read(host.root(), nic).unwrap()).collect();
    (Topology::read(host.root()).unwrap(), nics)
}

fn set(text: &str) -> CpuSet {
    text.parse().unwrap()
}

fn workers(count: usize) -> Wishes {
    Wishes { workers: NonZeroUsize::new(count), ..Wishes::default() }
}

fn named(cpus: &str) -> Wishes {
    Wishes { cpus: Some(set(cpus)), ..Wishes::default() }
}

fn cpus(plan: &Plan) -> String {
    plan.workers.iter().map(|worker| worker.cpu).collect::<CpuSet>().to_string()
}

#[test]
fn workers_run_on_the_node_of_the_card_one_on_each_core() {
    let (topology, nics) = host("two_socket_smt", &["p4p1"]);
    let plan = plan(&topology, &nics, &Wishes::default()).unwrap();
    assert_eq!(cpus(&plan), "1,3,5,7,9,11,13,15");
    let first = &plan.workers[0];
    assert_eq!((first.node, first.package.0, first.siblings.to_string()), (NodeId(1), 1, "1,17".to_owned()));
    assert_eq!(first.why, [Reason::NicNode { nics: vec!["p4p1".to_owned()] }, Reason::OwnCore]);
    assert_eq!(first.queues, [OwnedQueue { nic: "p4p1".to_owned(), queue: QueueId(0) }]);
    assert_eq!(plan.spare, set("0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30"));
    assert_eq!(plan.warnings, [Warning::NotIsolated { busy_poll: false, cpus: set("1,3,5,7,9,11,13,15") }]);
}

#[test]
fn the_core_of_cpu_0_is_left_to_the_system_while_there_is_another() {
    let (topology, nics) = host("two_socket_smt", &["eno1"]);
    let seven = plan(&topology, &nics, &Wishes::default()).unwrap();
    assert_eq!(cpus(&seven), "2,4,6,8,10,12,14");
    assert!(seven.spare.contains(CpuId(0)) && seven.spare.contains(CpuId(16)));

    let eight = plan(&topology, &nics, &workers(8)).unwrap();
    assert_eq!(cpus(&eight), "0,2,4,6,8,10,12,14");
    assert!(eight.warnings.contains(&Warning::SystemCore { cpu: CpuId(0) }));
    assert!(eight.workers[0].why.contains(&Reason::LastCore));
}

#[test]
fn more_workers_than_cores_on_the_node_are_refused_with_what_to_do() {
    let (topology, nics) = host("two_socket_smt", &["eno1"]);
    let refusal = plan(&topology, &nics, &workers(9)).unwrap_err();
    assert!(matches!(&refusal, Refusal::TooFewCores { wanted: 9, found, .. } if found.len() == 8));
    assert_eq!(
        refusal.to_string(),
        "workers: wanted 9, each on a core of its own, found 8 usable on the node of the network cards (0): \
         0,2,4,6,8,10,12,14; ask for 8 at most; or name cpus yourself, these are on other nodes: \
         1,3,5,7,9,11,13,15"
    );
}

#[test]
fn two_cards_on_two_nodes_get_workers_on_both_and_each_its_own_queues() {
    let (topology, nics) = host("two_socket_smt", &["eno1", "p4p1"]);
    let plan = plan(&topology, &nics, &Wishes::default()).unwrap();
    assert_eq!(cpus(&plan), "1-15");
    for worker in &plan.workers {
        let nic = if worker.node == NodeId(0) { "eno1" } else { "p4p1" };
        assert!(worker.queues.iter().all(|owned| owned.nic == nic));
    }
    assert!(!plan.warnings.iter().any(|warning| matches!(warning, Warning::RemoteNode { .. })));
    // eno1 has four queues for the seven workers of node 0.
    assert!(plan.warnings.contains(&Warning::IdleWorkers { cpus: set("10,12,14"), queues: 12 }));
}

#[test]
fn only_isolated_cores_are_taken_unasked_when_there_are_any() {
    let (topology, nics) = host("epyc_nps4", &["ens1f0np0"]);
    let plan = plan(&topology, &nics, &Wishes::default()).unwrap();
    assert_eq!(cpus(&plan), "9-15");
    assert!(plan.workers.iter().all(|worker| worker.why.contains(&Reason::Isolated)));
    // Eight queues for seven workers: the first serves two.
    let counts: Vec<usize> = plan.workers.iter().map(|worker| worker.queues.len()).collect();
    assert_eq!(counts, [2, 1, 1, 1, 1, 1, 1]);
    let irq = Warning::IrqElsewhere {
        cpu: CpuId(9),
        found: set("8"),
        irq: 181,
        nic: "ens1f0np0".to_owned(),
        queue: QueueId(0),
    };
    assert_eq!(plan.warnings[0], irq);
    assert_eq!(
        irq.to_string(),
        "ens1f0np0 queue 0: its worker is on cpu 9, its interrupt on 8; type: echo 9 > \
         /proc/irq/181/smp_affinity_list, and keep irqbalance off it"
    );
    let others = plan.warnings.iter().filter(|warning| !matches!(warning, Warning::IrqElsewhere { .. }));
    assert_eq!(others.count(), 0, "the siblings are isolated, too: {:?}", plan.warnings);
}

#[test]
fn one_worker_more_than_the_isolated_cores_takes_one_that_is_not() {
    let (topology, nics) = host("epyc_nps4", &["ens1f0np0"]);
    let plan = plan(&topology, &nics, &workers(8)).unwrap();
    assert_eq!(cpus(&plan), "8-15");
    assert!(plan.warnings.contains(&Warning::NotIsolated { busy_poll: false, cpus: set("8") }));
}

#[test]
fn an_isolated_worker_beside_a_sibling_that_is_not_isolated_is_told() {
    let (mut topology, nics) = host("epyc_nps4", &["ens1f0np0"]);
    topology.cpus.iter_mut().filter(|cpu| cpu.id.0 > 40).for_each(|cpu| cpu.isolated = false);
    let plan = plan(&topology, &nics, &workers(1)).unwrap();
    let warning = Warning::SiblingNotIsolated { cpu: CpuId(9), sibling: CpuId(41) };
    assert!(plan.warnings.contains(&warning), "{:?}", plan.warnings);
}

#[test]
fn a_laptop_gets_workers_on_its_fast_cores_and_the_slow_ones_only_when_asked() {
    let (topology, nics) = host("hybrid_laptop", &["wlp0s20f3"]);
    let unasked = plan(&topology, &nics, &Wishes::default()).unwrap();
    assert_eq!(cpus(&unasked), "2,4,6");
    // One node: wherever the card sits, it is there.
    assert!(!unasked.warnings.iter().any(|warning| matches!(warning, Warning::NodeUnknown { .. })));

    let asked = plan(&topology, &nics, &workers(4)).unwrap();
    assert_eq!(cpus(&asked), "2,4,6,8");
    assert_eq!(asked.warnings[0], Warning::EfficientCore { cpu: CpuId(8) });
}

#[test]
fn a_virtual_machine_of_two_cpus_gets_one_worker_and_keeps_cpu_0() {
    let (topology, nics) = host("vm_two_cpus", &["eth0"]);
    let plan = plan(&topology, &nics, &Wishes::default()).unwrap();
    assert_eq!(cpus(&plan), "1");
    assert_eq!(
        plan.explain(),
        "worker 0: cpu 1 (core 1, package 0, node 0): a core of its own; receives eth0 queues 0\n\
         left to the system: cpus 0\n\
         warning: cpus 1: other threads may run here and delay packets; boot with isolcpus=1\n"
    );
}

#[test]
fn spinning_on_every_cpu_is_refused_and_sleeping_there_is_not() {
    let (topology, nics) = host("vm_two_cpus", &["eth0"]);
    let spinning = Wishes { busy_poll: true, ..workers(2) };
    let refusal = plan(&topology, &nics, &spinning).unwrap_err();
    assert_eq!(refusal, Refusal::NothingLeft { online: set("0-1") });
    assert_eq!(
        refusal.to_string(),
        "busy poll: wanted a cpu left for everything else, found workers on all: 0-1; ask for one worker \
         less, or turn busy poll off"
    );
    assert_eq!(cpus(&plan(&topology, &nics, &workers(2)).unwrap()), "0-1");
    assert_eq!(cpus(&plan(&topology, &nics, &Wishes { busy_poll: true, ..workers(1) }).unwrap()), "1");
}

#[test]
fn a_container_uses_its_own_cpus_and_leaves_the_first_of_them_to_the_rest() {
    let (topology, nics) = host("container_cpuset", &["eth0"]);
    let plan = plan(&topology, &nics, &Wishes::default()).unwrap();
    assert_eq!((cpus(&plan), plan.spare.to_string()), ("5-7".to_owned(), "4".to_owned()));
    // A veth sits on no node, so there is none to be far from.
    assert!(!plan.warnings.iter().any(|warning| matches!(warning, Warning::RemoteNode { .. })));
}

#[test]
fn a_card_on_a_node_the_container_may_not_use_leaves_no_core() {
    let (mut topology, nics) = host("two_socket_smt", &["p4p1"]);
    topology.allowed = set("0,2,16,18");
    topology.limit = Limit::Cpuset;
    let refusal = plan(&topology, &nics, &Wishes::default()).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "workers: wanted 1, each on a core of its own, found 0 usable on the node of the network cards (1): \
         none; or name cpus yourself, these are on other nodes: 0,2"
    );
    // Named, they are taken, and told to be far.
    let plan = plan(&topology, &nics, &named("2")).unwrap();
    let remote = Warning::RemoteNode {
        cpu: CpuId(2),
        cpu_node: NodeId(0),
        distance: Some(21),
        nic: "p4p1".to_owned(),
        nic_node: NodeId(1),
    };
    assert!(plan.warnings.contains(&remote), "{:?}", plan.warnings);
    assert_eq!(
        remote.to_string(),
        "cpu 2: on node 0, serves p4p1 on node 1, at distance 21 where 10 is local; name cpus of node 1"
    );
}

#[test]
fn a_named_worker_that_is_on_no_node_of_a_card_gets_no_queue_while_others_are_and_is_told_to_be_far() {
    let (topology, nics) = host("two_socket_smt", &["p4p1"]);
    let plan = plan(&topology, &nics, &named("1-3")).unwrap();
    let queues: Vec<usize> = plan.workers.iter().map(|worker| worker.queues.len()).collect();
    assert_eq!(queues, [4, 0, 4]);
    let is_remote = |warning: &&Warning| matches!(warning, Warning::RemoteNode { cpu: CpuId(2), .. });
    assert_eq!(plan.warnings.iter().filter(is_remote).count(), 1);
}

#[test]
fn a_card_whose_node_is_unknown_on_a_machine_with_several_is_told() {
    let host = Host::captured("epyc_nps4");
    host.put("sys/devices/pci0000:40/0000:40:01.1/0000:41:00.0/numa_node", "-1");
    let nics = [Nic::read(host.root(), "ens1f0np0").unwrap()];
    let plan = plan(&Topology::read(host.root()).unwrap(), &nics, &Wishes::default()).unwrap();
    assert!(plan.warnings.contains(&Warning::NodeUnknown { nic: "ens1f0np0".to_owned() }));
    assert_eq!(cpus(&plan), "9-15");
}

#[test]
fn named_cpus_are_taken_as_they_are_and_a_shared_core_is_told() {
    let (topology, nics) = host("two_socket_smt", &["p4p1"]);
    let plan = plan(&topology, &nics, &named("1,3,17")).unwrap();
    assert_eq!(cpus(&plan), "1,3,17");
    assert!(plan.warnings.contains(&Warning::SharedSibling { cpu: CpuId(1), sibling: CpuId(17) }));
    assert!(plan.workers[1].why.contains(&Reason::OwnCore));
    assert!(!plan.workers[0].why.contains(&Reason::OwnCore));
    assert!(!plan.spare.contains(CpuId(19)), "the other half of a busy core is not spare");
}

#[test]
fn of_named_cpus_the_best_are_taken_first() {
    let best = |topology: &Topology, cpus, count| {
        let wishes = Wishes { workers: NonZeroUsize::new(count), ..named(cpus) };
        self::cpus(&plan(topology, &[], &wishes).unwrap())
    };
    // CPU 18 shares the core of CPU 2, and CPU 0 is the system's.
    let (server, _) = host("two_socket_smt", &[]);
    assert_eq!(best(&server, "0,2,4,18", 2), "2,4");
    assert_eq!(best(&server, "0,2,4,18", 3), "0,2,4");
    // CPU 3 has a sibling, which is not named; CPU 8 is of the slow kind.
    let (laptop, _) = host("hybrid_laptop", &[]);
    assert_eq!(best(&laptop, "3,8", 1), "3");
}

#[test]
fn fewer_named_cpus_than_workers_are_refused_and_as_many_are_not() {
    let (topology, nics) = host("two_socket_smt", &["p4p1"]);
    let wishes = |count| Wishes { workers: NonZeroUsize::new(count), ..named("1,3") };
    let refusal = plan(&topology, &nics, &wishes(3)).unwrap_err();
    assert_eq!(refusal, Refusal::TooFewNamed { wanted: 3, found: set("1,3") });
    assert_eq!(
        refusal.to_string(),
        "workers: wanted 3, found 2 cpus named: 1,3; name as many cpus as workers"
    );
    assert_eq!(cpus(&plan(&topology, &nics, &wishes(2)).unwrap()), "1,3");
    assert!(matches!(plan(&topology, &nics, &named("")), Err(Refusal::TooFewNamed { wanted: 1, .. })));
}

#[test]
fn a_named_cpu_that_is_off_or_absent_is_refused_each_in_its_way() {
    let (topology, nics) = host("hybrid_laptop", &["wlp0s20f3"]);
    let refused = |cpus| plan(&topology, &nics, &named(cpus)).unwrap_err().to_string();
    assert_eq!(
        refused("8-9"),
        "cpu 9: wanted for a worker, found online: 0-8,10-11,13-15; type: echo 1 > \
         /sys/devices/system/cpu/cpu9/online"
    );
    assert_eq!(
        refused("16"),
        "cpu 16: wanted for a worker, found online: 0-8,10-11,13-15; there is no such cpu, name others"
    );
    assert_eq!(cpus(&plan(&topology, &nics, &named("8,10")).unwrap()), "8,10");
}

#[test]
fn a_named_cpu_outside_the_cpuset_is_refused_and_one_inside_is_not() {
    let (topology, nics) = host("container_cpuset", &["eth0"]);
    let refusal = plan(&topology, &nics, &named("7-8")).unwrap_err();
    assert_eq!(refusal, Refusal::NotAllowed { allowed: set("4-7"), cpu: CpuId(8), limit: Limit::Cpuset });
    assert!(refusal.to_string().contains("may use 4-7, limited by the cgroup's cpuset"), "{refusal}");
    assert_eq!(cpus(&plan(&topology, &nics, &named("6-7")).unwrap()), "6-7");
}

#[test]
fn cpus_to_avoid_are_avoided_and_naming_one_is_refused() {
    let (topology, nics) = host("two_socket_smt", &["p4p1"]);
    let avoid = |cpus, wishes| Wishes { avoid: set(cpus), ..wishes };
    let plan_of = |wishes: Wishes| plan(&topology, &nics, &wishes);
    // CPU 19 is the other CPU of the core of CPU 3.
    assert_eq!(cpus(&plan_of(avoid("3,5,21", Wishes::default())).unwrap()), "1,7,9,11,13,15,19");
    assert_eq!(plan_of(avoid("3", named("1,3"))), Err(Refusal::Avoided { cpu: CpuId(3) }));
    assert_eq!(cpus(&plan_of(avoid("5", named("1,3"))).unwrap()), "1,3");
}

#[test]
fn a_card_named_twice_is_refused_and_once_is_not() {
    let (topology, mut nics) = host("two_socket_smt", &["p4p1", "p4p1"]);
    assert_eq!(plan(&topology, &nics, &Wishes::default()), Err(Refusal::NicTwice { nic: "p4p1".to_owned() }));
    nics.pop();
    assert!(plan(&topology, &nics, &Wishes::default()).is_ok());
}

#[test]
fn without_cards_the_plan_still_places_workers() {
    let (topology, _) = host("no_nodes", &[]);
    let plan = plan(&topology, &[], &Wishes::default()).unwrap();
    assert_eq!(cpus(&plan), "1-7");
    assert!(!plan.warnings.iter().any(|warning| matches!(warning, Warning::IdleWorkers { .. })));
}
