//! The interface that the driver works on.

use std::ffi::CString;
use std::os::fd::AsFd;

use numa::nic::Nic;
use socket2::{Domain, Socket, Type};

use crate::bpf::map::DescriptorMap;
use crate::bpf::program::{XdpMode, refused};
use crate::driver::Driver;
use crate::error::{SetupError, no_descriptor};
use crate::netlink::{Link, Reader};
use crate::pool::Pool;
use crate::setup::Setup;
use crate::sys::xdp as sys;
use crate::xdp::Afxdp;
use crate::xdp::queue::{Queue, QueueSetup, Refusal};

/// Drivers of machines that are virtual themselves. Their hosts hand over packets of neighbours on the same host with
/// unfinished checksums, as nothing between the two can damage them.
const VIRTUAL_DRIVERS: [&str; 4] = ["hv_netvsc", "virtio_net", "vmxnet3", "xen-netfront"];

/// Where frames come from and go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interface {
    pub(super) name: String,
    /// What drives it, as far as the kernel tells.
    pub(super) driver: String,
    /// The interface with the queues; of a VLAN it is the parent.
    pub(super) index: u32,
    pub(super) queues: u32,
    /// Whether a wrong UDP checksum means damage: packets have crossed a wire. A virtual interface brings packets whose
    /// checksum the sender left to its NIC, and so was never finished.
    pub(super) crosses_wire: bool,
}

impl Interface {
    /// Finds the interface that the setup names, and makes sure that it has a queue for every worker.
    pub(super) fn find(setup: &Setup, reader: &Reader) -> Result<Self, SetupError> {
        let known = || reader.links().map(|link| link.name.as_str()).collect::<Vec<_>>().join(", ");
        let Some(name) = &setup.interface else {
            let wanted = "the interface that carries the media addresses";
            return Err(error(wanted, "none named".into(), format!("name one of {}", known())));
        };
        let Some(named) = reader.links().find(|link| link.name == *name) else {
            let wanted = format!("the interface {name}");
            return Err(error(&wanted, format!("only {}", known()), "name one of these".into()));
        };
        let physical = named.physical().and_then(|index| reader.link(index));
        let Some(link) = physical.filter(|link| link.mac.is_some()) else {
            let wanted = format!("Ethernet on {name}, with at most an 802.1Q tag");
            let found = format!("a link of kind {}", named.kind.as_deref().unwrap_or("other"));
            return Err(error(&wanted, found, "name another interface, or use another driver".into()));
        };
        let queues = queues(link)?;
        let workers = setup.nodes.len();
        if workers > queues as usize {
            let wanted = format!("a receive queue of {} for each of {workers} workers", link.name);
            let remedy =
                format!("type `ethtool -L {} combined {workers}`, or start {queues} workers", link.name);
            return Err(error(&wanted, format!("{queues}"), remedy));
        }
        let hardware = Nic::host(&link.name).ok().and_then(|nic| nic.driver);
        let is_real = |driver: &String| !VIRTUAL_DRIVERS.contains(&driver.as_str());
        let crosses_wire = link.kind.is_none() && hardware.as_ref().is_some_and(is_real);
        let driver = link.kind.clone().or(hardware).unwrap_or_else(|| "of another kind".to_owned());
        Ok(Self { name: link.name.clone(), driver, index: link.index, queues, crosses_wire })
    }

    /// Returns what is slower here than it could be, why, and what to type.
    pub(super) fn notes(&self, native_refusal: Option<&str>, zero_copy: bool) -> Vec<String> {
        let Self { name, driver, .. } = self;
        let mut notes = Vec::new();
        if let Some(refusal) = native_refusal {
            let remedy = match driver.as_str() {
                "veth" => format!(
                    "give it as many receive queues as its peer has transmit queues: ethtool -L {name}"
                ),
                _ => format!("set an MTU below 3500 and switch off LRO: ethtool -K {name} lro off"),
            };
            notes.push(format!(
                "{name}: native XDP refused by the driver {driver} ({refusal}): generic mode, in which the network stack \
                 copies every packet and most of the gain is lost; {remedy}, or choose driver uring-sklookup"
            ));
        }
        if !zero_copy {
            notes.push(format!(
                "{name}: zero-copy: no, the driver {driver} has none for AF_XDP: the kernel copies every packet"
            ));
        }
        notes
    }

    /// Opens the queues of a worker, and has the program send it their frames.
    pub(super) fn open_queues(
        &self,
        setup: &Setup,
        worker: usize,
        pool: &mut Pool,
        mode: XdpMode,
        sockets: &DescriptorMap,
    ) -> Result<Vec<Queue>, SetupError> {
        let ids = (worker as u32..self.queues).step_by(setup.nodes.len());
        // Half of the frames, for all queues together, rounded down to what a ring can be long.
        let share = setup.frames / 2 / ids.len() as u32;
        let (Some(rx_frames), tx_frames @ 1..) =
            (share.checked_ilog2().map(|bits| 1 << bits), setup.frames / 4)
        else {
            let wanted = format!("four frames and more for each of {} queues", ids.len());
            return Err(error(&wanted, setup.frames.to_string(), "ask for more frames, 4096 or so".into()));
        };
        let mut queues: Vec<Queue> = Vec::new();
        for id in ids {
            let copy = mode == XdpMode::Generic;
            let busy_poll = setup.busy_poll;
            let wish = QueueSetup { interface: self.index, id, rx_frames, tx_frames, busy_poll, copy };
            let mut queue =
                Queue::open(&wish, pool, queues.first()).map_err(|refusal| self.refused(id, refusal))?;
            // What comes before the first turn needs room, too.
            queue.replenish(pool);
            sockets.put(id, queue.as_fd())?;
            queues.push(queue);
        }
        Ok(queues)
    }

    fn refused(&self, queue: u32, Refusal { operation, errno }: Refusal) -> SetupError {
        let wanted = format!("{operation}, for queue {queue} of {}", self.name);
        let remedy = match errno.0 {
            libc::EBUSY => "end the other program that has an AF_XDP socket on this queue (`ss --xdp`)",
            libc::ENOBUFS | libc::ENOMEM => {
                "raise the limit of locked memory: `ulimit -l unlimited`, or LimitMEMLOCK=infinity"
            }
            libc::EAFNOSUPPORT => "use a kernel built with CONFIG_XDP_SOCKETS",
            _ => return refused(Afxdp::NAME, &wanted, errno),
        };
        error(&wanted, errno.to_string(), remedy.into())
    }
}

fn queues(link: &Link) -> Result<u32, SetupError> {
    // Any socket but one of AF_XDP passes the question on to the driver.
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)
        .map_err(|error| no_descriptor(Afxdp::NAME, error.into()))?;
    let name = CString::new(link.name.as_str()).unwrap_or_default();
    // A driver that cannot tell has the queues that it was made with.
    Ok(sys::receive_queues(socket.as_fd(), &name).unwrap_or(link.rx_queues_max).max(1))
}

fn error(wanted: &str, found: String, remedy: String) -> SetupError {
    SetupError { driver: Afxdp::NAME, wanted: wanted.to_owned(), found, remedy }
}
