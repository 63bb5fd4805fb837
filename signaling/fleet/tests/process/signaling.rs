//! An event loop around a fleet, as signaling has one.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use control::{Epoch, Ports, SessionId, SessionSpec};
use fleet::{Fleet, FleetEvent, NodeSetup, Settings};
use mio::{Events, Poll, Token};

use crate::media::Media;

pub(crate) struct Signaling {
    poll: Poll,
    fleet: Fleet,
    start: Instant,
    /// What was told and not waited for yet.
    told: VecDeque<FleetEvent>,
}

/// Whoever tests waits no longer.
const PATIENCE: Duration = Duration::from_secs(20);

impl Signaling {
    pub(crate) fn new(nodes: &[&Media], settings: Settings) -> Self {
        let setups = nodes.iter().map(|media| NodeSetup { name: media.name(), socket: media.socket() });
        let mut fleet = Fleet::new(Duration::ZERO, setups.collect(), settings).expect("these are a fleet");
        let poll = Poll::new().expect("there is an event loop");
        fleet.register(poll.registry(), Token(10)).expect("it takes part");
        Self { poll, fleet, start: Instant::now(), told: VecDeque::new() }
    }

    pub(crate) fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    pub(crate) fn open(&mut self, spec: SessionSpec) {
        self.fleet.open(self.start.elapsed(), spec);
    }

    pub(crate) fn update(&mut self, spec: SessionSpec) -> Option<Epoch> {
        self.fleet.update(self.start.elapsed(), spec)
    }

    pub(crate) fn close(&mut self, session: SessionId) {
        self.fleet.close(self.start.elapsed(), session);
    }

    pub(crate) fn adopt(&mut self, media: &Media, spec: SessionSpec) {
        self.fleet.adopt(self.start.elapsed(), &media.name(), spec);
    }

    pub(crate) fn wait_until_up(&mut self, count: usize) {
        self.run_until(|fleet| fleet.nodes().filter(|(_, is_up)| *is_up).count() == count);
    }

    pub(crate) fn wait_for_ports(&mut self, wanted: SessionId) -> (Epoch, Ports) {
        let is_opened =
            |event: &FleetEvent| matches!(event, FleetEvent::Opened { session, .. } if *session == wanted);
        let FleetEvent::Opened { epoch, ports, .. } = self.wait_for(is_opened) else {
            unreachable!("it was waited for an opening");
        };
        (epoch, ports)
    }

    /// Returns the first event like this, whether it was told before or is told yet.
    pub(crate) fn wait_for(&mut self, is_wanted: impl Fn(&FleetEvent) -> bool) -> FleetEvent {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(place) = self.told.iter().position(&is_wanted) {
                return self.told.remove(place).expect("it is there");
            }
            assert!(Instant::now() < end, "it never came; what came is {:?}", self.told);
            self.turn();
        }
    }

    pub(crate) fn run_until(&mut self, is_so: impl Fn(&Fleet) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_so(&self.fleet) {
            assert!(Instant::now() < end, "it never was so; what came is {:?}", self.told);
            self.turn();
        }
    }

    fn turn(&mut self) {
        let mut events = Events::with_capacity(16);
        let now = self.start.elapsed();
        let wait = self.fleet.next_timeout().map_or(Duration::from_secs(1), |at| at.saturating_sub(now));
        self.poll.poll(&mut events, Some(wait.min(Duration::from_millis(100)))).expect("it waits");
        let now = self.start.elapsed();
        for event in &events {
            self.fleet.ready(event.token(), now);
        }
        self.fleet.handle_timeout(now);
        self.told.extend(std::iter::from_fn(|| self.fleet.poll_event()));
    }
}
