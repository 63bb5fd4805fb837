//! Topologies of captured machines.

use numa::{
    cpu_set::{CpuId, CpuSet},
    topology::{Gap, HugePages, Limit, NodeId, Topology},
    tree::ReadError,
};

use crate::captured::Host;

fn read(name: &str) -> Topology {
    Topology::read(Host::captured(name).root()).unwrap()
}

fn error(host: &Host) -> String {
    let error = Topology::read(host.root()).unwrap_err().to_string();
    error.replace(&format!("{}/", host.root().display()), "/")
}

fn siblings(topology: &Topology, cpu: u32) -> String {
    topology.cpu(CpuId(cpu)).unwrap().siblings.to_string()
}

#[test]
fn two_sockets_numbered_in_turns_are_told_apart() {
    let topology = read("two_socket_smt");
    assert_eq!(topology.cpus.len(), 32);
    assert_eq!(topology.cores().len(), 16);
    assert_eq!(siblings(&topology, 3), "3,19");
    let cpu = topology.cpu(CpuId(19)).unwrap();
    assert_eq!((cpu.node, cpu.package.0, cpu.isolated, cpu.efficient), (NodeId(1), 1, false, false));
    assert_eq!(topology.distance(NodeId(0), NodeId(1)), Some(21));
    assert_eq!(topology.distance(NodeId(1), NodeId(1)), Some(10));
    assert_eq!(topology.distance(NodeId(0), NodeId(7)), None);
    let node = topology.node(NodeId(1)).unwrap();
    assert_eq!(node.huge_pages, HugePages { free: 500, total: 512 });
    assert_eq!(node.memory.total_bytes, 99_063_340 * 1024);
    assert_eq!(node.memory.free_bytes, 93_271_020 * 1024);
    assert_eq!((topology.limit, topology.gaps), (Limit::Nobody, vec![]));
}

#[test]
fn isolated_cpus_of_an_epyc_are_ours_though_not_in_the_inherited_mask() {
    let topology = read("epyc_nps4");
    let isolated: CpuSet = topology.cpus.iter().filter(|cpu| cpu.isolated).map(|cpu| cpu.id).collect();
    assert_eq!(isolated.to_string(), "9-15,41-47");
    assert_eq!((topology.allowed.to_string(), topology.limit), ("0-63".to_owned(), Limit::Nobody));
    let nodes: Vec<String> = topology.nodes.iter().map(|node| node.cpus.to_string()).collect();
    assert_eq!(nodes, ["0-7,32-39", "8-15,40-47", "16-23,48-55", "24-31,56-63"]);
    assert_eq!(topology.distance(NodeId(1), NodeId(3)), Some(12));
}

#[test]
fn cpus_an_isolated_partition_took_count_as_isolated_too() {
    let host = Host::captured("epyc_nps4");
    host.put("sys/fs/cgroup/cpuset.cpus.isolated", "16-17");
    let topology = Topology::read(host.root()).unwrap();
    assert!(topology.cpu(CpuId(17)).unwrap().isolated);
    assert!(!topology.cpu(CpuId(18)).unwrap().isolated);
}

#[test]
fn a_laptop_shows_its_two_kinds_of_core_and_the_cpus_switched_off() {
    let topology = read("hybrid_laptop");
    assert_eq!(topology.online().to_string(), "0-8,10-11,13-15");
    assert_eq!(topology.offline.to_string(), "9,12");
    assert_eq!(siblings(&topology, 1), "0-1");
    assert_eq!(siblings(&topology, 8), "8");
    let efficient: CpuSet = topology.cpus.iter().filter(|cpu| cpu.efficient).map(|cpu| cpu.id).collect();
    assert_eq!(efficient.to_string(), "8,10-11,13-15");
    // Its mask still names the CPUs that are off.
    assert_eq!(
        (topology.allowed.to_string(), topology.limit),
        (topology.online().to_string(), Limit::Nobody)
    );
}

#[test]
fn a_virtual_machine_has_one_node_and_no_siblings() {
    let topology = read("vm_two_cpus");
    assert_eq!(topology.online().to_string(), "0-1");
    assert_eq!(topology.nodes.len(), 1);
    assert_eq!(topology.cores().len(), 2);
    assert_eq!(topology.gaps, []);
}

#[test]
fn a_kernel_without_nodes_is_one_node_and_says_so() {
    let topology = read("no_nodes");
    assert_eq!(topology.gaps, [Gap::Nodes]);
    let node = topology.node(NodeId(0)).unwrap();
    assert_eq!(node.cpus.to_string(), "0-7");
    assert_eq!(node.huge_pages, HugePages { free: 60, total: 64 });
    assert_eq!(node.memory.total_bytes, 16_329_744 * 1024);
    assert_eq!(siblings(&topology, 5), "5");
}

#[test]
fn a_container_sees_the_whole_host_and_may_use_its_cpuset() {
    let topology = read("container_cpuset");
    assert_eq!(topology.online().to_string(), "0-15");
    assert_eq!((topology.allowed.to_string(), topology.limit), ("4-7".to_owned(), Limit::Cpuset));
}

#[test]
fn a_mask_narrower_than_the_cpuset_is_the_limit() {
    let host = Host::captured("container_cpuset");
    host.put("proc/self/status", "Name:\ttrunkline\\nCpus_allowed_list:\t5");
    let topology = Topology::read(host.root()).unwrap();
    assert_eq!((topology.allowed.to_string(), topology.limit), ("5".to_owned(), Limit::Affinity));
}

#[test]
fn the_cpuset_is_found_in_the_nearest_group_that_has_one() {
    let host = Host::captured("two_socket_smt");
    host.put("sys/fs/cgroup/user.slice/cpuset.cpus.effective", "2-9");
    let topology = Topology::read(host.root()).unwrap();
    assert_eq!((topology.allowed.to_string(), topology.limit), ("2-9".to_owned(), Limit::Cpuset));
}

#[test]
fn the_cpuset_of_the_first_cgroup_version_is_found() {
    let host = Host::captured("two_socket_smt");
    host.put("proc/self/cgroup", "11:cpu,cpuacct:/batch\\n4:cpuset:/docker/7f\\n1:name=systemd:/docker/7f");
    host.put("sys/fs/cgroup/cpuset/docker/7f/cpuset.effective_cpus", "8-11");
    host.put("sys/fs/cgroup/cpuset/batch/cpuset.effective_cpus", "0-1");
    let topology = Topology::read(host.root()).unwrap();
    assert_eq!((topology.allowed.to_string(), topology.limit), ("8-11".to_owned(), Limit::Cpuset));
}

#[test]
fn without_topology_folders_each_cpu_is_its_own_core_and_that_is_told() {
    let host = Host::captured("vm_two_cpus");
    host.remove("sys/devices/system/cpu/cpu1/topology/core_cpus_list");
    let topology = Topology::read(host.root()).unwrap();
    assert_eq!(topology.gaps, [Gap::Cores]);
    assert_eq!(siblings(&topology, 1), "1");
}

#[test]
fn without_sys_the_allowed_cpus_are_all_there_is() {
    let host = Host::from_text("proc/self/status\tCpus_allowed_list:\t2-3\n");
    let topology = Topology::read(host.root()).unwrap();
    assert_eq!(topology.online().to_string(), "2-3");
    assert_eq!(topology.allowed.to_string(), "2-3");
    assert_eq!(topology.gaps, [Gap::Online, Gap::Nodes, Gap::Cores]);
    let assumed: Vec<String> = topology.gaps.iter().map(Gap::to_string).collect();
    assert_eq!(
        assumed,
        [
            "the kernel does not list the online CPUs: the allowed ones were taken for all",
            "the kernel knows no nodes: all memory was taken for node 0",
            "the kernel does not say which CPUs share a core: each was taken for a core of its own",
        ]
    );
}

#[test]
fn without_sys_and_proc_there_is_no_topology() {
    let host = Host::from_text("");
    assert!(matches!(Topology::read(host.root()), Err(ReadError::Missing { .. })));
    assert_eq!(
        error(&host),
        "/sys/devices/system/cpu/online: wanted to read it, found nothing; type: mount -t sysfs sysfs /sys"
    );
}

#[test]
fn a_file_that_is_not_what_the_kernel_writes_is_named() {
    let host = Host::captured("two_socket_smt");
    host.put("sys/devices/system/node/node1/distance", "21 10 40");
    assert_eq!(
        error(&host),
        "/sys/devices/system/node/node1/distance: wanted one distance for each node, found: \"21 10 40\""
    );
    host.put("sys/devices/system/node/node0/cpulist", "even");
    assert_eq!(
        error(&host),
        "/sys/devices/system/node/node0/cpulist: wanted numbers and ranges, found: \"even\"; type: \
         0-3,8,10-11"
    );
    host.put("sys/devices/system/cpu/online", "0-99999");
    assert_eq!(error(&host), "/sys/devices/system/cpu/online: wanted numbers below 8192, found: 0-99999");
}
