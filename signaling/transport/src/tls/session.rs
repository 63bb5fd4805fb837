//! The TLS of one connection, over a socket that does not wait.

use std::io::{self, Read, Write};

use mio::net::TcpStream;
use rustls::Connection;

use crate::connection::retry;

/// Either side of TLS.
pub(crate) struct Session(Connection);

impl Session {
    pub(crate) fn new(mut connection: Connection) -> Self {
        // At most one message is in it at a time: the outbox has the limit.
        connection.set_buffer_limit(None);
        Self(connection)
    }

    /// Goes on with the handshake until it is done.
    ///
    /// # Errors
    /// `WouldBlock` if the peer has to go on first, `UnexpectedEof` if it went away, `InvalidData` if the two do not
    /// agree; else what the kernel says.
    pub(crate) fn shake_hands(&mut self, socket: &mut TcpStream) -> io::Result<()> {
        loop {
            while self.write_some(socket)? {}
            if !self.0.is_handshaking() {
                return Ok(());
            }
            if retry(|| self.0.read_tls(socket))? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.process(socket)?;
        }
    }

    /// Reads what the peer said; zero once it has said goodbye.
    ///
    /// # Errors
    /// `WouldBlock` if there is nothing for now, `InvalidData` if it is not TLS; else what the kernel says.
    pub(crate) fn read(&mut self, socket: &mut TcpStream, room: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.reader().read(room) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // The peer is gone without a goodbye. Messages say themselves where they end, so nothing is forged.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                result => return result,
            }
            if retry(|| self.0.read_tls(socket))? == 0 {
                return Ok(0);
            }
            self.process(socket)?;
        }
    }

    /// Writes some of what was encrypted; tells whether there was any.
    ///
    /// # Errors
    /// `WouldBlock` if the socket takes no more for now; else what the kernel says.
    pub(crate) fn write_some(&mut self, socket: &mut TcpStream) -> io::Result<bool> {
        if !self.0.wants_write() {
            return Ok(false);
        }
        retry(|| self.0.write_tls(socket)).map(|_| true)
    }

    /// Encrypts bytes for the next write.
    pub(crate) fn encrypt(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.writer().write_all(bytes)
    }

    /// Tells the peer that nothing follows, if the socket takes that.
    pub(crate) fn say_goodbye(&mut self, socket: &mut TcpStream) {
        self.0.send_close_notify();
        while matches!(self.write_some(socket), Ok(true)) {}
    }

    fn process(&mut self, socket: &mut TcpStream) -> io::Result<()> {
        match self.0.process_new_packets() {
            Ok(_) => Ok(()),
            Err(error) => {
                // What is left to be written is the alert that tells the peer why.
                while matches!(self.write_some(socket), Ok(true)) {}
                Err(io::Error::new(io::ErrorKind::InvalidData, error))
            }
        }
    }
}
