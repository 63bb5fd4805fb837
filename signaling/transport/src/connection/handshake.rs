//! The way of a connection until messages flow. Each step tells whether the connection has come a stage further.

use std::io;

use rustls::server::Accepted;
use sip::flow::Protocol;

use crate::connection::{Connection, End, Greeting, Stage, retry};
use crate::counters::Count;
use crate::turn::Turn;

impl Connection {
    /// Looks whether the peer has accepted a connection of ours.
    pub(super) fn connect(&mut self, turn: &mut Turn<'_>) -> Result<bool, End> {
        let failed = |error: io::Error| End::ConnectFailed(error.kind());
        if let Some(error) = self.socket.take_error().map_err(failed)? {
            return Err(failed(error));
        }
        match self.socket.peer_addr() {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => return Ok(false),
            Err(error) => return Err(failed(error)),
            Ok(_) => self.local = self.socket.local_addr().map_err(failed)?,
        }
        turn.counters.add(Count::Connected);
        let stage = match self.protocol {
            Protocol::Tls => {
                let name = self.purpose.as_ref().and_then(|purpose| purpose.name.as_deref());
                let session = turn.tls.and_then(|tls| tls.connect(name, self.remote.ip()));
                Stage::Handshake(Box::new(session.ok_or(End::HandshakeFailed)?))
            }
            Protocol::Udp | Protocol::Tcp => Stage::Open(None),
        };
        self.enter(stage, turn.now);
        Ok(true)
    }

    /// Waits for whom the peer's TLS wants to speak to.
    pub(super) fn hear_hello(&mut self, turn: &mut Turn<'_>) -> Result<bool, End> {
        let Stage::Hello(acceptor) = &mut self.stage else { return Ok(false) };
        let accepted = loop {
            match retry(|| acceptor.read_tls(&mut self.socket)) {
                Ok(0) => return Err(End::PeerClosed),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(End::Broken(error.kind())),
            }
            match acceptor.accept() {
                Ok(None) => {}
                Ok(Some(accepted)) => break accepted,
                Err((_, mut alert)) => {
                    if self.greeting == Greeting::Unread {
                        // It helps whoever debugs the peer; if it does not get through, nothing is lost.
                        let _ = alert.write_all(&mut self.socket);
                    }
                    return Err(End::HandshakeFailed);
                }
            }
        };
        self.check_name(&accepted, turn)?;
        let tls = turn.tls.ok_or(End::HandshakeFailed)?;
        match tls.accept(accepted) {
            // What both the hello and the handshake may take is counted from the beginning.
            Ok(session) => self.stage = Stage::Handshake(Box::new(session)),
            Err(mut alert) => {
                let _ = alert.write_all(&mut self.socket);
                return Err(End::HandshakeFailed);
            }
        }
        Ok(true)
    }

    /// Lets nobody unknown go on who does not ask for a host of ours.
    fn check_name(&mut self, accepted: &Accepted, turn: &mut Turn<'_>) -> Result<(), End> {
        let Greeting::Stranger { .. } = self.greeting else { return Ok(()) };
        let hello = accepted.client_hello();
        if !hello.server_name().is_some_and(|name| turn.guard.is_host(name)) {
            return Err(End::Stranger);
        }
        // A handshake is dearer than an INVITE; both together are one of those that are heard in a second.
        turn.gate.admit_stranger(turn.now).map_err(|_| End::StrangerThrottled)?;
        self.greeting = Greeting::Stranger { is_admitted: true };
        Ok(())
    }

    /// Agrees on TLS.
    pub(super) fn shake_hands(&mut self, turn: &mut Turn<'_>) -> Result<bool, End> {
        let Stage::Handshake(session) = &mut self.stage else { return Ok(false) };
        match session.shake_hands(&mut self.socket).map_err(|error| error.kind()) {
            Ok(()) => {}
            Err(io::ErrorKind::WouldBlock) => return Ok(false),
            Err(io::ErrorKind::UnexpectedEof) => return Err(End::PeerClosed),
            Err(io::ErrorKind::InvalidData) => return Err(End::HandshakeFailed),
            Err(kind) => return Err(End::Broken(kind)),
        }
        turn.counters.add(Count::Handshaken);
        if let Stage::Handshake(session) = std::mem::replace(&mut self.stage, Stage::Connecting) {
            self.enter(Stage::Open(Some(session)), turn.now);
        }
        Ok(true)
    }
}
