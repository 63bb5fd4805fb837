//! Which driver to start, and why not a faster one.

use core::fmt;
use core::str::FromStr;

use crate::driver::Driver;
use crate::error::SetupError;
use crate::memory::Memory;
use crate::mmsg::Mmsg;
use crate::setup::Setup;
use crate::uring::sklookup::UringSklookup;
use crate::uring::sockets::UringSockets;
use crate::xdp::Afxdp;

/// The five drivers, as people name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DriverName {
    /// [`Memory`]: no network.
    Memory,
    /// [`Mmsg`]: on every Linux.
    Mmsg,
    /// [`UringSockets`]: the best without privileges.
    UringSockets,
    /// [`UringSklookup`]: the best with privileges on any interface.
    UringSklookup,
    /// [`Afxdp`]: on interfaces whose driver runs XDP programs.
    Afxdp,
}

impl DriverName {
    /// All drivers, the preferred first.
    pub const ALL: [Self; 5] =
        [Self::Afxdp, Self::UringSklookup, Self::UringSockets, Self::Mmsg, Self::Memory];

    /// Returns the name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Memory => Memory::NAME,
            Self::Mmsg => Mmsg::NAME,
            Self::UringSockets => UringSockets::NAME,
            Self::UringSklookup => UringSklookup::NAME,
            Self::Afxdp => Afxdp::NAME,
        }
    }
}

impl fmt::Display for DriverName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for DriverName {
    type Err = UnknownDriver;

    fn from_str(text: &str) -> Result<Self, UnknownDriver> {
        let found = Self::ALL.into_iter().find(|name| name.as_str() == text);
        found.ok_or_else(|| UnknownDriver(text.to_owned()))
    }
}

/// A name that no driver has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownDriver(pub String);

impl fmt::Display for UnknownDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = DriverName::ALL.map(DriverName::as_str).join(", ");
        write!(f, "unknown driver: {}; there are {names}", self.0)
    }
}

impl core::error::Error for UnknownDriver {}

/// A driver that can start here, and those that were passed over for a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The driver.
    pub name: DriverName,
    /// Why none of those before it: the wanted one first, and then in the order of [`DriverName::ALL`].
    pub passed_over: Vec<SetupError>,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "driver {}: chosen", self.name)?;
        for (SetupError { driver, wanted, found, remedy }, link) in
            self.passed_over.iter().zip([" because"].into_iter().chain(core::iter::repeat(", and because")))
        {
            write!(f, "{link} {driver} wants {wanted}, found {found}: {remedy}")?;
        }
        Ok(())
    }
}

/// Chooses the wanted driver, or the preferred one of those that can start here.
///
/// On its own it chooses AF_XDP only where the driver of the interface runs the program: in front of the network stack
/// most of its gain is gone. It never chooses [`Memory`].
#[must_use]
pub fn choose(wanted: Option<DriverName>, setup: &Setup) -> Choice {
    let mut passed_over = Vec::new();
    if let Some(name) = wanted {
        match obstacle(name, setup) {
            None => return Choice { name, passed_over },
            Some(error) => passed_over.push(error),
        }
    }
    for name in DriverName::ALL {
        if Some(name) == wanted || name == DriverName::Memory {
            continue;
        }
        let probed = if name == DriverName::Afxdp { Afxdp::probe_native(setup) } else { probe(name, setup) };
        match probed {
            Ok(()) => return Choice { name, passed_over },
            Err(error) => passed_over.push(error),
        }
    }
    // If not even this one can start, opening it says why.
    Choice { name: DriverName::Mmsg, passed_over }
}

/// Tells what keeps a driver from starting here; none if it can. Nothing is left behind, and no interface notices.
///
/// What only opening can show, such as another XDP program on the interface, is not among it.
#[must_use]
pub fn obstacle(name: DriverName, setup: &Setup) -> Option<SetupError> {
    probe(name, setup).err()
}

fn probe(name: DriverName, setup: &Setup) -> Result<(), SetupError> {
    setup.check(name.as_str())?;
    match name {
        DriverName::Memory | DriverName::Mmsg => Ok(()),
        DriverName::UringSockets => UringSockets::probe(),
        DriverName::UringSklookup => UringSklookup::probe(setup),
        DriverName::Afxdp => Afxdp::probe(setup).map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setup(interface: Option<&str>) -> Setup {
        let addresses = vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()];
        let interface = interface.map(str::to_owned);
        Setup { addresses, interface, nodes: vec![None], frames: 256, busy_poll: false }
    }

    #[test]
    fn every_name_reads_back() {
        for name in DriverName::ALL {
            assert_eq!(name.to_string().parse(), Ok(name));
        }
        assert_eq!(
            DriverName::ALL.map(DriverName::as_str),
            ["afxdp", "uring-sklookup", "uring-sockets", "mmsg", "memory"]
        );
        let unknown = "dpdk".parse::<DriverName>().unwrap_err();
        assert_eq!(
            unknown.to_string(),
            "unknown driver: dpdk; there are afxdp, uring-sklookup, uring-sockets, mmsg, memory"
        );
    }

    #[test]
    fn memory_and_sockets_can_always_start() {
        for name in [DriverName::Memory, DriverName::Mmsg] {
            assert_eq!(obstacle(name, &setup(None)), None);
            assert_eq!(choose(Some(name), &setup(None)), Choice { name, passed_over: vec![] });
        }
    }

    #[test]
    fn a_driver_without_obstacle_opens_and_one_with_an_obstacle_does_not() {
        let setup = setup(None);
        for name in DriverName::ALL {
            let opened = match name {
                DriverName::Memory => Memory::open(&setup).map(drop),
                DriverName::Mmsg => Mmsg::open(&setup).map(drop),
                DriverName::UringSockets => UringSockets::open(&setup).map(drop),
                DriverName::UringSklookup => UringSklookup::open(&setup).map(drop),
                DriverName::Afxdp => Afxdp::open(&setup).map(drop),
            };
            let obstacle = obstacle(name, &setup);
            assert_eq!(opened.is_err(), obstacle.is_some(), "{name}: {opened:?}, {obstacle:?}");
            assert!(obstacle.is_none_or(|error| error.driver == name.as_str()));
        }
    }

    #[test]
    fn without_an_interface_afxdp_is_passed_over_with_what_to_do() {
        let choice = choose(None, &setup(None));
        assert_ne!(choice.name, DriverName::Afxdp);
        assert_eq!(choice.passed_over[0].driver, "afxdp");
        assert!(choice.passed_over[0].remedy.contains("lo"), "the interfaces that there are are named");
        let text = choice.to_string();
        assert!(text.starts_with(&format!("driver {}: chosen because afxdp wants", choice.name)), "{text}");
    }

    #[test]
    fn an_interface_that_cannot_is_an_obstacle_and_the_next_driver_is_chosen() {
        let choice = choose(Some(DriverName::Afxdp), &setup(Some("lo")));
        assert_ne!(choice.name, DriverName::Afxdp);
        assert!(choice.passed_over.iter().filter(|error| error.driver == "afxdp").count() == 1);
    }

    #[test]
    fn a_setup_that_no_driver_takes_is_told_and_does_not_panic() {
        let nowhere = Setup { addresses: vec![], ..setup(None) };
        for name in DriverName::ALL {
            assert!(obstacle(name, &nowhere).is_some_and(|error| error.wanted.contains("media addresses")));
        }
        assert_eq!(choose(None, &nowhere).name, DriverName::Mmsg);
    }

    #[test]
    fn a_choice_tells_each_reason() {
        let reason = |driver| SetupError {
            driver,
            wanted: "to load a program".to_owned(),
            found: "a process without CAP_BPF".to_owned(),
            remedy: "run as root".to_owned(),
        };
        let choice = Choice {
            name: DriverName::UringSockets,
            passed_over: vec![reason("afxdp"), reason("uring-sklookup")],
        };
        assert_eq!(
            choice.to_string(),
            "driver uring-sockets: chosen because afxdp wants to load a program, found a process without CAP_BPF: run \
             as root, and because uring-sklookup wants to load a program, found a process without CAP_BPF: run as root"
        );
    }
}
