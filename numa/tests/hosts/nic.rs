//! Network cards of captured machines.

use numa::{
    nic::{Nic, NicError, NicNode},
    topology::NodeId,
};

use crate::captured::Host;

fn read(host: &str, name: &str) -> Nic {
    Nic::read(Host::captured(host).root(), name).unwrap()
}

/// Lists queue, interrupt and CPUs of the receive queues.
fn rx(nic: &Nic) -> Vec<(u32, Option<u32>, String)> {
    let irq = |queue: &numa::nic::RxQueue| queue.irq.clone();
    nic.rx
        .iter()
        .map(|queue| {
            let cpus = irq(queue).map_or(String::new(), |irq| irq.cpus().to_string());
            (queue.id.0, irq(queue).map(|irq| irq.number), cpus)
        })
        .collect()
}

#[test]
fn a_card_tells_its_node_driver_queues_and_interrupts() {
    let nic = read("two_socket_smt", "p4p1");
    assert_eq!(nic.node, NicNode::Node(NodeId(1)));
    assert_eq!((nic.driver.as_deref(), nic.bus.as_deref()), (Some("i40e"), Some("0000:af:00.0")));
    assert_eq!((nic.mtu_bytes, nic.speed_mbps), (1500, Some(10_000)));
    assert_eq!((nic.rx.len(), nic.tx.len()), (8, 8));
    let expected: Vec<_> =
        (0..8).map(|queue| (queue, Some(98 + queue), (2 * queue + 1).to_string())).collect();
    assert_eq!(rx(&nic), expected);
    assert_eq!(nic.rx[3].irq.as_ref().unwrap().name, "i40e-p4p1-TxRx-3");
    assert_eq!(nic.tx[3].irq, nic.rx[3].irq);
    assert_eq!(nic.tx[3].senders.to_string(), "7");
    assert!(nic.rx[3].steered.is_empty());
}

#[test]
fn interrupts_of_another_card_are_not_taken_for_ours() {
    let nic = read("two_socket_smt", "eno1");
    let expected: Vec<_> = (0..4).map(|queue| (queue, Some(61 + queue), (2 * queue).to_string())).collect();
    assert_eq!(rx(&nic), expected);
}

#[test]
fn without_a_list_of_its_interrupts_a_card_finds_them_by_name() {
    let host = Host::captured("two_socket_smt");
    for irq in 97..=106 {
        host.remove(&format!("sys/devices/pci0000:ae/0000:ae:00.0/0000:af:00.0/msi_irqs/{irq}"));
    }
    let nic = Nic::read(host.root(), "p4p1").unwrap();
    assert_eq!(rx(&nic), rx(&read("two_socket_smt", "p4p1")));
}

#[test]
fn mellanox_names_its_interrupts_by_bus_address() {
    let nic = read("epyc_nps4", "ens1f0np0");
    assert_eq!(nic.node(), Some(NodeId(1)));
    let expected: Vec<_> = (0..8).map(|queue| (queue, Some(181 + queue), (8 + queue).to_string())).collect();
    assert_eq!(rx(&nic), expected);
    assert_eq!(nic.tx[7].senders.to_string(), "15");
}

#[test]
fn a_virtio_card_has_an_interrupt_for_each_side_and_asks_its_carrier_for_the_node() {
    let nic = read("vm_two_cpus", "eth0");
    assert_eq!(nic.driver.as_deref(), Some("virtio_net"));
    assert_eq!(nic.bus.as_deref(), Some("0000:00:03.0"));
    // The guest's firmware does not say, and the link has no speed.
    assert_eq!((nic.node, nic.speed_mbps, nic.mtu_bytes), (NicNode::Unknown, None, 1400));
    assert_eq!(nic.rx[0].irq.as_ref().unwrap().name, "virtio2-input.0");
    assert_eq!(nic.tx[0].irq.as_ref().unwrap().name, "virtio2-output.0");
}

#[test]
fn a_card_whose_interrupts_are_named_otherwise_has_queues_without_interrupts() {
    let nic = read("hybrid_laptop", "wlp0s20f3");
    assert_eq!(nic.node, NicNode::Unknown);
    assert_eq!(nic.driver.as_deref(), Some("iwlwifi"));
    assert_eq!(rx(&nic), [(0, None, String::new())]);
}

#[test]
fn on_a_kernel_without_nodes_a_card_sits_on_node_0() {
    let nic = read("no_nodes", "eth0");
    assert_eq!(nic.node, NicNode::Node(NodeId(0)));
    // Linux 4.19 does not tell who serves an interrupt, only who may.
    let expected: Vec<_> = (0..4).map(|queue| (queue, Some(121 + queue), queue.to_string())).collect();
    assert_eq!(rx(&nic), expected);
}

#[test]
fn an_interface_without_a_device_is_virtual() {
    let nic = read("container_cpuset", "eth0");
    assert_eq!((nic.node, nic.driver.clone(), nic.bus.clone()), (NicNode::Virtual, None, None));
    assert_eq!((nic.node(), nic.speed_mbps), (None, Some(10_000)));
    assert_eq!(rx(&nic), [(0, None, String::new())]);
    assert_eq!(read("two_socket_smt", "lo").node, NicNode::Virtual);
}

#[test]
fn packet_steering_by_software_is_read() {
    let host = Host::captured("two_socket_smt");
    let queue = "sys/devices/pci0000:ae/0000:ae:00.0/0000:af:00.0/net/p4p1/queues/rx-2/rps_cpus";
    host.put(queue, "0000ff00");
    assert_eq!(Nic::read(host.root(), "p4p1").unwrap().rx[2].steered.to_string(), "8-15");
    host.put(queue, "all");
    let error = Nic::read(host.root(), "p4p1").unwrap_err().to_string();
    assert!(
        error.ends_with("rx-2/rps_cpus: wanted numbers and ranges, found: \"all\"; type: 0-3,8,10-11"),
        "{error}"
    );
}

#[test]
fn an_unknown_interface_is_refused_with_those_there_are() {
    let host = Host::captured("two_socket_smt");
    for name in ["eth7", "", "../net/p4p1", "bonding_masters"] {
        let error = Nic::read(host.root(), name).unwrap_err();
        assert!(matches!(error, NicError::Unknown { .. }), "{name}: {error}");
        assert_eq!(
            error.to_string(),
            format!(
                "network interface {name}: wanted one of this host, found: eno1, lo, p4p1; type: ip link"
            )
        );
    }
}

#[test]
fn a_node_that_is_no_number_is_an_error() {
    let host = Host::captured("two_socket_smt");
    host.put("sys/devices/pci0000:ae/0000:ae:00.0/0000:af:00.0/numa_node", "one");
    let error = Nic::read(host.root(), "p4p1").unwrap_err().to_string();
    assert!(error.ends_with("0000:af:00.0/numa_node: wanted a number, found: \"one\""), "{error}");
}
