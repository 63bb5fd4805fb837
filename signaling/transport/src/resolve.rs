//! Names to addresses, as RFC 3263 says, without making anybody wait.
//!
//! A thread of its own speaks to the DNS servers and keeps what they said. Whoever asks gets the answer later, after
//! the waker of the transport: see [`Resolver::ask`].

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sip::flow::Protocol;

use crate::error::SetupError;
use crate::transport::Waker;

pub mod message;

mod cache;
mod route;
mod service;
mod system;
mod wire;

/// What is to be resolved: where requests for a URI or a Via go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// A name, or an address as a URI has it.
    pub name: String,
    /// The port, if the URI names one. Then there is nothing to choose from.
    pub port: Option<u16>,
    /// How the message may travel. Among several the name says which, and the first is taken if it does not.
    pub protocols: Vec<Protocol>,
}

impl Query {
    /// Returns the address if the name is one: nobody needs to be asked.
    pub fn address(&self) -> Option<SocketAddr> {
        let bare = self.name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(&self.name);
        let address: IpAddr = bare.parse().ok()?;
        Some(SocketAddr::new(address, self.port.unwrap_or(default_port(self.first()))))
    }

    /// Returns how the message travels if the name does not say.
    fn first(&self) -> Protocol {
        self.protocols.first().copied().unwrap_or(Protocol::Udp)
    }
}

/// RFC 3261 section 19.1.2.
const fn default_port(protocol: Protocol) -> u16 {
    match protocol {
        Protocol::Udp | Protocol::Tcp => 5060,
        Protocol::Tls => 5061,
    }
}

/// What became of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The number that the query came with.
    pub token: u64,
    /// How to try.
    pub protocol: Protocol,
    /// Where to try, in this order.
    pub result: Result<Vec<SocketAddr>, ResolveError>,
}

/// Why there is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResolveError {
    /// The name has no address, or does not want to be called that way; whoever configured it is at fault.
    NotFound,
    /// It is no name.
    Invalid,
    /// No server answered in time, and nothing is left of an earlier answer.
    TimedOut,
    /// Too many are being asked for.
    Full,
}

impl ResolveError {
    /// Returns the reason in one word, for metrics and logs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Invalid => "invalid",
            Self::TimedOut => "timed_out",
            Self::Full => "full",
        }
    }
}

/// Who knows names.
#[derive(Clone, Debug, Default)]
pub struct ResolverSetup {
    /// DNS servers that resolve for others, in the order in which they are asked.
    pub servers: Vec<SocketAddr>,
    /// Names that are known without a server. They are not asked for, and have no services (SRV).
    pub hosts: HashMap<String, Vec<IpAddr>>,
}

impl ResolverSetup {
    /// Takes the servers of `/etc/resolv.conf` and the names of `/etc/hosts`. What cannot be read is not there.
    pub fn of_system() -> Self {
        system::read()
    }

    /// Adds a name, in the place of what is known of it.
    #[must_use]
    pub fn with_host(mut self, name: &str, addresses: &[IpAddr]) -> Self {
        self.hosts.insert(name.to_ascii_lowercase(), addresses.to_vec());
        self
    }
}

/// How long a query may take.
const QUERY_TIME: Duration = Duration::from_secs(2);

/// Queries that wait for their answers.
const QUERIES_MAX: usize = 1024;

/// Resolves names. Dropped, it ends its thread.
pub struct Resolver {
    queries: Option<Sender<(Query, u64)>>,
    answers: Receiver<Answer>,
    /// Answers that needed no server.
    at_hand: VecDeque<Answer>,
    waker: Waker,
    bell: Arc<mio::Waker>,
    waiting: usize,
    thread: Option<JoinHandle<()>>,
}

impl Resolver {
    /// Starts the thread. Each answer wakes the transport.
    ///
    /// # Errors
    /// If the kernel gives no thread or no descriptor.
    pub fn start(setup: ResolverSetup, waker: Waker) -> Result<Self, SetupError> {
        let (queries, asked) = mpsc::channel();
        let (answering, answers) = mpsc::channel();
        let wake = waker.clone();
        let answer = move |answer| {
            if answering.send(answer).is_ok() {
                wake.wake();
            }
        };
        let (service, bell) = service::Service::new(setup, asked).map_err(SetupError::Kernel)?;
        let builder = thread::Builder::new().name("resolver".to_owned());
        let thread = builder.spawn(move || service.run(answer)).map_err(SetupError::Kernel)?;
        let bell = Arc::new(bell);
        let (queries, thread) = (Some(queries), Some(thread));
        Ok(Self { queries, answers, at_hand: VecDeque::new(), waker, bell, waiting: 0, thread })
    }

    /// Asks. Exactly one answer with the same token follows, within about two seconds.
    pub fn ask(&mut self, query: Query, token: u64) {
        let protocol = query.first();
        let result = match query.address() {
            Some(address) => Ok(vec![address]),
            None if self.waiting >= QUERIES_MAX => Err(ResolveError::Full),
            None => {
                let is_asked =
                    self.queries.as_ref().is_some_and(|queries| queries.send((query, token)).is_ok());
                if is_asked {
                    self.waiting += 1;
                    // It can fail for lack of memory in the kernel only; then the thread looks at its next timeout.
                    let _ = self.bell.wake();
                    return;
                }
                Err(ResolveError::TimedOut)
            }
        };
        self.at_hand.push_back(Answer { token, protocol, result });
        self.waker.wake();
    }

    /// Returns the next answer that has come.
    pub fn next_answer(&mut self) -> Option<Answer> {
        if let Some(answer) = self.at_hand.pop_front() {
            return Some(answer);
        }
        let answer = self.answers.try_recv().ok()?;
        self.waiting = self.waiting.saturating_sub(1);
        Some(answer)
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        self.queries = None;
        let is_told = self.bell.wake().is_ok();
        if let Some(thread) = self.thread.take()
            && is_told
        {
            // It never panics on what comes from the network, and there is nothing to be done here if it did.
            let _ = thread.join();
        }
    }
}
