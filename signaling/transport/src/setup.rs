//! What whoever opens the transport decides.

use std::net::SocketAddr;
use std::time::Duration;

use sip::flow::Protocol;

use crate::tls::Tls;

/// What the transport listens on, and how much it lets others do.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Where messages come in, and which address datagrams go out from.
    pub listeners: Vec<Listener>,
    /// What is too much and too long.
    pub limits: Limits,
    /// What TLS shows and believes. Without it there is none, neither in nor out.
    pub tls: Option<Tls>,
}

/// An address that messages come to.
#[derive(Clone, Debug)]
pub struct Listener {
    /// How they come.
    pub protocol: Protocol,
    /// The address. With port zero the kernel chooses one.
    pub address: SocketAddr,
    /// What a Via calls it, such as `sbc.example.com:5060`, where others do not see the address as it is here.
    pub advertised: Option<String>,
}

/// What is too much and too long.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections in all. Each has one descriptor, and holds 80 KiB at the worst in either direction.
    pub connections_max: usize,
    /// Connections from one host.
    pub connections_per_host_max: usize,
    /// Connections in the middle of a TLS handshake.
    pub handshakes_max: usize,
    /// Connections from one host in the middle of a TLS handshake.
    pub handshakes_per_host_max: usize,
    /// Steps of handshakes in one turn. The dear one is a signature and a key agreement, about 0.1 ms; so a storm of
    /// handshakes delays the calls of others by a millisecond.
    pub handshakes_per_turn: usize,
    /// Connections of unknown hosts that have not said what they want.
    pub strangers_max: usize,
    /// INVITEs of unknown hosts that are heard in a second.
    pub strangers_per_second: u32,
    /// Messages that one connection may deliver in one turn.
    pub messages_per_turn: usize,
    /// Datagrams that one port may deliver in one turn.
    pub datagrams_per_turn: usize,
    /// Bytes that may wait to be sent by one connection.
    pub queue_bytes_max: usize,
    /// What the kernel is asked to keep of datagrams that wait to be taken.
    pub receive_buffer_bytes: usize,
    /// How long an unknown host may take to name a host of ours.
    pub stranger: Duration,
    /// How long a connection may take to be opened.
    pub connect: Duration,
    /// How long a handshake may take.
    pub handshake: Duration,
    /// How long a message may take from its first byte to its last.
    pub partial: Duration,
    /// How long a peer may take none of what waits to be sent.
    pub stalled: Duration,
    /// How long a connection stays that nothing comes from.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 10_000,
            connections_per_host_max: 1_000,
            handshakes_max: 1_000,
            handshakes_per_host_max: 100,
            handshakes_per_turn: 8,
            strangers_max: 64,
            strangers_per_second: 10,
            messages_per_turn: 16,
            datagrams_per_turn: 64,
            queue_bytes_max: 256 * 1024,
            // A second of 3,000 calls is 21,000 messages, of which 4 MiB hold 200 ms at 1 KiB each.
            receive_buffer_bytes: 4 * 1024 * 1024,
            stranger: Duration::from_secs(2),
            connect: Duration::from_secs(2),
            handshake: Duration::from_secs(5),
            partial: Duration::from_secs(10),
            stalled: Duration::from_secs(10),
            idle: Duration::from_secs(2 * 60 * 60),
        }
    }
}
