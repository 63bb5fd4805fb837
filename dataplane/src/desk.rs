//! Where the questions of clients become commands to workers, and their replies become answers. No sockets, no threads.

use std::collections::HashMap;

use control::{Event, Reason, Request, RequestId, Response, SessionId, SessionSpec, SessionState};
use netio::LeaseError;

use crate::clock::Now;
use crate::command::{Command, Description, Mailbox, Parcel, Reply, Report, Ticket};
use crate::registry::{Placement, Record, Registry};
use crate::report::{WorkerReport, statistics, worker_states};
use crate::session::Session;

/// The questions that wait for workers, and what is needed to answer them.
pub(crate) struct Desk {
    registry: Registry,
    stations: Vec<Station>,
    pending: HashMap<Ticket, Pending>,
    next_ticket: Ticket,
}

/// A worker, as the desk sees it.
pub(crate) struct Station {
    pub(crate) mailbox: Mailbox,
    pub(crate) waker: netio::Waker,
    pub(crate) cpu: Option<u16>,
    pub(crate) driver: &'static str,
    /// Whether it has new commands and must be woken.
    pub(crate) is_called: bool,
}

/// Who asked what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    /// The number of the connection; none is used twice.
    pub(crate) connection: u64,
    pub(crate) request: RequestId,
}

/// What the desk has to say.
pub(crate) enum Told {
    /// This, to whoever asked.
    Answer(Asker, Response),
    /// This, to all who want to hear it.
    Event(Event),
    /// A worker has ended, for this reason if it was not told to.
    Ended(Option<netio::DriverError>),
}

/// A question that a worker has yet to answer.
struct Pending {
    asker: Asker,
    subject: Subject,
}

enum Subject {
    Open {
        record: Record,
        id: SessionId,
        tries_left: u8,
    },
    Update {
        record: Record,
        id: SessionId,
    },
    Close {
        record: Record,
        id: SessionId,
    },
    Describe {
        state: SessionState,
    },
    Statistics(Gathering),
    Workers(Gathering),
    /// Another ticket has the question: this worker's report belongs to it.
    PartOf {
        first: Ticket,
        worker: u16,
    },
}

/// The reports of all workers, as they come in.
struct Gathering {
    reports: Vec<Option<Report>>,
}

/// Other programs of the host may have taken a port; so many others are tried.
const LEASE_TRIES: u8 = 16;

impl Desk {
    pub(crate) fn new(registry: Registry, stations: Vec<Station>) -> Self {
        Self { registry, stations, pending: HashMap::new(), next_ticket: Ticket(0) }
    }

    /// Tells whether another question may be asked: every one costs each worker one command at most.
    pub(crate) fn has_room(&self) -> bool {
        self.pending.len() + self.stations.len() <= Mailbox::COMMANDS_MAX
    }

    /// Takes a question; returns its answer if no worker is needed for it.
    pub(crate) fn ask(&mut self, asker: Asker, request: Request, now: Now) -> Option<Response> {
        match request {
            Request::Apply(spec) => self.apply(asker, &spec, now),
            Request::Close(id) => self.close(asker, id),
            Request::List(after) => Some(Response::Sessions(self.registry.page(after))),
            Request::Describe(id) => self.describe(asker, id),
            Request::Statistics => self.gather(asker, Subject::Statistics),
            Request::Realms => Some(Response::Realms(self.registry.realms(now))),
            Request::Workers => self.gather(asker, Subject::Workers),
            Request::Subscribe => Some(Response::Subscribed),
        }
    }

    fn apply(&mut self, asker: Asker, spec: &SessionSpec, now: Now) -> Option<Response> {
        let id = spec.id;
        let placement = match self.registry.place(spec, now) {
            Ok(placement) => placement,
            Err(reason) => return Some(Response::Refused { session: id, reason }),
        };
        let (Placement::New(record) | Placement::Known(record)) = placement;
        let parcel = Box::new(Some(Session::new(spec, self.registry.leases(&record), now)));
        match placement {
            Placement::New(_) => {
                let ticket = self.expect(asker, Subject::Open { record, id, tries_left: LEASE_TRIES });
                self.command(record.worker, Command::Open(ticket, record.slot, parcel));
            }
            Placement::Known(_) => {
                let ticket = self.expect(asker, Subject::Update { record, id });
                self.command(record.worker, Command::Update(ticket, record.slot, parcel));
            }
        }
        None
    }

    fn close(&mut self, asker: Asker, id: SessionId) -> Option<Response> {
        let Some(record) = self.registry.remove(id) else {
            return Some(Response::Closed { session: id, summary: None });
        };
        let ticket = self.expect(asker, Subject::Close { record, id });
        self.command(record.worker, Command::Close(ticket, record.slot, Box::new(None)));
        None
    }

    fn describe(&mut self, asker: Asker, id: SessionId) -> Option<Response> {
        let Some(record) = self.registry.record(id) else {
            return Some(Response::Refused { session: id, reason: Reason::SessionUnknown });
        };
        let ticket = self.expect(asker, Subject::Describe { state: self.registry.state(id, &record) });
        self.command(record.worker, Command::Describe(ticket, record.slot, id));
        None
    }

    fn gather(&mut self, asker: Asker, subject: impl FnOnce(Gathering) -> Subject) -> Option<Response> {
        let reports = self.stations.iter().map(|_| None).collect();
        let first = self.expect(asker, subject(Gathering { reports }));
        self.command(0, Command::Report(first));
        for worker in 1..self.stations.len() as u16 {
            let ticket = self.expect(asker, Subject::PartOf { first, worker });
            self.command(worker, Command::Report(ticket));
        }
        None
    }

    fn expect(&mut self, asker: Asker, subject: Subject) -> Ticket {
        let ticket = self.next_ticket;
        self.next_ticket = Ticket(ticket.0.wrapping_add(1));
        self.pending.insert(ticket, Pending { asker, subject });
        ticket
    }

    fn command(&mut self, worker: u16, command: Command) {
        let station = &mut self.stations[usize::from(worker)];
        let pushed = station.mailbox.inbox.push(command);
        debug_assert!(pushed.is_ok(), "whoever asks has looked whether there is room");
        station.is_called = true;
    }

    /// Wakes the workers that have new commands.
    pub(crate) fn call_workers(&mut self) {
        for station in self.stations.iter_mut().filter(|station| station.is_called) {
            station.is_called = false;
            station.waker.wake();
        }
    }

    /// Tells all workers to end.
    pub(crate) fn stop_workers(&mut self) {
        for worker in 0..self.stations.len() as u16 {
            self.command(worker, Command::Stop);
        }
        self.call_workers();
    }

    /// Takes what a worker has said, if any has.
    pub(crate) fn poll(&mut self, now: Now) -> Option<Told> {
        loop {
            let reply = self.stations.iter().find_map(|station| station.mailbox.outbox.pop())?;
            if let Some(told) = self.hear(reply, now) {
                return Some(told);
            }
        }
    }

    fn hear(&mut self, reply: Reply, now: Now) -> Option<Told> {
        let (ticket, response) = match reply {
            Reply::Event(event) => return Some(Told::Event(event)),
            Reply::Ended(error) => return Some(Told::Ended(error)),
            Reply::Reported(ticket, report) => return self.hear_report(ticket, report),
            Reply::NotLeased(ticket, parcel, error) => {
                return self.hear_not_leased(ticket, parcel, error, now);
            }
            Reply::Opened(ticket, _) | Reply::Updated(ticket, _) => (ticket, self.applied(ticket)),
            Reply::Unknown(ticket, _) => (ticket, self.unknown(ticket, now)),
            Reply::Closed(ticket, parcel) => (ticket, self.closed(ticket, *parcel, now)),
            Reply::Described(ticket, description) => (ticket, self.described(ticket, description)),
        };
        let pending = self.pending.remove(&ticket)?;
        Some(Told::Answer(pending.asker, response?))
    }

    fn applied(&self, ticket: Ticket) -> Option<Response> {
        let (Subject::Open { record, id, .. } | Subject::Update { record, id }) = self.subject(ticket)?
        else {
            return None;
        };
        let ports = self.registry.rtp_ports(record);
        Some(Response::Applied { session: *id, epoch: record.epoch, ports })
    }

    fn described(&self, ticket: Ticket, description: Option<Description>) -> Option<Response> {
        let Subject::Describe { state } = self.subject(ticket)? else { return None };
        let Some(Description { remotes, summary }) = description else {
            return Some(Response::Refused { session: state.session, reason: Reason::SessionUnknown });
        };
        let remotes = remotes.map(|remote| (remote.port() != 0).then(|| remote.into()));
        Some(Response::Session { state: *state, remotes, summary })
    }

    /// The worker has no such session: it could not be opened, and what was asked meanwhile finds nothing.
    fn unknown(&mut self, ticket: Ticket, now: Now) -> Option<Response> {
        match *self.subject(ticket)? {
            Subject::Close { record, id } => {
                self.registry.release(record, now);
                Some(Response::Closed { session: id, summary: None })
            }
            Subject::Open { id, .. } | Subject::Update { id, .. } => {
                Some(Response::Refused { session: id, reason: Reason::SessionUnknown })
            }
            Subject::Describe { .. }
            | Subject::Statistics(_)
            | Subject::Workers(_)
            | Subject::PartOf { .. } => None,
        }
    }

    fn closed(&mut self, ticket: Ticket, session: Option<Session>, now: Now) -> Option<Response> {
        let Subject::Close { record, id } = *self.subject(ticket)? else { return None };
        self.registry.release(record, now);
        Some(Response::Closed { session: id, summary: session.map(|session| session.summary()) })
    }

    /// Another program has the port: another one is tried, unless the session was closed meanwhile.
    fn hear_not_leased(
        &mut self,
        ticket: Ticket,
        mut parcel: Parcel,
        error: LeaseError,
        now: Now,
    ) -> Option<Told> {
        let Pending { asker, subject } = self.pending.remove(&ticket)?;
        let Subject::Open { record, id, tries_left } = subject else { return None };
        let refused = |reason| Some(Told::Answer(asker, Response::Refused { session: id, reason }));
        if self.registry.record(id) != Some(record) {
            return refused(Reason::SessionUnknown);
        }
        let placed = match (error, tries_left) {
            (LeaseError::InUse, 1..) => self.registry.place_elsewhere(id, now),
            _ => Err(Reason::NoResources),
        };
        match (placed, parcel.as_mut()) {
            (Ok(record), Some(session)) => {
                session.place_at(self.registry.leases(&record));
                self.pending.insert(
                    ticket,
                    Pending { asker, subject: Subject::Open { record, id, tries_left: tries_left - 1 } },
                );
                self.command(record.worker, Command::Open(ticket, record.slot, parcel));
                None
            }
            (Err(reason), _) => {
                self.registry.remove(id);
                self.registry.release(record, now);
                refused(reason)
            }
            (Ok(_), None) => None,
        }
    }

    fn hear_report(&mut self, ticket: Ticket, report: Report) -> Option<Told> {
        let (first, worker) = match *self.subject(ticket)? {
            Subject::PartOf { first, worker } => {
                self.pending.remove(&ticket);
                (first, worker)
            }
            Subject::Open { .. }
            | Subject::Update { .. }
            | Subject::Close { .. }
            | Subject::Describe { .. }
            | Subject::Statistics(_)
            | Subject::Workers(_) => (ticket, 0),
        };
        let (Subject::Statistics(gathering) | Subject::Workers(gathering)) =
            &mut self.pending.get_mut(&first)?.subject
        else {
            return None;
        };
        gathering.reports[usize::from(worker)] = Some(report);
        if gathering.reports.iter().any(Option::is_none) {
            return None;
        }
        let Pending { asker, subject } = self.pending.remove(&first)?;
        let response = match subject {
            Subject::Statistics(gathering) => {
                Response::Statistics(statistics(&self.worker_reports(gathering)))
            }
            Subject::Workers(gathering) => Response::Workers(worker_states(&self.worker_reports(gathering))),
            Subject::Open { .. }
            | Subject::Update { .. }
            | Subject::Close { .. }
            | Subject::Describe { .. }
            | Subject::PartOf { .. } => return None,
        };
        Some(Told::Answer(asker, response))
    }

    fn worker_reports(&self, gathering: Gathering) -> Vec<WorkerReport> {
        let of_station = |(station, report): (&Station, Option<Report>)| {
            report.map(|report| WorkerReport { cpu: station.cpu, driver: station.driver, report })
        };
        self.stations.iter().zip(gathering.reports).filter_map(of_station).collect()
    }

    fn subject(&self, ticket: Ticket) -> Option<&Subject> {
        self.pending.get(&ticket).map(|pending| &pending.subject)
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use control::{Epoch, Name, Rtcp, SideSpec};
    use netio::{Driver, Endpoint, LocalPort, Memory, Setup};

    use super::*;
    use crate::registry::Realm;
    use crate::table::Table;
    use crate::worker::{Habits, Worker};

    const NOW: Now = Now { us: 1 };

    /// A desk and its workers, on the same thread: they work when the test says so.
    struct Office {
        desk: Desk,
        workers: Vec<Worker<Memory>>,
        asked: u32,
    }

    impl Office {
        fn new(workers: usize) -> Self {
            let realm = Realm {
                name: Name::new("lab").unwrap(),
                address: "192.0.2.1".parse().unwrap(),
                first_port: 2000,
                last_port: 2019,
            };
            let setup = Setup {
                addresses: vec![realm.address],
                interface: None,
                nodes: vec![None; workers],
                frames: 64,
                busy_poll: false,
            };
            let (mut stations, mut started) = (Vec::new(), Vec::new());
            for driver in Memory::open(&setup).unwrap() {
                let mailbox = Mailbox::new();
                let waker = driver.waker();
                stations.push(Station {
                    mailbox: mailbox.clone(),
                    waker,
                    cpu: None,
                    driver: Memory::NAME,
                    is_called: false,
                });
                let habits = Habits { busy_poll: true, quality_interval_s: 0 };
                started.push(Worker::new(driver, Table::new(4, 1, None).unwrap(), mailbox, habits));
            }
            let registry = Registry::new(&[realm], &setup.addresses, &vec![4; workers], 0);
            Self { desk: Desk::new(registry, stations), workers: started, asked: 0 }
        }

        fn ask(&mut self, request: Request) -> (Asker, Option<Response>) {
            self.asked += 1;
            let asker = Asker { connection: 2, request: RequestId(self.asked) };
            (asker, self.desk.ask(asker, request, NOW))
        }

        /// Lets all workers work once, and returns the answers.
        fn work(&mut self) -> Vec<Response> {
            for worker in &mut self.workers {
                worker.turn(Duration::ZERO, || NOW).unwrap();
            }
            let mut answers = Vec::new();
            while let Some(told) = self.desk.poll(NOW) {
                if let Told::Answer(_, response) = told {
                    answers.push(response);
                }
            }
            answers
        }
    }

    fn apply(id: u64, epoch: u32) -> Request {
        let side = || {
            let mut side =
                SideSpec::new(Name::new("lab").unwrap(), Some("198.51.100.1:4000".parse().unwrap()));
            side.rtcp = Rtcp::Muxed;
            side
        };
        let sides = [side(), side()];
        Request::Apply(Box::new(SessionSpec {
            id: SessionId(id),
            epoch: Epoch(epoch),
            media_timeout_s: 0,
            sides,
        }))
    }

    #[test]
    fn a_session_is_opened_changed_described_and_closed() {
        let mut office = Office::new(1);
        assert_eq!(office.ask(apply(1, 1)).1, None, "a worker has to say so");
        let opened = office.work();
        let [Response::Applied { epoch: Epoch(1), ports, .. }] = opened[..] else { panic!("{opened:?}") };
        office.ask(apply(1, 2));
        let changed = office.work();
        assert_eq!(changed, [Response::Applied { session: SessionId(1), epoch: Epoch(2), ports }]);
        office.ask(Request::Describe(SessionId(1)));
        let described = office.work();
        assert!(
            matches!(&described[..], [Response::Session { state, .. }] if state.ports == ports),
            "{described:?}"
        );
        office.ask(Request::Close(SessionId(1)));
        assert!(matches!(office.work()[..], [Response::Closed { summary: Some(_), .. }]));
        let closed = Response::Closed { session: SessionId(1), summary: None };
        assert_eq!(office.ask(Request::Close(SessionId(1))).1, Some(closed));
    }

    #[test]
    fn questions_that_follow_each_other_before_a_worker_looks_are_answered_in_order() {
        let mut office = Office::new(1);
        office.ask(apply(1, 1));
        office.ask(apply(1, 2));
        office.ask(Request::Close(SessionId(1)));
        office.ask(apply(1, 1));
        let answers = office.work();
        assert!(
            matches!(
                answers[..],
                [
                    Response::Applied { epoch: Epoch(1), .. },
                    Response::Applied { epoch: Epoch(2), .. },
                    Response::Closed { summary: Some(_), .. },
                    Response::Applied { epoch: Epoch(1), .. },
                ]
            ),
            "{answers:?}"
        );
        assert_eq!(office.desk.registry.page(None).len(), 1);
    }

    #[test]
    fn a_port_that_is_taken_is_replaced_until_there_is_none_left_to_try() {
        let mut office = Office::new(1);
        for port in 2000..2019 {
            office.workers[0].driver().lease(LocalPort { address: 0, port }).unwrap();
        }
        office.ask(apply(1, 1));
        let mut answers = Vec::new();
        for _ in 0..=LEASE_TRIES {
            answers.extend(office.work());
        }
        // One free port is one too few for two sides, however often it is tried.
        assert_eq!(answers, [Response::Refused { session: SessionId(1), reason: Reason::NoResources }]);
        assert!(office.desk.registry.realms(NOW).iter().all(|realm| realm.leased == 0));
        assert!(office.desk.pending.is_empty());
        office.workers[0].driver().release(LocalPort { address: 0, port: 2000 });
        office.workers[0].driver().release(LocalPort { address: 0, port: 2001 });
        (0..10)
            .for_each(|port| office.workers[0].driver().release(LocalPort { address: 0, port: 2002 + port }));
        office.ask(apply(1, 1));
        let answers: Vec<Response> = (0..=LEASE_TRIES).flat_map(|_| office.work()).collect();
        assert!(matches!(answers[..], [Response::Applied { .. }]), "{answers:?}");
    }

    #[test]
    fn a_session_that_is_closed_while_its_ports_are_tried_is_gone() {
        let mut office = Office::new(1);
        for port in 2000..2020 {
            office.workers[0].driver().lease(LocalPort { address: 0, port }).unwrap();
        }
        office.ask(apply(1, 1));
        office.workers[0].turn(Duration::ZERO, || NOW).unwrap();
        office.ask(Request::Close(SessionId(1)));
        let answers: Vec<Response> = (0..3).flat_map(|_| office.work()).collect();
        assert_eq!(
            answers,
            [
                Response::Refused { session: SessionId(1), reason: Reason::SessionUnknown },
                Response::Closed { session: SessionId(1), summary: None },
            ]
        );
        assert!(office.desk.registry.realms(NOW).iter().all(|realm| realm.leased == 0));
    }

    #[test]
    fn the_reports_of_all_workers_make_one_answer() {
        let mut office = Office::new(3);
        (1..=5).for_each(|id| drop(office.ask(apply(id, 1))));
        office.work();
        office.ask(Request::Statistics);
        office.ask(Request::Workers);
        let answers = office.work();
        let [Response::Statistics(counts), Response::Workers(workers)] = &answers[..] else {
            panic!("{answers:?}")
        };
        let count = |name: &str| counts.iter().find(|count| count.name == name).unwrap().value;
        assert_eq!((count("sessions"), count("packets_miscounted")), (5, 0));
        assert!(counts.is_sorted_by(|a, b| a.name < b.name));
        assert_eq!(workers.iter().map(|worker| worker.sessions).sum::<u32>(), 5);
        assert!(workers.iter().all(|worker| worker.driver == "memory" && worker.sessions > 0));
    }

    #[test]
    fn events_go_to_whoever_listens() {
        let mut office = Office::new(1);
        office.ask(apply(1, 1));
        let opened = office.work();
        let [Response::Applied { ports, .. }] = opened[..] else { panic!("{opened:?}") };
        let from = Endpoint::new("198.51.100.1".parse().unwrap(), 4000);
        let packet = [&[0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9][..], &[0; 160]].concat();
        office.workers[0].driver().inject(LocalPort { address: 0, port: ports.a.port() }, from, 0, &packet);
        office.workers[0].turn(Duration::ZERO, || NOW).unwrap();
        let told = office.desk.poll(NOW);
        assert!(matches!(told, Some(Told::Event(Event::FirstMedia { session: SessionId(1), .. }))));
    }
}
