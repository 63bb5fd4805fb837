//! A transport with peers around it. `127.0.0.1` is known, every other address is a stranger, and `ours.example` is a
//! host of ours.

use std::io::{ErrorKind, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};
use sip::flow::{Destination, Flow, Protocol, Target};
use transport::certificate::{Kept, keep};
use transport::tls::Roots;
use transport::{Arrival, Count, Failure, Guard, Limits, Listener, Setup, Tls, Transport};

pub(crate) const KNOWN: Ipv4Addr = Ipv4Addr::LOCALHOST;
pub(crate) const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);
pub(crate) const ZONE: &str = "ours.example";

/// Whatever does not happen in this time does not happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// What arrived, as somebody can keep it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Message(Flow, String),
    Failed(Destination, Failure),
    Closed(Flow),
    Guest(usize),
    Woken,
}

impl Event {
    pub(crate) fn message(&self) -> Option<(&Flow, &str)> {
        match self {
            Self::Message(flow, text) => Some((flow, text)),
            Self::Failed(..) | Self::Closed(_) | Self::Guest(_) | Self::Woken => None,
        }
    }
}

struct OneHost;

impl Guard for OneHost {
    fn knows(&self, source: IpAddr) -> bool {
        source == IpAddr::from(KNOWN) || source == IpAddr::from(std::net::Ipv6Addr::LOCALHOST)
    }

    fn is_host(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(ZONE) || name.eq_ignore_ascii_case("sip.ours.example")
    }
}

pub(crate) struct Scene {
    pub(crate) transport: Transport,
    pub(crate) events: Vec<Event>,
    /// What was shown by TLS, if it is there.
    pub(crate) kept: Option<Kept>,
}

impl Scene {
    /// Listens by each protocol on an address.
    pub(crate) fn on(protocols: &[Protocol], address: &str, limits: Limits) -> Self {
        let kept = protocols.contains(&Protocol::Tls).then(authority);
        let tls = kept.as_ref().map(|kept| Tls::new(&kept.identity, &roots(&kept.root_pem)).unwrap());
        let address: SocketAddr = format!("{address}:0").parse().unwrap();
        let listeners = protocols.iter().map(|&protocol| Listener { protocol, address, advertised: None });
        let setup = Setup { listeners: listeners.collect(), limits, tls };
        Self { transport: Transport::open(&setup).unwrap(), events: Vec::new(), kept }
    }

    pub(crate) fn new(protocol: Protocol) -> Self {
        Self::on(&[protocol], "127.0.0.1", Limits::default())
    }

    pub(crate) fn with_limits(protocol: Protocol, limits: Limits) -> Self {
        Self::on(&[protocol], "127.0.0.1", limits)
    }

    pub(crate) fn address(&self, listener: usize) -> SocketAddr {
        self.transport.listeners()[listener].address
    }

    pub(crate) fn count(&self, count: Count) -> u64 {
        self.transport.counters().of(count)
    }

    /// One turn; a wait of zero is one without waiting.
    pub(crate) fn turn(&mut self, wait: Duration) {
        let Self { transport, events, .. } = self;
        let keep = &mut |arrival: Arrival<'_>| {
            events.push(match arrival {
                Arrival::Message { flow, bytes } => {
                    Event::Message(flow, String::from_utf8(bytes.to_vec()).unwrap())
                }
                Arrival::Failed { destination, why } => Event::Failed(destination, why),
                Arrival::Closed { flow } => Event::Closed(flow),
                Arrival::Guest(token) => Event::Guest(token.0),
                Arrival::Woken => Event::Woken,
            });
        };
        transport.poll(Some(wait), &OneHost, keep).unwrap();
    }

    /// Polls until something is the case.
    #[track_caller]
    pub(crate) fn until(&mut self, is_so: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            let counts: Vec<_> = self.transport.counters().iter().filter(|(_, count)| *count > 0).collect();
            assert!(start.elapsed() < PATIENCE, "it never came: {:?} {counts:?}", self.events);
            self.turn(Duration::from_millis(20));
        }
    }

    /// Polls until so many messages are there, and returns them.
    #[track_caller]
    pub(crate) fn messages(&mut self, count: usize) -> Vec<(Flow, String)> {
        self.until(|scene| scene.events.iter().filter_map(Event::message).count() >= count);
        let messages = self.events.iter().filter_map(Event::message);
        messages.map(|(flow, text)| (flow.clone(), text.to_owned())).collect()
    }

    /// Polls until a count is reached.
    #[track_caller]
    pub(crate) fn counts(&mut self, count: Count, number: u64) {
        self.until(|scene| scene.count(count) >= number);
        assert_eq!(self.count(count), number);
    }

    /// Polls while a peer does something that waits for us, and returns what came of it.
    pub(crate) fn with_peer<T: Send + 'static>(&mut self, peer: impl FnOnce() -> T + Send + 'static) -> T {
        let thread = thread::spawn(peer);
        let start = Instant::now();
        while !thread.is_finished() {
            assert!(start.elapsed() < 2 * PATIENCE, "the peer still waits: {:?}", self.events);
            self.turn(Duration::from_millis(1));
        }
        thread.join().unwrap()
    }

    pub(crate) fn failures(&self) -> Vec<(Destination, Failure)> {
        let failed = self.events.iter().filter_map(|event| match event {
            Event::Failed(destination, why) => Some((destination.clone(), *why)),
            Event::Message(..) | Event::Closed(_) | Event::Guest(_) | Event::Woken => None,
        });
        failed.collect()
    }

    pub(crate) fn closed(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Closed(_))).count()
    }
}

pub(crate) fn target(protocol: Protocol, remote: SocketAddr) -> Destination {
    Destination::Target(Target { protocol, remote, name: None, local: None, connection: None })
}

pub(crate) fn named(remote: SocketAddr, name: &str) -> Destination {
    Destination::Target(Target {
        protocol: Protocol::Tls,
        remote,
        name: Some(name.into()),
        local: None,
        connection: None,
    })
}

/// A message with a body that tells it from others.
pub(crate) fn message(start: &str, body: &str) -> String {
    format!("{start}\r\nCall-ID: x\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

pub(crate) fn invite(host: &str) -> String {
    message(&format!("INVITE sip:1@{host} SIP/2.0"), "")
}

pub(crate) fn options(body: &str) -> String {
    message("OPTIONS sip:ours.example SIP/2.0", body)
}

pub(crate) fn datagrams_from(address: impl Into<IpAddr>) -> UdpSocket {
    let socket = UdpSocket::bind((address.into(), 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// Connects from an address.
pub(crate) fn stream_from(address: Ipv4Addr, to: SocketAddr) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((address, 0)).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Reads until the other side ends the connection.
pub(crate) fn rest(stream: &mut impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error) if !matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof) => {
            panic!("the connection is still there: {error}")
        }
        Ok(_) | Err(_) => bytes,
    }
}

pub(crate) fn read(stream: &mut impl Read, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

/// Makes an authority of its own in a folder that is gone afterwards.
pub(crate) fn authority() -> Kept {
    let folder = Folder::new();
    keep(folder.path(), ZONE, std::time::SystemTime::now()).unwrap()
}

pub(crate) fn roots(pem: &str) -> Roots {
    let mut roots = Roots::new();
    roots.add_pem(pem).unwrap();
    roots
}

/// A folder for one test.
pub(crate) struct Folder(std::path::PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("trunkline-transport-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) type Secure = StreamOwned<ClientConnection, TcpStream>;

/// A peer with a TLS of its own, which believes one root.
#[derive(Clone)]
pub(crate) struct SecurePeer(Arc<ClientConfig>);

impl SecurePeer {
    pub(crate) fn new(root_pem: &str, versions: &[&'static SupportedProtocolVersion]) -> Self {
        use rustls::pki_types::pem::PemObject;
        let mut store = RootCertStore::empty();
        let root = rustls::pki_types::CertificateDer::from_pem_slice(root_pem.as_bytes()).unwrap();
        store.add(root).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        Self(Arc::new(builder.with_root_certificates(store).with_no_client_auth()))
    }

    pub(crate) fn over(&self, stream: TcpStream, name: &str) -> Secure {
        let name = rustls::pki_types::ServerName::try_from(name.to_owned()).unwrap();
        StreamOwned::new(ClientConnection::new(Arc::clone(&self.0), name).unwrap(), stream)
    }
}
