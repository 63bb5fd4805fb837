//! All connections, found by number and by purpose, and counted by host.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::connection::{Connection, Purpose};
use crate::counters::Count;
use crate::setup::Limits;

/// The connections that are in being.
#[derive(Default)]
pub(crate) struct Connections {
    all: HashMap<u64, Box<Connection>>,
    by_purpose: HashMap<Purpose, u64>,
    load: Load,
    by_host: HashMap<IpAddr, HostLoad>,
}

/// What all of them together are in the middle of.
#[derive(Debug, Default, PartialEq, Eq)]
struct Load {
    handshakes: usize,
    strangers: usize,
}

/// What a host that came to us has.
#[derive(Debug, Default, PartialEq, Eq)]
struct HostLoad {
    connections: usize,
    handshakes: usize,
}

impl Connections {
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Tells whether a host may have one more connection.
    ///
    /// # Errors
    /// As what it is to be counted if it may not.
    pub(crate) fn admit(
        &self,
        host: IpAddr,
        is_tls: bool,
        is_stranger: bool,
        limits: &Limits,
    ) -> Result<(), Count> {
        let of_host = self.by_host.get(&host);
        if self.all.len() >= limits.connections_max {
            return Err(Count::ConnectionsFull);
        }
        if is_stranger && self.load.strangers >= limits.strangers_max {
            return Err(Count::StrangersFull);
        }
        if of_host.is_some_and(|load| load.connections >= limits.connections_per_host_max) {
            return Err(Count::HostFull);
        }
        let is_busy = of_host.is_some_and(|load| load.handshakes >= limits.handshakes_per_host_max);
        if is_tls && (is_busy || self.load.handshakes >= limits.handshakes_max) {
            return Err(Count::HandshakesFull);
        }
        Ok(())
    }

    /// Puts one in, new or back from its turn.
    pub(crate) fn put(&mut self, connection: Box<Connection>) {
        self.load.handshakes += usize::from(connection.is_handshaking());
        self.load.strangers += usize::from(connection.is_stranger());
        match &connection.purpose {
            None => {
                let load = self.by_host.entry(connection.remote.ip()).or_default();
                load.connections += 1;
                load.handshakes += usize::from(connection.is_handshaking());
            }
            Some(purpose) => {
                if !self.by_purpose.contains_key(purpose) {
                    self.by_purpose.insert(purpose.clone(), connection.id);
                }
            }
        }
        self.all.insert(connection.id, connection);
    }

    /// Takes one out, for its turn or for good.
    pub(crate) fn take(&mut self, id: u64) -> Option<Box<Connection>> {
        let connection = self.all.remove(&id)?;
        self.load.handshakes -= usize::from(connection.is_handshaking());
        self.load.strangers -= usize::from(connection.is_stranger());
        if connection.purpose.is_none() {
            let host = connection.remote.ip();
            let is_over = self.by_host.get_mut(&host).is_some_and(|load| {
                load.connections -= 1;
                load.handshakes -= usize::from(connection.is_handshaking());
                load.connections == 0
            });
            if is_over {
                self.by_host.remove(&host);
            }
        }
        Some(connection)
    }

    /// Forgets what one that was taken out is for.
    pub(crate) fn forget(&mut self, connection: &Connection) {
        if let Some(purpose) = &connection.purpose
            && self.by_purpose.get(purpose) == Some(&connection.id)
        {
            self.by_purpose.remove(purpose);
        }
    }

    pub(crate) fn has(&self, id: u64) -> bool {
        self.all.contains_key(&id)
    }

    pub(crate) fn get_mut(&mut self, id: u64) -> Option<&mut Connection> {
        self.all.get_mut(&id).map(Box::as_mut)
    }

    /// Returns the one that we have opened for a purpose.
    pub(crate) fn find(&self, purpose: &Purpose) -> Option<u64> {
        self.by_purpose.get(purpose).copied()
    }
}
