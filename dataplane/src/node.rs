//! The media process: workers with their drivers, and the control thread in front of them.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::thread;

use control::Incarnation;
use netio::{
    Afxdp, Driver, DriverError, DriverName, Memory, Mmsg, Setup, SetupError, UringSklookup, UringSockets,
};
use numa::pin::Seat;
use numa::topology::NodeId;

use crate::clock::Clock;
use crate::command::Mailbox;
use crate::desk::{Desk, Station};
use crate::link::Link;
pub use crate::link::Stop;
use crate::random::Random;
use crate::registry::{Realm, Registry};
use crate::table::Table;
use crate::worker::{Habits, Worker};

/// What a media process is to be.
#[derive(Debug)]
pub struct Config {
    /// The ports that calls are given.
    pub realms: Vec<Realm>,
    /// The interface that carries the addresses, for drivers that need it.
    pub interface: Option<String>,
    /// The driver.
    pub driver: DriverName,
    /// The workers, and where each sits.
    pub workers: Vec<Place>,
    /// Sessions at once.
    pub sessions_max: u32,
    /// Frames for each worker.
    pub frames: u32,
    /// How long a released port rests.
    pub quarantine_ms: u32,
    /// How workers work.
    pub habits: Habits,
    /// Where clients find the process.
    pub control: PathBuf,
}

/// Where a worker sits.
#[derive(Debug)]
pub struct Place {
    /// Its CPU; any if none.
    pub seat: Option<Seat>,
    /// The node of its memory.
    pub node: Option<NodeId>,
}

/// What a process has become, before it serves anybody.
pub struct Node {
    desk: Desk,
    link: Link,
    clock: Clock,
    threads: Vec<thread::JoinHandle<()>>,
    notes: Vec<String>,
}

/// Why a process cannot start.
#[derive(Debug)]
pub enum StartError {
    /// The driver cannot.
    Driver(SetupError),
    /// The control socket cannot be had.
    Control(PathBuf, std::io::Error),
    /// There is no memory for the sessions.
    Memory(String),
    /// A thread could not be started, or not where it should be.
    Thread(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Driver(error) => error.fmt(f),
            Self::Control(path, error) if error.kind() == std::io::ErrorKind::AddrInUse => write!(
                f,
                "control socket {}: wanted a path of our own, found another process that listens there; \
                 end it, or name another path with --control",
                path.display()
            ),
            Self::Control(path, error) => write!(
                f,
                "control socket {}: wanted to listen there, found {error}; name a path in a directory that exists \
                 and may be written, with --control",
                path.display()
            ),
            Self::Memory(reason) => write!(f, "memory for sessions: {reason}; ask for less with --sessions"),
            Self::Thread(reason) => write!(f, "worker: {reason}"),
        }
    }
}

impl std::error::Error for StartError {}

impl Config {
    /// Returns what the drivers are opened with.
    #[must_use]
    pub fn setup(&self) -> Setup {
        Setup {
            addresses: addresses(&self.realms),
            interface: self.interface.clone(),
            nodes: self.workers.iter().map(|place| place.node).collect(),
            frames: self.frames,
            busy_poll: self.habits.busy_poll,
        }
    }
}

impl Node {
    /// Opens the drivers and starts the workers.
    ///
    /// # Errors
    ///
    /// If something is missing; nothing is left behind then.
    pub fn start(config: Config) -> Result<Self, StartError> {
        match config.driver {
            DriverName::Memory => Self::start_with(config, Memory::open),
            DriverName::Mmsg => Self::start_with(config, Mmsg::open),
            DriverName::UringSockets => Self::start_with(config, UringSockets::open),
            DriverName::UringSklookup => Self::start_with(config, UringSklookup::open),
            DriverName::Afxdp => Self::start_with(config, Afxdp::open),
        }
    }

    fn start_with<D: Driver + Send + 'static>(
        config: Config,
        open: impl FnOnce(&Setup) -> Result<Vec<D>, SetupError>,
    ) -> Result<Self, StartError> {
        let setup = config.setup();
        let addresses = &setup.addresses;
        let mut random = Random::new();
        let incarnation = Incarnation(u64::from(random.next()) << 32 | u64::from(random.next()));
        let link = Link::listen(&config.control, incarnation)
            .map_err(|error| StartError::Control(config.control.clone(), error))?;
        let drivers = open(&setup).map_err(StartError::Driver)?;
        let slots = share(config.sessions_max, config.workers.len());
        let registry = Registry::new(&config.realms, addresses, &slots, config.quarantine_ms);
        let clock = Clock::start();
        let (mut stations, mut threads, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        for ((driver, place), slots) in drivers.into_iter().zip(config.workers).zip(slots) {
            for note in driver.notes() {
                if !notes.contains(note) {
                    notes.push(note.clone());
                }
            }
            let table = Table::new(slots, addresses.len(), place.node)
                .map_err(|error| StartError::Memory(error.to_string()))?;
            let mailbox = Mailbox::new();
            stations.push(Station {
                mailbox: mailbox.clone(),
                waker: driver.waker(),
                cpu: place.seat.as_ref().and_then(|seat| u16::try_from(seat.cpu().0).ok()),
                driver: D::NAME,
                is_called: false,
            });
            let worker = Worker::new(driver, table, mailbox, config.habits);
            threads.push(start_thread(worker, place.seat, threads.len(), clock, &link)?);
        }
        Ok(Self { desk: Desk::new(registry, stations), link, clock, threads, notes })
    }

    /// Returns what an operator should know of the drivers.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Returns what asks this process to end.
    #[must_use]
    pub fn stop(&self) -> Stop {
        self.link.stop()
    }

    /// Serves clients until it is asked to end, or until a worker cannot go on, and says why.
    ///
    /// # Errors
    ///
    /// If the control thread cannot wait for its sockets any more.
    pub fn run(mut self) -> std::io::Result<Option<DriverError>> {
        let ended = self.link.run(&mut self.desk, self.clock);
        self.desk.stop_workers();
        for thread in self.threads {
            // A worker that panicked has said why; in a release build it has ended the process.
            drop(thread.join());
        }
        ended
    }
}

/// Starts the thread of a worker, and waits until it sits where it should.
fn start_thread<D: Driver + Send + 'static>(
    worker: Worker<D>,
    seat: Option<Seat>,
    number: usize,
    clock: Clock,
    link: &Link,
) -> Result<thread::JoinHandle<()>, StartError> {
    let (tell, told) = std::sync::mpsc::sync_channel(1);
    let waker = link.waker();
    let work = move || {
        let pinned = seat.map_or(Ok(()), Seat::pin);
        let is_seated = pinned.is_ok();
        drop(tell.send(pinned));
        if is_seated {
            // The control thread polls its workers whenever it wakes, so that a call that fails is made good.
            worker.run(clock, || drop(waker.wake()));
        }
    };
    let thread = thread::Builder::new()
        .name(format!("worker-{number}"))
        .spawn(work)
        .map_err(|error| StartError::Thread(error.to_string()))?;
    match told.recv() {
        Ok(Ok(())) => Ok(thread),
        Ok(Err(error)) => Err(StartError::Thread(error.to_string())),
        Err(error) => Err(StartError::Thread(error.to_string())),
    }
}

/// Lists the addresses of all realms, each once.
fn addresses(realms: &[Realm]) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for realm in realms {
        if !addresses.contains(&realm.address) {
            addresses.push(realm.address);
        }
    }
    addresses
}

/// Shares sessions out among workers.
fn share(sessions: u32, workers: usize) -> Vec<u32> {
    let workers = workers as u32;
    (0..workers).map(|worker| sessions / workers + u32::from(worker < sessions % workers)).collect()
}
