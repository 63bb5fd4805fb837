//! What is known of one node.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use control::{Name, SessionId, SessionState};

use crate::backoff::Backoff;
use crate::capacity::Capacity;
use crate::link::Link;

/// What is known of one node.
pub(crate) struct Node {
    pub(crate) name: Name,
    pub(crate) standing: Standing,
    /// Since when nothing can be asked; nothing while it is up.
    pub(crate) away_since: Option<Duration>,
    /// Whether it was away for so long that its sessions were given up.
    pub(crate) is_given_up: bool,
    pub(crate) backoff: Backoff,
    pub(crate) capacity: Capacity,
    pub(crate) ping_at: Duration,
    /// What is to be asked, in order.
    pub(crate) queue: VecDeque<Task>,
    /// Sessions among the queue that are to be opened.
    pub(crate) opens_waiting: usize,
    /// Sessions that it is to close, or has been asked to.
    pub(crate) closings: BTreeMap<SessionId, Closing>,
    /// Sessions that it has and nobody wishes.
    pub(crate) strays: BTreeMap<SessionId, Stray>,
    /// When the first of them is closed.
    pub(crate) strays_until: Option<Duration>,
}

/// How we stand with a node.
pub(crate) enum Standing {
    /// There is no connection.
    Away {
        /// When one is tried.
        retry_at: Duration,
    },
    /// There is one, and we are getting to know what it has.
    Meeting(Box<Link>),
    /// It can be worked with.
    Up(Box<Link>),
}

/// What is to be asked.
#[derive(Clone, Copy)]
pub(crate) enum Task {
    /// What the session should be next.
    Apply(SessionId),
    /// To close it.
    Close(SessionId),
}

/// A session that is to be closed.
pub(crate) struct Closing {
    /// Whether somebody waits to hear that it is.
    pub(crate) is_awaited: bool,
    /// Whether it stands in the queue or was asked.
    pub(crate) is_asked: bool,
}

/// A session that nobody wishes.
pub(crate) struct Stray {
    /// What the list said of it; nothing if an event told of it.
    pub(crate) state: Option<SessionState>,
    pub(crate) until: Duration,
}

impl Node {
    /// How often its ports are counted, which tells that it lives, too.
    pub(crate) const PING_INTERVAL: Duration = Duration::from_secs(1);

    pub(crate) fn new(now: Duration, name: Name) -> Self {
        Self {
            name,
            standing: Standing::Away { retry_at: now },
            away_since: Some(now),
            is_given_up: false,
            backoff: Backoff::new(),
            capacity: Capacity::default(),
            ping_at: now,
            queue: VecDeque::new(),
            opens_waiting: 0,
            closings: BTreeMap::new(),
            strays: BTreeMap::new(),
            strays_until: None,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        matches!(self.standing, Standing::Up(_))
    }

    pub(crate) fn link(&self) -> Option<&Link> {
        match &self.standing {
            Standing::Away { .. } => None,
            Standing::Meeting(link) | Standing::Up(link) => Some(link),
        }
    }

    pub(crate) fn link_mut(&mut self) -> Option<&mut Link> {
        match &mut self.standing {
            Standing::Away { .. } => None,
            Standing::Meeting(link) | Standing::Up(link) => Some(link),
        }
    }

    /// The link to a node that can be worked with.
    pub(crate) fn link_up(&mut self) -> Option<&mut Link> {
        match &mut self.standing {
            Standing::Away { .. } | Standing::Meeting(_) => None,
            Standing::Up(link) => Some(link),
        }
    }

    /// Notes that a session is to be closed, and asks for it if the node can be asked.
    pub(crate) fn close(&mut self, session: SessionId, is_awaited: bool) {
        let is_up = self.is_up();
        let closing = self.closings.entry(session).or_insert(Closing { is_awaited, is_asked: false });
        closing.is_awaited |= is_awaited;
        if is_up && !core::mem::replace(&mut closing.is_asked, true) {
            self.queue.push_back(Task::Close(session));
        }
    }

    /// Asks once more for what could not be closed.
    pub(crate) fn close_again(&mut self) {
        for (session, closing) in self.closings.iter_mut().filter(|(_, closing)| !closing.is_asked) {
            closing.is_asked = true;
            self.queue.push_back(Task::Close(*session));
        }
    }

    /// Leaves a session alone until then; what was found before keeps its time.
    pub(crate) fn note_stray(&mut self, session: SessionId, state: Option<SessionState>, until: Duration) {
        let known = self.strays.get(&session);
        let (until, known) = known.map_or((until, None), |known| (known.until, known.state));
        self.strays.insert(session, Stray { state: state.or(known), until });
        self.strays_until = Some(self.strays_until.map_or(until, |first| first.min(until)));
    }

    /// Takes the strays whose time is over.
    pub(crate) fn take_overdue_strays(&mut self, now: Duration) -> Vec<SessionId> {
        if self.strays_until.is_none_or(|first| first > now) {
            return Vec::new();
        }
        let is_overdue = |(session, stray): (&SessionId, &Stray)| (stray.until <= now).then_some(*session);
        let overdue: Vec<SessionId> = self.strays.iter().filter_map(is_overdue).collect();
        self.strays.retain(|_, stray| stray.until > now);
        self.strays_until = self.strays.values().map(|stray| stray.until).min();
        overdue
    }
}
