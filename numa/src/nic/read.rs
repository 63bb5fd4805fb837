//! Reads a network interface from `/sys/class/net`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    nic::{
        Nic, NicNode, QueueId, RxQueue, TxQueue,
        irq::{self, Serves},
    },
    topology::NodeId,
    tree::{ReadError, Tree},
};

const NET: &str = "sys/class/net";

pub(super) fn names(tree: &Tree<'_>) -> Vec<String> {
    let mut names = tree.names(NET);
    // With bonding loaded a control file lies among the interfaces.
    names.retain(|name| tree.path(&format!("{NET}/{name}")).is_dir());
    names
}

pub(super) fn nic(tree: &Tree<'_>, name: &str) -> Result<Nic, ReadError> {
    let folder = format!("{NET}/{name}");
    let device = Device::behind(tree, &folder);
    let irqs = irq::of_device(tree, name, device.as_ref().and_then(|device| device.bus.as_deref()))?;
    let find = |id: QueueId, wanted: Serves| {
        let serves = |serves| serves == wanted || serves == Serves::Both;
        irqs.iter().find(|(queue, kind, _)| *queue == id && serves(*kind)).map(|(_, _, irq)| irq.clone())
    };
    let queues = format!("{folder}/queues");
    let mut rx = Vec::new();
    for id in tree.numbered(&queues, "rx-").into_iter().map(QueueId) {
        let steered = tree.mask(&format!("{queues}/rx-{id}/rps_cpus"))?.unwrap_or_default();
        rx.push(RxQueue { id, irq: find(id, Serves::Receive), steered });
    }
    let mut tx = Vec::new();
    for id in tree.numbered(&queues, "tx-").into_iter().map(QueueId) {
        // A card with one queue answers ENOENT here: there is nothing to choose.
        let senders = tree.mask(&format!("{queues}/tx-{id}/xps_cpus"))?.unwrap_or_default();
        tx.push(TxQueue { id, irq: find(id, Serves::Transmit), senders });
    }
    let node = match &device {
        None => NicNode::Virtual,
        Some(device) => device.node(tree)?,
    };
    // -1 is a link that is down or has no speed.
    let speed_mbps =
        tree.number::<i64>(&format!("{folder}/speed"))?.and_then(|speed| u32::try_from(speed).ok());
    Ok(Nic {
        driver: device.as_ref().and_then(Device::driver),
        bus: device.and_then(|device| device.bus),
        mtu_bytes: tree.number(&format!("{folder}/mtu"))?.unwrap_or(0),
        name: name.to_owned(),
        node,
        rx,
        speed_mbps,
        tx,
    })
}

/// Points at the device behind an interface.
struct Device {
    /// The address of the nearest PCI device at or above it.
    bus: Option<String>,
    path: PathBuf,
    root: PathBuf,
}

impl Device {
    fn behind(tree: &Tree<'_>, folder: &str) -> Option<Self> {
        let path = fs::canonicalize(tree.path(&format!("{folder}/device"))).ok()?;
        let root = fs::canonicalize(tree.path("sys/devices")).ok()?;
        let bus = path
            .ancestors()
            .take_while(|folder| **folder != root)
            .filter_map(last_name)
            .find(|name| is_pci(name));
        Some(Self { bus, path, root })
    }

    fn driver(&self) -> Option<String> {
        last_name(fs::canonicalize(self.path.join("driver")).ok()?)
    }

    /// Asks the device, then what it sits on: a virtio card has no `numa_node`, the PCI device that carries
    /// it does.
    fn node(&self, tree: &Tree<'_>) -> Result<NicNode, ReadError> {
        for folder in self.path.ancestors().take_while(|folder| **folder != self.root) {
            let Ok(text) = fs::read_to_string(folder.join("numa_node")) else { continue };
            let malformed = || ReadError::Malformed {
                path: folder.join("numa_node"),
                wanted: "a number",
                found: text.trim().to_owned(),
            };
            let number: i64 = text.trim().parse().map_err(|_| malformed())?;
            return Ok(u32::try_from(number).map_or(NicNode::Unknown, |node| NicNode::Node(NodeId(node))));
        }
        // A kernel without nodes has no such file anywhere; then all there is is node 0.
        match tree.path("sys/devices/system/node").exists() {
            true => Ok(NicNode::Unknown),
            false => Ok(NicNode::Node(NodeId(0))),
        }
    }
}

fn last_name(path: impl AsRef<Path>) -> Option<String> {
    Some(path.as_ref().file_name()?.to_str()?.to_owned())
}

/// Recognises `0000:3b:00.0`.
fn is_pci(name: &str) -> bool {
    let Some((address, function)) = name.rsplit_once('.') else { return false };
    let parts: Vec<&str> = address.split(':').collect();
    parts.len() == 3 && parts.iter().chain([&function]).all(|part| u32::from_str_radix(part, 16).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_pci_devices_are_taken_for_such() {
        assert!(is_pci("0000:3b:00.0"));
        assert!(is_pci("10000:e1:00.1"));
        for name in
            ["virtio2", "pci0000:3a", "1-1.2:1.0", "0000:zz:00.0", "0000:3b:00.x", "3b:00.0", "0000:3b:00"]
        {
            assert!(!is_pci(name), "{name}");
        }
    }
}
