//! The line of a phone: SIP messages over UDP, TCP or TLS, one peer at a time over the last two.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use sip::flow::{Flow, Protocol, Target};
use sip::framing::{PONG, Stream, Unit};
use sip::lexer::{Lexed, lex};
use sip::validate::{Rules, Verdict, validate};
use sip::{Request, Response};

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A socket, and to whom it leads.
pub struct Line {
    wire: Wire,
    flow: Flow,
}

enum Wire {
    Datagrams(UdpSocket),
    Stream { link: Link, incoming: Stream },
}

enum Link {
    Plain(TcpStream),
    Sealed(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// A message that came.
#[derive(Debug)]
pub enum Message {
    /// Somebody wants something.
    Request(Request, Flow),
    /// Somebody answers.
    Response(Response, Flow),
}

impl Line {
    /// Listens for datagrams on a port of this address; zero is any.
    ///
    /// # Errors
    ///
    /// What the socket said.
    pub fn listen(address: SocketAddr) -> io::Result<Self> {
        Self::over(UdpSocket::bind(address)?)
    }

    /// Speaks over a socket that is bound already.
    ///
    /// # Errors
    ///
    /// What the socket said.
    pub fn over(socket: UdpSocket) -> io::Result<Self> {
        let local = socket.local_addr()?;
        let flow = Flow { protocol: Protocol::Udp, local, remote: local, connection: 0 };
        Ok(Self { wire: Wire::Datagrams(socket), flow })
    }

    /// Connects to a server. With `trust`, the root certificate in PEM and the name of the server, the connection is sealed.
    ///
    /// # Errors
    ///
    /// If nobody listens there, or it is not who it should be.
    pub fn connect(server: SocketAddr, trust: Option<(&[u8], &str)>) -> io::Result<Self> {
        let socket = TcpStream::connect_timeout(&server, CONNECT_TIMEOUT)?;
        socket.set_nodelay(true)?;
        let local = socket.local_addr()?;
        let (protocol, link) = match trust {
            None => (Protocol::Tcp, Link::Plain(socket)),
            Some((root, name)) => (Protocol::Tls, Link::Sealed(Box::new(seal(socket, root, name)?))),
        };
        let flow = Flow { protocol, local, remote: server, connection: 1 };
        Ok(Self { wire: Wire::Stream { link, incoming: Stream::new() }, flow })
    }

    /// Returns how this line speaks.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        self.flow.protocol
    }

    /// Returns the own end.
    #[must_use]
    pub const fn local(&self) -> SocketAddr {
        self.flow.local
    }

    /// Returns where requests to this host go over this line.
    #[must_use]
    pub fn target(&self, host: IpAddr, port: u16) -> Target {
        let remote = match &self.wire {
            Wire::Datagrams(_) => SocketAddr::new(host, port),
            Wire::Stream { .. } => self.flow.remote,
        };
        Target { protocol: self.flow.protocol, remote, name: None, local: None, connection: None }
    }

    /// Sends one message; over a stream the peer is who it is.
    ///
    /// # Errors
    ///
    /// What the socket said.
    pub fn send(&mut self, to: SocketAddr, bytes: &[u8]) -> io::Result<()> {
        match &mut self.wire {
            Wire::Datagrams(socket) => match socket.send_to(bytes, to) {
                // Somebody was not there a moment ago; whether anybody answers is for the transactions to say.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
                sent => sent.map(drop),
            },
            Wire::Stream { link, .. } => link.write(bytes),
        }
    }

    /// Returns the next message if one comes in time.
    ///
    /// # Errors
    ///
    /// What the socket said, or that a stream makes no sense.
    pub fn receive(&mut self, wait: Duration) -> io::Result<Option<Message>> {
        // A timeout of zero would be none.
        let wait = wait.max(Duration::from_micros(100));
        match &mut self.wire {
            Wire::Datagrams(socket) => {
                let mut bytes = vec![0; 65_535];
                socket.set_read_timeout(Some(wait))?;
                match patiently(socket.recv_from(&mut bytes))? {
                    Some((len, remote)) => {
                        let flow = Flow { remote, ..self.flow.clone() };
                        Ok(lex(&bytes[..len]).ok().and_then(|lexed| read(&lexed, flow)))
                    }
                    None => Ok(None),
                }
            }
            Wire::Stream { link, incoming } => {
                if let Some(message) = next(incoming, link, &self.flow)? {
                    return Ok(Some(message));
                }
                let mut bytes = [0; 16 << 10];
                match patiently(link.read(&mut bytes, wait))? {
                    Some(0) => Err(io::ErrorKind::ConnectionAborted.into()),
                    Some(len) => {
                        incoming.feed(&bytes[..len]);
                        next(incoming, link, &self.flow)
                    }
                    None => Ok(None),
                }
            }
        }
    }
}

impl Link {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.write_all(bytes),
            Self::Sealed(stream) => {
                stream.write_all(bytes)?;
                stream.flush()
            }
        }
    }

    fn read(&mut self, bytes: &mut [u8], wait: Duration) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => {
                socket.set_read_timeout(Some(wait))?;
                socket.read(bytes)
            }
            Self::Sealed(stream) => {
                stream.sock.set_read_timeout(Some(wait))?;
                stream.read(bytes)
            }
        }
    }
}

/// Takes the next message out of a stream, and answers pings on the way.
fn next(incoming: &mut Stream, link: &mut Link, flow: &Flow) -> io::Result<Option<Message>> {
    loop {
        let unit = incoming.next_unit().map_err(|malformed| {
            io::Error::new(io::ErrorKind::InvalidData, format!("wanted a message, found {malformed:?}"))
        })?;
        match unit {
            None => return Ok(None),
            Some(Unit::Ping) => link.write(PONG)?,
            Some(Unit::Message(lexed)) => {
                if let Some(message) = read(&lexed, flow.clone()) {
                    return Ok(Some(message));
                }
            }
        }
    }
}

/// Reads a message; what breaks the rules is nothing to a phone.
fn read(lexed: &Lexed<'_>, flow: Flow) -> Option<Message> {
    match validate(lexed, &Rules::TRUNK) {
        Verdict::Request(checked) => Some(Message::Request(checked.to_request(), flow)),
        Verdict::Response(checked) => Some(Message::Response(checked.to_response(), flow)),
        Verdict::Answer(_) | Verdict::Drop(_) => None,
    }
}

/// Turns the end of patience into nothing.
fn patiently<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    use io::ErrorKind::{ConnectionRefused, Interrupted, TimedOut, WouldBlock};
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if [ConnectionRefused, Interrupted, TimedOut, WouldBlock].contains(&error.kind()) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Does the handshake with a server that a root certificate, in PEM, vouches for under this name.
pub(crate) fn seal(
    socket: TcpStream,
    root: &[u8],
    name: &str,
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(root) {
        roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
    let connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, socket);
    stream.sock.set_read_timeout(Some(CONNECT_TIMEOUT))?;
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}
