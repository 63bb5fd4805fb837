//! A media process, as seen through its control socket: a client that asks and waits.

mod error;

use std::collections::{BTreeMap, VecDeque};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use control::{
    Client, Count, Event, Heard, Incarnation, Listing, MESSAGE_LEN_MAX, Ports, ProtocolError, Reason,
    Request, RequestId, Response, SessionId, SessionSpec, SessionState, SessionSummary,
};
use socket2::{Domain, SockAddr, Socket, Type};

pub use error::NodeError;

/// A connection to a media process.
///
/// Questions are answered in the order in which they were asked, however many are under way.
pub struct Node {
    path: String,
    socket: Socket,
    client: Client,
    incarnation: Incarnation,
    events: VecDeque<Event>,
    read_timeout: Duration,
    buffer: Vec<u8>,
}

/// The most questions under way: their answers must fit the socket's buffer (208 KB on an untouched Linux) even if
/// nobody reads while we write, at up to 1.25 KB of kernel memory for each.
pub const WINDOW_MAX: usize = 128;

/// The most events that are kept for [`Node::next_event`]; the oldest go first.
pub const EVENTS_MAX: usize = 4096;

/// A media process answers within microseconds; one that takes so long has stopped.
const PATIENCE: Duration = Duration::from_secs(10);

impl Node {
    /// Connects to the socket at this path, and agrees on a version.
    ///
    /// # Errors
    ///
    /// If nobody listens there, nobody answers, or another version is spoken; the error says what to do.
    pub fn connect(path: impl AsRef<Path>) -> Result<Self, NodeError> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let unreachable = |error: std::io::Error| NodeError::Unreachable { path: name.clone(), error };
        let socket = Socket::new(Domain::UNIX, Type::SEQPACKET, None).map_err(unreachable)?;
        SockAddr::unix(path).and_then(|address| socket.connect(&address)).map_err(unreachable)?;
        socket.set_write_timeout(Some(PATIENCE)).map_err(unreachable)?;
        let mut node = Self {
            path: name.clone(),
            socket,
            client: Client::new(),
            incarnation: Incarnation(0),
            events: VecDeque::new(),
            read_timeout: Duration::ZERO,
            buffer: vec![0; MESSAGE_LEN_MAX],
        };
        node.flush()?;
        match node.hear(PATIENCE)? {
            Some(Heard::Welcome { incarnation, .. }) => node.incarnation = incarnation,
            Some(Heard::Response(..) | Heard::Event(_)) | None => return Err(node.silent()),
        }
        Ok(node)
    }

    /// Returns which start of the media process this is.
    #[must_use]
    pub fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// Asks one question.
    ///
    /// # Errors
    ///
    /// If the connection ends. A refusal is an answer, not an error.
    pub fn ask(&mut self, request: Request) -> Result<Response, NodeError> {
        self.ask_all([request], 1)?.pop().ok_or_else(|| self.silent())
    }

    /// Asks many questions, up to `window` of them under way at once; the answers stand in the order of the questions.
    ///
    /// # Errors
    ///
    /// If the connection ends.
    pub fn ask_all(
        &mut self,
        requests: impl IntoIterator<Item = Request>,
        window: usize,
    ) -> Result<Vec<Response>, NodeError> {
        let window = window.clamp(1, WINDOW_MAX);
        let mut requests = requests.into_iter().enumerate();
        let mut open: BTreeMap<RequestId, usize> = BTreeMap::new();
        let mut answers: Vec<Option<Response>> = Vec::new();
        loop {
            while open.len() < window {
                let Some((place, request)) = requests.next() else { break };
                // The window is far narrower than what the client takes.
                let Ok(id) = self.client.request(request) else { return Err(self.silent()) };
                open.insert(id, place);
                answers.push(None);
            }
            if open.is_empty() {
                return Ok(answers.into_iter().flatten().collect());
            }
            self.flush()?;
            if let Some(Heard::Response(id, response)) = self.hear(PATIENCE)?
                && let Some(place) = open.remove(&id)
            {
                answers[place] = Some(response);
            }
        }
    }

    /// Makes many sessions as they should be; says for each what ports it has, or why it is not so.
    ///
    /// # Errors
    ///
    /// If the connection ends.
    pub fn apply_all(
        &mut self,
        specs: impl IntoIterator<Item = SessionSpec>,
        window: usize,
    ) -> Result<Vec<Result<Ports, Reason>>, NodeError> {
        let requests = specs.into_iter().map(|spec| Request::Apply(Box::new(spec)));
        let answers = self.ask_all(requests, window)?;
        let granted = |answer| {
            if let Response::Applied { ports, .. } = answer {
                return Ok(Ok(ports));
            }
            let Response::Refused { reason, .. } = answer else {
                return Err(unexpected("an answer to a wish"));
            };
            Ok(Err(reason))
        };
        answers.into_iter().map(granted).collect()
    }

    /// Ends many sessions; says for each what it relayed, if it was known.
    ///
    /// # Errors
    ///
    /// If the connection ends.
    pub fn close_all(
        &mut self,
        sessions: impl IntoIterator<Item = SessionId>,
        window: usize,
    ) -> Result<Vec<Option<SessionSummary>>, NodeError> {
        let answers = self.ask_all(sessions.into_iter().map(Request::Close), window)?;
        let summary = |answer| if let Response::Closed { summary, .. } = answer { summary } else { None };
        Ok(answers.into_iter().map(summary).collect())
    }

    /// Says of many sessions what they relayed so far; nothing of those that are unknown.
    ///
    /// # Errors
    ///
    /// If the connection ends.
    pub fn summaries(
        &mut self,
        sessions: impl IntoIterator<Item = SessionId>,
        window: usize,
    ) -> Result<Vec<Option<SessionSummary>>, NodeError> {
        let answers = self.ask_all(sessions.into_iter().map(Request::Describe), window)?;
        let summary =
            |answer| if let Response::Session { summary, .. } = answer { Some(summary) } else { None };
        Ok(answers.into_iter().map(summary).collect())
    }

    /// Lists all sessions, page by page.
    ///
    /// # Errors
    ///
    /// If the connection ends.
    pub fn sessions(&mut self) -> Result<Vec<SessionState>, NodeError> {
        let mut listing = Listing::new();
        while let Some(request) = listing.request() {
            let Response::Sessions(page) = self.ask(request)? else {
                return Err(unexpected("a page of sessions"));
            };
            listing.add(&page).map_err(NodeError::Protocol)?;
        }
        Ok(listing.sessions().to_vec())
    }

    /// Says what the media process has counted since it started.
    ///
    /// # Errors
    ///
    /// If the connection ends.
    pub fn statistics(&mut self) -> Result<Vec<Count>, NodeError> {
        let Response::Statistics(counts) = self.ask(Request::Statistics)? else {
            return Err(unexpected("statistics"));
        };
        Ok(counts)
    }

    /// Returns the next event, once [`Request::Subscribe`] was asked; none if there is none for so long.
    ///
    /// # Errors
    ///
    /// If the connection ends.
    pub fn next_event(&mut self, wait: Duration) -> Result<Option<Event>, NodeError> {
        if self.events.is_empty() {
            self.hear(wait)?;
        }
        Ok(self.events.pop_front())
    }

    /// Sends what waits.
    fn flush(&mut self) -> Result<(), NodeError> {
        while let Some(message) = self.client.peek_message() {
            match self.socket.send(message) {
                Ok(_) => self.client.message_sent(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(())
    }

    /// Hears one message; none if there was an event, or nothing for so long while nothing was asked.
    fn hear(&mut self, wait: Duration) -> Result<Option<Heard>, NodeError> {
        // The socket takes a timeout of zero for none at all.
        let wait = wait.max(Duration::from_micros(1));
        if self.read_timeout != wait {
            self.socket.set_read_timeout(Some(wait)).map_err(|error| self.failed(error))?;
            self.read_timeout = wait;
        }
        let len = loop {
            match (&self.socket).read(&mut self.buffer) {
                Ok(0) => return Err(NodeError::Closed { path: self.path.clone() }),
                Ok(len) => break len,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return if self.client.unanswered() == 0 { Ok(None) } else { Err(self.silent()) };
                }
                Err(error) => return Err(self.failed(error)),
            }
        };
        let heard = self.client.handle(&self.buffer[..len]).map_err(NodeError::Protocol)?;
        let Heard::Event(event) = heard else { return Ok(Some(heard)) };
        if self.events.len() == EVENTS_MAX {
            self.events.pop_front();
        }
        self.events.push_back(event);
        Ok(None)
    }

    fn failed(&self, error: std::io::Error) -> NodeError {
        let path = self.path.clone();
        if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) {
            NodeError::Closed { path }
        } else if error.kind() == ErrorKind::WouldBlock {
            self.silent()
        } else {
            NodeError::Unreachable { path, error }
        }
    }

    fn silent(&self) -> NodeError {
        NodeError::Silent { path: self.path.clone(), seconds: PATIENCE.as_secs() }
    }
}

/// The client pairs answers with questions, so that this is a mistake of its, or ours.
fn unexpected(wanted: &'static str) -> NodeError {
    NodeError::Protocol(ProtocolError::Unexpected { wanted, found: "an answer of another kind" })
}
