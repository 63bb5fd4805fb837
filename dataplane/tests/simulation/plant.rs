//! A worker in virtual time, on frames that all simulations of a thread share.
//!
//! The frames of a driver stay mapped until the process ends, so that thousands of worlds cannot have their own.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use dataplane::clock::Now;
use dataplane::command::{Command, Mailbox, Reply};
use dataplane::table::Table;
use dataplane::worker::{Habits, Worker};
use netio::{Batch, Driver, DriverError, Frame, LeaseError, LocalPort, Memory, Setup, Statistics, Waker};

/// Slots of the table: as many as a simulation has calls.
pub(crate) const SLOTS: u32 = 8;

/// A worker, its mailbox and its clock.
pub(crate) struct Plant {
    worker: Worker<Lent>,
    driver: Lent,
    mailbox: Mailbox,
    /// Microseconds since the worker's clock began.
    pub(crate) now_us: u64,
    /// Packets that arrived at leased ports.
    pub(crate) injected: u64,
    bytes: Vec<u8>,
}

/// A packet that the worker sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) from: LocalPort,
    pub(crate) to: SocketAddr,
    pub(crate) bytes: Vec<u8>,
}

/// The driver of a thread, lent to one worker after the other.
#[derive(Clone)]
struct Lent {
    memory: Rc<RefCell<Memory>>,
    leased: Rc<RefCell<BTreeSet<LocalPort>>>,
    before: Statistics,
}

thread_local! {
    static MEMORY: Rc<RefCell<Memory>> = Rc::new(RefCell::new(memory()));
}

fn memory() -> Memory {
    let addresses = vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()];
    let setup = Setup { addresses, interface: None, nodes: vec![None], frames: 1024, busy_poll: false };
    Memory::open(&setup).unwrap().pop().unwrap()
}

impl Plant {
    /// Begins with an empty table at this time.
    pub(crate) fn new(now_us: u64, quality_interval_s: u32) -> Self {
        let memory = MEMORY.with(Rc::clone);
        let before = memory.borrow().statistics();
        let driver = Lent { memory, leased: Rc::default(), before };
        let mailbox = Mailbox::new();
        let habits = Habits { busy_poll: false, quality_interval_s };
        let table = Table::new(SLOTS, 2, None).unwrap();
        let worker = Worker::new(driver.clone(), table, mailbox.clone(), habits);
        Self { worker, driver, mailbox, now_us, injected: 0, bytes: Vec::new() }
    }

    /// Lets a packet arrive; false if nobody leases the port.
    pub(crate) fn inject(&mut self, at: LocalPort, from: SocketAddr, bytes: &[u8]) -> bool {
        if !self.is_leased(at) {
            return false;
        }
        self.driver.memory.borrow_mut().inject(at, from.into(), 0, bytes);
        self.injected += 1;
        true
    }

    /// Whether a port is leased.
    pub(crate) fn is_leased(&self, port: LocalPort) -> bool {
        self.driver.leased.borrow().contains(&port)
    }

    /// How many ports are leased.
    pub(crate) fn leased(&self) -> usize {
        self.driver.leased.borrow().len()
    }

    /// Gives the worker something to do in its next turn.
    pub(crate) fn command(&mut self, command: Command) {
        assert!(self.mailbox.inbox.push(command).is_ok(), "a turn empties the inbox");
    }

    /// Works one turn; returns what was sent and what was said.
    pub(crate) fn turn(&mut self) -> (Vec<Output>, Vec<Reply>) {
        let now = Now { us: self.now_us };
        self.worker.turn(Duration::ZERO, || now).expect("the memory driver never fails");
        let outputs = core::iter::from_fn(|| {
            let route = self.driver.memory.borrow_mut().take_sent(&mut self.bytes)?;
            Some(Output { from: route.from, to: route.to.into(), bytes: self.bytes.clone() })
        });
        let outputs = outputs.collect();
        (outputs, core::iter::from_fn(|| self.mailbox.outbox.pop()).collect())
    }
}

/// Whoever comes next finds the driver as it was.
impl Drop for Plant {
    fn drop(&mut self) {
        let mut memory = self.driver.memory.borrow_mut();
        let mut batch = Batch::new();
        while memory.receive(&mut batch, Duration::ZERO).is_ok() && !batch.is_empty() {
            memory.transmit(&mut batch).expect("the memory driver never fails");
        }
        while memory.take_sent(&mut self.bytes).is_some() {}
        self.driver.leased.borrow().iter().for_each(|port| memory.release(*port));
    }
}

impl Driver for Lent {
    const NAME: &'static str = "lent";

    fn lease(&mut self, port: LocalPort) -> Result<(), LeaseError> {
        self.memory.borrow_mut().lease(port)?;
        self.leased.borrow_mut().insert(port);
        Ok(())
    }

    fn release(&mut self, port: LocalPort) {
        self.memory.borrow_mut().release(port);
        self.leased.borrow_mut().remove(&port);
    }

    fn receive(&mut self, batch: &mut Batch, wait: Duration) -> Result<(), DriverError> {
        self.memory.borrow_mut().receive(batch, wait)
    }

    fn transmit(&mut self, batch: &mut Batch) -> Result<(), DriverError> {
        self.memory.borrow_mut().transmit(batch)
    }

    fn allocate(&mut self) -> Option<Frame> {
        self.memory.borrow_mut().allocate()
    }

    fn waker(&self) -> Waker {
        self.memory.borrow().waker()
    }

    /// What was counted since this worker began.
    fn statistics(&self) -> Statistics {
        let now = self.memory.borrow().statistics();
        let lost = |now: u64, before: u64| now - before;
        Statistics {
            received: lost(now.received, self.before.received),
            sent: lost(now.sent, self.before.sent),
            rx_no_buffer: lost(now.rx_no_buffer, self.before.rx_no_buffer),
            tx_full: lost(now.tx_full, self.before.tx_full),
            tx_not_leased: lost(now.tx_not_leased, self.before.tx_not_leased),
            ..now
        }
    }
}
