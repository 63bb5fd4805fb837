//! The sessions of a run: opened in the media process, and closed again whatever happens.

mod randomness;

use core::fmt;
use core::net::IpAddr;

use control::{
    Epoch, Name, Ports, Protection, Reason, Request, Response, Rtcp, SessionId, SessionSpec, SessionSummary,
    SideSpec,
};
use crypto::{MasterKey, Opener, Sealer, Suite, WindowSize};
use netio::{Endpoint, LeaseError, LocalPort};
use wire::rtp::{PayloadType, Sequence, Ssrc, Timestamp};

use crate::media::books::Books;
use crate::media::flow::{Direction, Flow, Reception, Source};
use crate::media::permission::{self, NotPrivate};
use crate::media::ports::{Choice, Taken};
use crate::media::side::Side;
use crate::media::side::drivers::endpoint;
use crate::media::stamp::{FlowId, RunId};
use crate::media::traffic::Parties;
use crate::node::{Node, NodeError, WINDOW_MAX};
use randomness::Randomness;

/// What sessions are wanted.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many.
    pub sessions: u32,
    /// Whether side B sends, too.
    pub both_ways: bool,
    /// Bytes of each payload.
    pub payload_len: usize,
    /// How side A and side B protect their media; in clear if not at all.
    pub suites: [Option<Suite>; 2],
    /// The realms of side A and side B; that which the media process names first if there is none.
    pub realms: [Option<Name>; 2],
    /// Whether RTCP is to share the ports of RTP.
    pub rtcp_mux: bool,
    /// Our addresses on side A and side B.
    pub addresses: [IpAddr; 2],
    /// The first of our ports.
    pub first_port: u16,
    /// Whether the caller answers for every address.
    pub owns_network: bool,
    /// Ports of ours on each address that no session is to know.
    pub strangers: usize,
}

/// PCMU (RFC 3551 section 6).
const PAYLOAD_TYPE: u8 = 0;

/// Sessions that are open in the media process. They are closed when this goes.
pub struct Open<'n> {
    node: &'n mut Node,
    sessions: Vec<SessionId>,
    strangers: Vec<LocalPort>,
    is_closed: bool,
}

impl Plan {
    /// Returns our addresses, each once.
    #[must_use]
    pub fn own_addresses(&self) -> Vec<IpAddr> {
        let [a, b] = self.addresses;
        if a == b { vec![a] } else { vec![a, b] }
    }

    /// Opens the sessions: leases our ports, has the media process lease its own, and brings the parties together.
    ///
    /// # Errors
    ///
    /// If a port, a realm or a session is not to be had; sessions that were opened before are closed again.
    pub fn open<'n>(
        &self,
        node: &'n mut Node,
        side: &mut dyn Side,
    ) -> Result<(Open<'n>, Parties), OpenError> {
        for address in self.addresses {
            permission::allow(address, self.owns_network)?;
        }
        let (realms, taken) = self.look_at_realms(node)?;
        let (locals, strangers) = self.lease(side, &taken)?;
        let mut random = Randomness::open().map_err(OpenError::Randomness)?;
        let first_id = random.u64() >> 1;
        let open = Open {
            node,
            sessions: (0..self.sessions.into()).map(|count| SessionId(first_id + count)).collect(),
            strangers,
            is_closed: false,
        };
        let (mut sealers, mut openers) = (Vec::new(), Vec::new());
        let specs = open.sessions.iter().zip(&locals).map(|(id, locals)| {
            let keys = self.suites.map(|suite| suite.map(|suite| random.keys(suite)));
            for direction in self.directions() {
                let (near, far) = ends(*direction);
                sealers.extend(keys[near].as_ref().map(|(from_peer, _)| Sealer::new(from_peer)));
                let wide = |key| Opener::with_window(key, WindowSize::MAX);
                openers.extend(keys[far].as_ref().map(|(_, to_peer)| wide(to_peer)));
            }
            self.spec(*id, &realms, locals, keys)
        });
        let granted = open.node.apply_all(specs, WINDOW_MAX)?;
        let mut ports = Vec::with_capacity(granted.len());
        for (place, granted) in granted.into_iter().enumerate() {
            let granted =
                granted.map_err(|reason| OpenError::Refused { place, of: self.sessions, reason })?;
            for device in [granted.a, granted.b] {
                permission::allow(device.ip(), self.owns_network)?;
            }
            ports.push(granted);
        }
        let flows = self.flows(&mut random, &locals, &ports);
        let (run, addresses) = (RunId(random.u64() as u16), self.own_addresses().len());
        let parties = Parties { run, payload_len: self.payload_len, flows, addresses, sealers, openers };
        Ok((open, parties))
    }

    fn directions(&self) -> &'static [Direction] {
        if self.both_ways { &Direction::BOTH } else { &[Direction::AToB] }
    }

    /// Asks which realms there are: for the names of ours, and for the ports that we keep away from.
    fn look_at_realms(&self, node: &mut Node) -> Result<([Name; 2], Vec<Taken>), OpenError> {
        let Response::Realms(states) = node.ask(Request::Realms)? else { return Err(OpenError::NoRealm) };
        let first = states.first().map(|state| state.realm.clone());
        let [a, b] = self.realms.clone().map(|realm| realm.or_else(|| first.clone()));
        let (Some(a), Some(b)) = (a, b) else { return Err(OpenError::NoRealm) };
        let taken = states.iter().map(|state| Taken {
            address: state.address,
            first: state.first_port,
            last: state.last_port,
        });
        Ok(([a, b], taken.collect()))
    }

    /// Leases our two ports of every session, and those of strangers.
    fn lease(&self, side: &mut dyn Side, taken: &[Taken]) -> Result<Leased, OpenError> {
        let [a, b] = self.addresses;
        let mut near = Choice::new(0, a, self.first_port, taken);
        let mut far = (a != b).then(|| Choice::new(1, b, self.first_port, taken));
        let mut lease = |choice: &mut Choice<'_>| {
            for port in choice {
                match side.lease(port) {
                    Ok(()) => return Ok(port),
                    // Somebody else has it.
                    Err(LeaseError::InUse) => {}
                    Err(error) => {
                        return Err(OpenError::NoPort { port: Some(port.port), error: Some(error) });
                    }
                }
            }
            Err(OpenError::NoPort { port: None, error: None })
        };
        let mut locals = Vec::new();
        for _ in 0..self.sessions {
            let local_a = lease(&mut near)?;
            locals.push([local_a, lease(far.as_mut().unwrap_or(&mut near))?]);
        }
        let mut strangers = Vec::new();
        for choice in [Some(&mut near), far.as_mut()].into_iter().flatten() {
            for _ in 0..self.strangers {
                strangers.push(lease(choice)?);
            }
        }
        Ok((locals, strangers))
    }

    /// Says what a session is to be. The first key of a side is that of its peer.
    fn spec(
        &self,
        id: SessionId,
        realms: &[Name; 2],
        locals: &[LocalPort; 2],
        keys: [Option<(MasterKey, MasterKey)>; 2],
    ) -> SessionSpec {
        let own_addresses = self.own_addresses();
        let [a, b] = keys;
        let side = |place: usize, keys: Option<(MasterKey, MasterKey)>| {
            let remote = endpoint(&own_addresses, locals[place]).into();
            let mut side = SideSpec::new(realms[place].clone(), Some(remote));
            if self.rtcp_mux {
                side.rtcp = Rtcp::Muxed;
            }
            if let Some((from_peer, to_peer)) = keys {
                (side.receive, side.send) = (Protection::Srtp(from_peer), Protection::Srtp(to_peer));
            }
            side
        };
        SessionSpec { id, epoch: Epoch(1), media_timeout_s: 0, sides: [side(0, a), side(1, b)] }
    }

    /// Makes the flows of all sessions, in the order in which their sealers and openers were made.
    fn flows(&self, random: &mut Randomness, locals: &[[LocalPort; 2]], ports: &[Ports]) -> Vec<Flow> {
        let payload_type = PayloadType::new(PAYLOAD_TYPE).expect("PCMU fits seven bits");
        let first_ssrc = random.u64() as u32;
        let (mut sealers, mut openers) = (0.., 0..);
        let mut flows = Vec::new();
        for (locals, ports) in locals.iter().zip(ports) {
            let devices = [Endpoint::from(ports.a), Endpoint::from(ports.b)];
            for direction in self.directions() {
                let (near, far) = ends(*direction);
                let id = FlowId(flows.len() as u32);
                let source = Source {
                    ssrc: Ssrc(first_ssrc.wrapping_add(id.0)),
                    payload_type,
                    sequence: Sequence(random.u64() as u16),
                    timestamp: Timestamp(random.u64() as u32),
                };
                flows.push(Flow {
                    id,
                    direction: *direction,
                    leaves: locals[near],
                    to: devices[near],
                    arrives: locals[far],
                    from: devices[far],
                    sent: source,
                    expected: source,
                    sealer: self.suites[near].and_then(|_| sealers.next()),
                    opener: self.suites[far].and_then(|_| openers.next()),
                    reception: Reception::default(),
                });
            }
        }
        flows
    }
}

/// Our two ports of every session, and ports that no session knows.
type Leased = (Vec<[LocalPort; 2]>, Vec<LocalPort>);

/// The side that a direction begins at, and the one that it ends at.
fn ends(direction: Direction) -> (usize, usize) {
    match direction {
        Direction::AToB => (0, 1),
        Direction::BToA => (1, 0),
    }
}

impl Open<'_> {
    /// Asks the media process for its own account: what all A sides sent, and what all B sides sent, session by session.
    ///
    /// # Errors
    ///
    /// If the connection ends.
    pub fn summaries(&mut self) -> Result<Vec<SessionSummary>, NodeError> {
        let summaries = self.node.summaries(self.sessions.iter().copied(), WINDOW_MAX)?;
        Ok(summaries.into_iter().flatten().collect())
    }

    /// Asks the media process for its account of all packets.
    ///
    /// # Errors
    ///
    /// If the connection ends.
    pub fn books(&mut self) -> Result<Books, NodeError> {
        Ok(Books::from_counts(&self.node.statistics()?))
    }

    /// Returns our ports that no session knows.
    #[must_use]
    pub fn strangers(&self) -> &[LocalPort] {
        &self.strangers
    }

    /// Closes the sessions.
    ///
    /// # Errors
    ///
    /// If the connection ends; the sessions then go on.
    pub fn close(mut self) -> Result<(), NodeError> {
        self.is_closed = true;
        self.node.close_all(self.sessions.iter().copied(), WINDOW_MAX).map(drop)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.is_closed {
            // Whoever is on the way out with an error tells that one.
            let _ = self.node.close_all(self.sessions.iter().copied(), WINDOW_MAX);
        }
    }
}

/// Why there are no sessions.
#[derive(Debug)]
pub enum OpenError {
    /// Our own port cannot be used, or there are not enough.
    NoPort {
        /// Which one; none if all are in use.
        port: Option<u16>,
        /// Why.
        error: Option<LeaseError>,
    },
    /// The media process has no realm.
    NoRealm,
    /// The media process cannot be asked.
    Node(NodeError),
    /// An address may be anybody's.
    NotPrivate(NotPrivate),
    /// The system gives no random numbers for keys.
    Randomness(std::io::Error),
    /// The media process refused a session.
    Refused {
        /// Which one, counted from zero.
        place: usize,
        /// Of how many.
        of: u32,
        /// Why.
        reason: Reason,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPort { port: Some(port), error: Some(error) } => {
                let advice = match error {
                    LeaseError::NoDescriptors => "; type: ulimit -n 65536",
                    LeaseError::NotLocal => "; name an address of this host, or use --side packet",
                    LeaseError::InUse | LeaseError::NoMemory | LeaseError::Refused(_) => "",
                };
                write!(f, "our port {port}: {error}{advice}")
            }
            Self::NoPort { .. } => f.write_str(
                "our ports: wanted two even ports for each session that no realm has, found too few; name another \
                 --address, such as 127.0.0.2 on loopback, or a --far-address of its own",
            ),
            Self::NoRealm => f.write_str("the media process: wanted a realm, found none; give it one to lease ports of"),
            Self::Node(error) => error.fmt(f),
            Self::NotPrivate(error) => error.fmt(f),
            Self::Randomness(error) => write!(f, "the system gives no random numbers: {error}"),
            Self::Refused { place, of, reason } => {
                let advice = match reason {
                    Reason::PortsExhausted | Reason::SessionsFull => "; ask for fewer --flows",
                    Reason::RealmUnknown => "; name another --realm",
                    Reason::NoResources => "; look into the log of the media process",
                    Reason::WorkerBusy => "; try again",
                    Reason::EpochOld | Reason::Immutable | Reason::SessionUnknown | Reason::Invalid => "",
                };
                write!(f, "session {} of {of}: refused: {}{advice}", place + 1, reason.word())
            }
        }
    }
}

impl core::error::Error for OpenError {}

impl From<NodeError> for OpenError {
    fn from(error: NodeError) -> Self {
        Self::Node(error)
    }
}

impl From<NotPrivate> for OpenError {
    fn from(error: NotPrivate) -> Self {
        Self::NotPrivate(error)
    }
}
