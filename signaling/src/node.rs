//! The loop of the signaling process: messages, names, media and records go in and out of the engine, which decides.
//!
//! One thread owns all of it. Each turn waits for the sockets, gives the engine what came, and does what it wants in the
//! order in which it wants it: what belongs into the journal is on the disk before anybody outside sees its effect.

mod guard;
mod manipulations;
mod media;
mod metrics;
mod setup;
mod watch;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use books::Books;
use call::{Engine, Input, Moment, Output, ResolveFailure, Wish};
use fleet::Fleet;
use telemetry::metrics::Publisher;
use transport::resolve::{Answer, Query, ResolveError, Resolver};
use transport::{Arrival, Bound, Transport, Waker};
use trunk::snapshot::Snapshot;

use guard::Listed;
use metrics::Metrics;
pub use setup::{Setup, StartError};
use watch::{Change, Watch};

/// How long a turn waits at most, when nothing is due.
const IDLE: Duration = Duration::from_millis(50);
/// How often it is noted that the process is alive.
const PULSE: Duration = Duration::from_secs(1);

/// How long the sockets may hold more than a turn takes: a burst of some hundred calls passes, and whoever waits behind
/// that is served before it asks again, which it does after half a second (RFC 3261 section 17.1.1.1).
const BEHIND_MAX: Duration = Duration::from_millis(100);

/// The signaling process.
pub struct Node {
    transport: Transport,
    resolver: Resolver,
    fleet: Fleet,
    engine: Engine,
    books: Books,
    guard: Listed,
    watch: Watch,
    metrics: Metrics,
    publisher: Publisher,
    started: Instant,
    pulsed: Duration,
    /// Since when the sockets were not emptied.
    behind_since: Option<Duration>,
    is_pressed: bool,
    is_open: bool,
    is_ending: bool,
}

/// Asks a node to end, from anywhere.
#[derive(Clone)]
pub struct Stop {
    flag: Arc<AtomicBool>,
    waker: Waker,
}

impl Stop {
    /// Asks: no call is taken any more, and the node ends when the last one is over, or when it has waited long enough.
    pub fn ask(&self) {
        self.flag.store(true, Ordering::SeqCst);
        self.waker.wake();
    }
}

impl Node {
    /// Returns where messages come in.
    pub fn listeners(&self) -> &[Bound] {
        self.transport.listeners()
    }

    /// Returns what asks this node to end.
    pub fn stop(&self) -> Stop {
        Stop { flag: Arc::new(AtomicBool::new(false)), waker: self.transport.waker() }
    }

    /// Works until it is asked to end. Calls that are not over after `patience` stay open in the journal.
    ///
    /// # Errors
    ///
    /// If the kernel does not let it wait for its sockets.
    pub fn run(mut self, stop: &Stop, patience: Duration) -> io::Result<()> {
        let mut deadline = None;
        loop {
            self.turn()?;
            if !stop.flag.load(Ordering::SeqCst) {
                continue;
            }
            let now = self.started.elapsed();
            let until = *deadline.get_or_insert_with(|| now + patience);
            self.is_ending = true;
            self.admit();
            if self.engine.calls() == 0 || now >= until {
                self.act();
                self.books.close();
                return Ok(());
            }
        }
    }

    fn turn(&mut self) -> io::Result<()> {
        let moment = self.moment();
        let wait = self.patience(moment.elapsed);
        let (engine, fleet, guard) = (&mut self.engine, &mut self.fleet, &self.guard);
        let started = self.started;
        let mut woken = None;
        self.transport.poll(Some(wait), guard, &mut |arrival| {
            woken.get_or_insert_with(Instant::now);
            let moment = moment_since(started);
            match arrival {
                Arrival::Message { flow, bytes } => engine.handle(moment, Input::Received { flow, bytes }),
                Arrival::Failed { destination, .. } => {
                    engine.handle(moment, Input::SendFailed { destination });
                }
                Arrival::Guest(token) => fleet.ready(token, moment.elapsed),
                Arrival::Closed { .. } | Arrival::Woken => {}
            }
        })?;
        let woken = woken.unwrap_or_else(Instant::now);
        self.notice_pressure();
        self.hear_names();
        self.hear_media();
        self.look_around();
        let moment = self.moment();
        if self.engine.next_timeout().is_some_and(|due| due <= moment.elapsed) {
            self.engine.handle(moment, Input::Timer);
        }
        self.act();
        self.metrics.turn.record_duration(woken.elapsed());
        Ok(())
    }

    /// Returns how long nothing is due.
    fn patience(&self, now: Duration) -> Duration {
        let due = [self.engine.next_timeout(), self.fleet.next_timeout()];
        let soonest = due.into_iter().flatten().map(|due| due.saturating_sub(now)).min();
        soonest.unwrap_or(IDLE).min(IDLE)
    }

    /// Does what the engine wants, until it wants nothing more: first what belongs into the journal, and when that is
    /// written, what others see.
    fn act(&mut self) {
        let mut visible = Vec::new();
        loop {
            while let Some(output) = self.engine.poll() {
                match output {
                    Output::Begin(attempt) => self.books.begin(&attempt),
                    Output::Resumed(attempt) => self.books.resume(&attempt),
                    Output::Answered { attempt, connector, at } => {
                        self.metrics.answered.add(1);
                        self.books.answer(attempt, connector, at);
                    }
                    Output::End(ended) => {
                        self.metrics.ended.at(ended.status.into()).add(1);
                        self.books.end(&ended);
                    }
                    Output::Note(note) => books::note(&note),
                    Output::Send { .. } | Output::Resolve { .. } | Output::Media(_) => visible.push(output),
                }
            }
            let unkept = self.books.flush();
            if unkept.is_empty() {
                break;
            }
            for call in unkept {
                self.engine.handle(self.moment(), Input::NoRoom { call });
            }
        }
        // At once, while there is room for the records of those that are refused.
        if self.is_open && !self.books.has_room() {
            self.admit();
        }
        for output in visible {
            self.show(output);
        }
    }

    /// Does what others see.
    fn show(&mut self, output: Output) {
        match output {
            Output::Send { to, bytes } => self.transport.send(&to, &bytes),
            Output::Resolve { query, host, port, protocols } => {
                self.resolver.ask(Query { name: host, port, protocols }, query);
            }
            Output::Media(wish) => self.wish(wish),
            Output::Begin(_)
            | Output::Resumed(_)
            | Output::Answered { .. }
            | Output::End(_)
            | Output::Note(_) => {
                unreachable!("these are the journal's")
            }
        }
    }

    fn wish(&mut self, wish: Wish) {
        let now = self.started.elapsed();
        match wish {
            Wish::Open(spec) => self.fleet.open(now, *spec),
            Wish::Update(spec) => drop(self.fleet.update(now, *spec)),
            Wish::Close(session) => self.fleet.close(now, session),
        }
    }

    fn hear_names(&mut self) {
        while let Some(Answer { token, protocol, result }) = self.resolver.next_answer() {
            let addresses = result.map_err(|error| match error {
                ResolveError::NotFound | ResolveError::Invalid => ResolveFailure::NotFound,
                ResolveError::TimedOut | ResolveError::Full => ResolveFailure::Unavailable,
            });
            self.engine.handle(self.moment(), Input::Resolved { query: token, protocol, addresses });
        }
    }

    fn hear_media(&mut self) {
        let now = self.started.elapsed();
        if self.fleet.next_timeout().is_some_and(|due| due <= now) {
            self.fleet.handle_timeout(now);
        }
        while let Some(event) = self.fleet.poll_event() {
            if let Some(event) = media::event(event) {
                self.engine.handle(self.moment(), Input::Media(event));
            }
        }
    }

    /// Takes what has changed outside meanwhile, and shows that it is alive.
    fn look_around(&mut self) {
        let now = self.started.elapsed();
        if now.saturating_sub(self.pulsed) >= PULSE {
            self.pulsed = now;
            self.books.pulse();
            self.admit();
            let rooms = (&self.engine, &self.transport, &self.fleet, &self.books);
            self.publisher.publish(now, |snapshot| self.metrics.tell_all(snapshot, rooms));
        }
        while let Some(change) = self.watch.next() {
            match change {
                Change::Provisioned(snapshot) => self.adopt(snapshot),
                Change::Certificate(tls) => self.transport.replace_tls(tls),
            }
        }
    }

    /// Takes no new call while the sockets have not been emptied for so long: whoever is refused at once is better off
    /// than whoever is served too late, and the calls that are there are served in time.
    fn notice_pressure(&mut self) {
        let now = self.started.elapsed();
        self.behind_since = self.transport.is_behind().then(|| self.behind_since.unwrap_or(now));
        let is_high = self.behind_since.is_some_and(|since| now.saturating_sub(since) >= BEHIND_MAX);
        if is_high != self.is_pressed {
            self.is_pressed = is_high;
            self.engine.handle(self.moment(), Input::Pressure { is_high });
        }
    }

    fn adopt(&mut self, snapshot: Arc<Snapshot>) {
        self.guard = Listed::new(Arc::clone(&snapshot));
        self.engine.handle(self.moment(), Input::Snapshot(snapshot));
    }

    /// Takes new calls as long as the journal has room for them, and nobody wants this to end.
    fn admit(&mut self) {
        let open = self.books.has_room() && !self.is_ending;
        if open != self.is_open {
            self.is_open = open;
            self.engine.handle(self.moment(), Input::Admission { open });
        }
    }

    fn moment(&self) -> Moment {
        moment_since(self.started)
    }
}

fn moment_since(started: Instant) -> Moment {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment { elapsed: started.elapsed(), unix }
}
