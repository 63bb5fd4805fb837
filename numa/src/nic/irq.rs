//! Which interrupt serves which queue: told only by the names that drivers give their interrupts.

use std::collections::BTreeSet;

use crate::{
    nic::{Irq, QueueId},
    tree::{ReadError, Tree},
};

/// Tells which side of a queue an interrupt serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Serves {
    Both,
    Receive,
    Transmit,
}

/// What stands before the queue's number, in lower case, what it means, and who writes it. Drivers that write
/// something else (mlx4, gve) number their interrupts otherwise than their queues, and tell us nothing.
const WORDS: [(&str, Serves); 9] = [
    ("-txrx-", Serves::Both),     // bnxt_en, hns3, i40e, iavf, ice, idpf, igb, igc, ixgbe
    ("-tx-rx-", Serves::Both),    // ena
    ("-rxtx-", Serves::Both),     // nfp, vmxnet3
    ("-rx-", Serves::Receive),    // the Intel drivers and e1000e when the sides have their own
    ("-tx-", Serves::Transmit),   // the same
    ("-fp-", Serves::Both),       // bnx2x, qede
    ("-input.", Serves::Receive), // virtio_net: virtio2-input.0
    ("-output.", Serves::Transmit), // virtio_net
    ("mlx5_comp", Serves::Both),  // mlx5: mlx5_comp3@pci:0000:3b:00.0
];

/// Returns the interrupts of one network card that serve a queue. The device's `msi_irqs` names its
/// interrupts exactly; where it is absent (a device without MSI, a container's `/sys`), names with the
/// interface or the bus address in them must do.
pub(super) fn of_device(
    tree: &Tree<'_>,
    name: &str,
    bus: Option<&str>,
) -> Result<Vec<(QueueId, Serves, Irq)>, ReadError> {
    let Some(bus) = bus else { return Ok(Vec::new()) };
    let own: BTreeSet<u32> =
        tree.numbered(&format!("sys/bus/pci/devices/{bus}/msi_irqs"), "").into_iter().collect();
    let interrupts = tree.text("proc/interrupts").unwrap_or_default();
    let mut irqs = Vec::new();
    for (number, action) in named(&interrupts) {
        let ours = match own.is_empty() {
            true => action.contains(name) || action.contains(bus),
            false => own.contains(&number),
        };
        let Some((queue, serves)) = queue(action, name).filter(|_| ours) else { continue };
        let folder = format!("proc/irq/{number}");
        let Some(allowed) = tree.cpus(&format!("{folder}/smp_affinity_list"))? else { continue };
        let effective = tree.cpus(&format!("{folder}/effective_affinity_list"))?;
        let effective = effective.filter(|cpus| !cpus.is_empty());
        irqs.push((queue, serves, Irq { allowed, effective, name: action.to_owned(), number }));
    }
    Ok(irqs)
}

/// Walks the numbered interrupts of `/proc/interrupts` with the last word of their line, which is the name.
fn named(interrupts: &str) -> impl Iterator<Item = (u32, &str)> {
    interrupts.lines().filter_map(|line| {
        let (number, rest) = line.split_once(':')?;
        Some((number.trim().parse().ok()?, rest.split_whitespace().next_back()?))
    })
}

/// Reads the queue out of an interrupt's name.
fn queue(action: &str, interface: &str) -> Option<(QueueId, Serves)> {
    let lower = action.to_ascii_lowercase();
    // mlx5 writes the bus address behind an @.
    let local = lower.split('@').next().unwrap_or(&lower);
    let stem = local.trim_end_matches(|last: char| last.is_ascii_digit());
    // i40e: i40e-0000:af:00.0:fdir-TxRx-0 serves the flow director and no queue of the interface.
    if stem.contains(":fdir-") {
        return None;
    }
    let word = WORDS.iter().find(|(word, _)| stem.ends_with(word)).map(|(_, serves)| *serves);
    // sfc: the interface, a dash and the number.
    let plain =
        || (stem.strip_prefix(interface.to_ascii_lowercase().as_str())? == "-").then_some(Serves::Both);
    let serves = word.or_else(plain)?;
    Some((QueueId(local[stem.len()..].parse().ok()?), serves))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(action: &str) -> Option<(u32, Serves)> {
        queue(action, "eth0").map(|(queue, serves)| (queue.0, serves))
    }

    #[test]
    fn the_queue_is_read_from_the_names_drivers_give() {
        assert_eq!(read("eth0-TxRx-3"), Some((3, Serves::Both)));
        assert_eq!(read("i40e-eth0-TxRx-31"), Some((31, Serves::Both)));
        assert_eq!(read("eth0-Tx-Rx-2"), Some((2, Serves::Both)));
        assert_eq!(read("eth0-rxtx-1"), Some((1, Serves::Both)));
        assert_eq!(read("mlx5_comp7@pci:0000:3b:00.0"), Some((7, Serves::Both)));
        assert_eq!(read("virtio2-input.0"), Some((0, Serves::Receive)));
        assert_eq!(read("virtio2-output.10"), Some((10, Serves::Transmit)));
        assert_eq!(read("eth0-rx-4"), Some((4, Serves::Receive)));
        assert_eq!(read("eth0-fp-5"), Some((5, Serves::Both)));
        assert_eq!(read("eth0-6"), Some((6, Serves::Both)));
    }

    #[test]
    fn names_of_interrupts_that_serve_no_queue_are_passed_over() {
        for action in [
            "eth0",
            "eth0-TxRx-",
            "mlx5_async0@pci:0000:3b:00.0",
            "ena-mgmnt@pci:0000:00:05.0",
            "i40e-0000:af:00.0:misc",
            "i40e-0000:af:00.0:fdir-TxRx-0",
            "virtio2-config",
            "nvme0q1",
            "eth0-TxRx-99999999999",
        ] {
            assert_eq!(read(action), None, "{action}");
        }
    }

    #[test]
    fn interrupts_are_read_in_the_old_format_and_the_new() {
        let text = concat!(
            "            CPU0       CPU1       \n",
            "   0:         19          0   IO-APIC    2-edge      timer\n",
            "  38:          0       2864 PCI-MSIX-0000:00:03.0   1-edge      virtio2-input.0\n",
            " 124:       1000          0  IR-PCI-MSI 524288-edge      eth0-TxRx-0\n",
            " NMI:          0          0   Non-maskable interrupts\n",
            " ERR:          0\n",
        );
        let found: Vec<_> = named(text).collect();
        assert_eq!(found, [(0, "timer"), (38, "virtio2-input.0"), (124, "eth0-TxRx-0")]);
    }
}
