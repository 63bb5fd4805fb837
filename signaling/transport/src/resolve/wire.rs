//! How a question gets to a DNS server: as a datagram, or over a stream when the answer does not fit one (RFC 7766).

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use mio::net::{TcpStream, UdpSocket};
use mio::{Interest, Registry, Token};

/// A question on its way. Each has a socket of its own: a forger has to guess its port as well as the number.
pub(super) enum Wire {
    Datagram(UdpSocket),
    Stream(Stream),
}

/// A connection for one question.
pub(super) struct Stream {
    socket: TcpStream,
    /// What is left of the question.
    unsent: Vec<u8>,
    heard: Vec<u8>,
}

/// What a server is heard to say.
pub(super) enum Heard {
    /// A whole message.
    Message(Vec<u8>),
    /// Nothing more for now.
    Nothing,
    /// Nothing ever: nobody listens, or the connection has ended.
    Gone,
}

/// RFC 1035 section 4.2.2: two bytes say how long a message is.
const LENGTH_LEN: usize = 2;

impl Wire {
    /// Sends a question as a datagram.
    pub(super) fn datagram(
        server: SocketAddr,
        question: &[u8],
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        let any: SocketAddr = if server.is_ipv4() {
            (Ipv4Addr::UNSPECIFIED, 0).into()
        } else {
            (Ipv6Addr::UNSPECIFIED, 0).into()
        };
        let mut socket = UdpSocket::bind(any)?;
        socket.connect(server)?;
        registry.register(&mut socket, token, Interest::READABLE)?;
        // If it fails, the next server has its turn after the same patience.
        let _ = socket.send(question);
        Ok(Self::Datagram(socket))
    }

    /// Begins to send a question over a connection.
    pub(super) fn stream(
        server: SocketAddr,
        question: &[u8],
        registry: &Registry,
        token: Token,
    ) -> io::Result<Self> {
        let length = u16::try_from(question.len()).map_err(io::Error::other)?;
        let mut socket = TcpStream::connect(server)?;
        registry.register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)?;
        let unsent = [&length.to_be_bytes(), question].concat();
        Ok(Self::Stream(Stream { socket, unsent, heard: Vec::new() }))
    }

    /// Takes what has come.
    pub(super) fn hear(&mut self) -> Heard {
        match self {
            Self::Datagram(socket) => {
                let mut room = [0; 4096];
                match socket.recv(&mut room) {
                    Ok(len) => Heard::Message(room.get(..len).unwrap_or_default().to_vec()),
                    Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Heard::Gone,
                    Err(_) => Heard::Nothing,
                }
            }
            Self::Stream(stream) => match stream.turn() {
                Ok(Some(message)) => Heard::Message(message),
                Ok(None) => Heard::Nothing,
                Err(error) if is_for_later(&error) => Heard::Nothing,
                Err(_) => Heard::Gone,
            },
        }
    }
}

impl Stream {
    fn turn(&mut self) -> io::Result<Option<Vec<u8>>> {
        while !self.unsent.is_empty() {
            let sent = self.socket.write(&self.unsent)?;
            self.unsent.drain(..sent);
        }
        let mut room = [0; 4096];
        loop {
            if let Some(message) = self.message() {
                return Ok(Some(message));
            }
            // The length has two bytes, so that more than 64 KiB never gather.
            let len = self.socket.read(&mut room)?;
            if len == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.heard.extend_from_slice(room.get(..len).unwrap_or_default());
        }
    }

    fn message(&self) -> Option<Vec<u8>> {
        let (length, rest) = self.heard.split_first_chunk::<LENGTH_LEN>()?;
        rest.get(..usize::from(u16::from_be_bytes(*length))).map(<[u8]>::to_vec)
    }
}

fn is_for_later(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted | io::ErrorKind::NotConnected
    )
}
