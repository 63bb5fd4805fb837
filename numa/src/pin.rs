//! Puts threads on CPUs: a seat is claimed on the control thread, and taken by the thread that sits on it.

use std::{collections::BTreeMap, error::Error, fmt, process};

use crate::{
    cpu_set::{CpuId, CpuSet},
    errno::Errno,
    sys,
    topology::{Limit, Topology},
};

/// Hands out CPUs to threads, each once.
pub struct Seats {
    allowed: CpuSet,
    cores: BTreeMap<CpuId, CpuSet>,
    limit: Limit,
    taken: CpuSet,
}

impl Seats {
    /// Offers the CPUs of a machine this process may use.
    pub fn new(topology: &Topology) -> Self {
        Self {
            allowed: topology.allowed.clone(),
            cores: topology.cpus.iter().map(|cpu| (cpu.id, cpu.siblings.clone())).collect(),
            limit: topology.limit,
            taken: CpuSet::new(),
        }
    }

    /// Claims a CPU for one thread. A CPU that only shares its core with claimed ones is given, and the seat
    /// says so.
    ///
    /// # Errors
    /// Refuses a CPU that is not online, that this process may not use, or that is claimed.
    pub fn claim(&mut self, cpu: CpuId) -> Result<Seat, PinError> {
        let Some(core) = self.cores.get(&cpu) else {
            return Err(PinError::NotOnline { cpu, online: self.cores.keys().copied().collect() });
        };
        if !self.allowed.contains(cpu) {
            return Err(PinError::NotAllowed { cpu, allowed: self.allowed.clone(), limit: self.limit });
        }
        if !self.taken.insert(cpu) {
            return Err(PinError::Taken { cpu, free: self.allowed.difference(&self.taken) });
        }
        let mut shared_with = core.intersection(&self.taken);
        shared_with.remove(cpu);
        Ok(Seat { cpu, shared_with })
    }
}

/// Stands for a CPU claimed for one thread.
#[derive(Debug, PartialEq, Eq)]
pub struct Seat {
    cpu: CpuId,
    shared_with: CpuSet,
}

impl Seat {
    /// Returns the CPU.
    pub fn cpu(&self) -> CpuId {
        self.cpu
    }

    /// Returns the CPUs of the same core that were claimed before: each of them and this one run at about
    /// half speed when both are busy.
    pub fn shared_with(&self) -> &CpuSet {
        &self.shared_with
    }

    /// Pins the calling thread here, and checks with the kernel that it is.
    ///
    /// # Errors
    /// Refuses when the kernel does, or when it agreed and did otherwise.
    pub fn pin(self) -> Result<(), PinError> {
        let cpu = self.cpu;
        // core_affinity writes into a mask of this many bits without looking.
        if cpu.0 >= sys::AFFINITY_BITS {
            return Err(PinError::BeyondMask { cpu });
        }
        if !core_affinity::set_for_current(core_affinity::CoreId { id: cpu.0 as usize }) {
            return Err(PinError::Refused { cpu, errno: Errno::last() });
        }
        let found = sys::affinity_of_this_thread().map_err(|errno| PinError::Refused { cpu, errno })?;
        verify(cpu, found)
    }
}

/// The kernel cuts what a thread asks for down to its cpuset, and says nothing when something is left.
fn verify(cpu: CpuId, found: CpuSet) -> Result<(), PinError> {
    match found == CpuSet::from_iter([cpu]) {
        true => Ok(()),
        false => Err(PinError::NotInForce { cpu, found }),
    }
}

/// Says why a thread is not where it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinError {
    /// The CPU is beyond the mask of the system call.
    BeyondMask {
        /// The CPU that was wanted.
        cpu: CpuId,
    },
    /// This process may not use the CPU.
    NotAllowed {
        /// The CPUs it may use.
        allowed: CpuSet,
        /// The CPU that was wanted.
        cpu: CpuId,
        /// Who keeps it off.
        limit: Limit,
    },
    /// The kernel agreed, and the thread is bound otherwise.
    NotInForce {
        /// The CPU that was wanted.
        cpu: CpuId,
        /// The CPUs the thread is bound to.
        found: CpuSet,
    },
    /// The CPU is switched off or does not exist.
    NotOnline {
        /// The CPU that was wanted.
        cpu: CpuId,
        /// The CPUs there are.
        online: CpuSet,
    },
    /// The kernel refused.
    Refused {
        /// The CPU that was wanted.
        cpu: CpuId,
        /// The kernel's reason.
        errno: Errno,
    },
    /// Another thread has the CPU.
    Taken {
        /// The CPU that was wanted.
        cpu: CpuId,
        /// The CPUs that are left.
        free: CpuSet,
    },
}

impl fmt::Display for PinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeyondMask { cpu } => {
                write!(
                    f,
                    "cpu {cpu}: wanted a cpu below {}, which is all the call can name",
                    sys::AFFINITY_BITS
                )
            }
            Self::NotAllowed { allowed, cpu, limit } => write!(
                f,
                "cpu {cpu}: wanted a cpu this process may use, found: {allowed}, limited by {limit}; name a \
                 cpu of {allowed}, or lift the limit"
            ),
            Self::NotInForce { cpu, found } => write!(
                f,
                "cpu {cpu}: wanted the thread on it alone, found it bound to: {found}; the cpuset changed \
                 meanwhile; type: cat /proc/{}/cgroup, and start again",
                process::id()
            ),
            Self::NotOnline { cpu, online } => write!(
                f,
                "cpu {cpu}: wanted an online cpu, found: {online}; type: echo 1 > \
                 /sys/devices/system/cpu/cpu{cpu}/online, or name another"
            ),
            Self::Refused { cpu, errno } => write!(
                f,
                "cpu {cpu}: wanted to pin a thread to it, the kernel refused: {errno}; type: grep \
                 Cpus_allowed_list /proc/{}/status",
                process::id()
            ),
            Self::Taken { cpu, free } => {
                write!(f, "cpu {cpu}: wanted for one thread, found another on it; free: {free}")
            }
        }
    }
}

impl Error for PinError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::{Cpu, NodeId, PackageId};

    fn set(text: &str) -> CpuSet {
        text.parse().unwrap()
    }

    /// Two cores with two CPUs each, numbered as Intel does, of which CPU 3 is not ours.
    fn topology() -> Topology {
        let cpu = |id: u32| Cpu {
            efficient: false,
            id: CpuId(id),
            isolated: false,
            node: NodeId(0),
            package: PackageId(0),
            siblings: set(if id.is_multiple_of(2) { "0,2" } else { "1,3" }),
        };
        Topology {
            allowed: set("0-2"),
            cpus: (0..4).map(cpu).collect(),
            limit: Limit::Cpuset,
            ..Topology::default()
        }
    }

    #[test]
    fn a_free_cpu_is_given_once() {
        let mut seats = Seats::new(&topology());
        assert_eq!(seats.claim(CpuId(1)).unwrap().cpu(), CpuId(1));
        assert_eq!(seats.claim(CpuId(1)), Err(PinError::Taken { cpu: CpuId(1), free: set("0,2") }));
    }

    #[test]
    fn a_seat_tells_which_claimed_cpus_share_its_core() {
        let mut seats = Seats::new(&topology());
        assert_eq!(*seats.claim(CpuId(0)).unwrap().shared_with(), CpuSet::new());
        assert_eq!(*seats.claim(CpuId(1)).unwrap().shared_with(), CpuSet::new());
        assert_eq!(*seats.claim(CpuId(2)).unwrap().shared_with(), set("0"));
    }

    #[test]
    fn a_cpu_outside_the_allowed_set_is_refused_with_who_says_so() {
        let error = Seats::new(&topology()).claim(CpuId(3)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cpu 3: wanted a cpu this process may use, found: 0-2, limited by the cgroup's cpuset (the \
             container's CPU set, or AllowedCPUs= of the slice); name a cpu of 0-2, or lift the limit"
        );
    }

    #[test]
    fn a_cpu_that_is_not_online_is_refused() {
        let error = Seats::new(&topology()).claim(CpuId(9)).unwrap_err();
        assert_eq!(error, PinError::NotOnline { cpu: CpuId(9), online: set("0-3") });
        assert!(error.to_string().contains("found: 0-3; type: echo 1 > /sys/devices/system/cpu/cpu9/online"));
    }

    #[test]
    fn a_mask_that_is_not_exactly_the_cpu_is_not_taken_for_pinned() {
        assert_eq!(verify(CpuId(1), set("1")), Ok(()));
        let found = set("0-1");
        assert_eq!(verify(CpuId(1), found.clone()), Err(PinError::NotInForce { cpu: CpuId(1), found }));
    }

    #[test]
    fn a_cpu_beyond_the_mask_is_refused_before_it_is_written_there() {
        let seat = Seat { cpu: CpuId(1024), shared_with: CpuSet::new() };
        assert_eq!(seat.pin(), Err(PinError::BeyondMask { cpu: CpuId(1024) }));
    }
}
