//! The receiving side: opens what arrives, and holds it against what was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::UdpSocket;
use std::sync::mpsc::Sender;

use super::{Opener, Refusal, parts_of};

/// Counts packets by the reason of their refusal.
pub(super) type Refused = BTreeMap<Refusal, u32>;

/// What arrived, and what became of it.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) opened: u32,
    pub(super) missing: u32,
    /// Packets that were opened, although nobody sent them in earnest or they had arrived before.
    pub(super) accepted_wrongly: u32,
    pub(super) refused: Refused,
    /// What the attacker sent, by the reason each deserved.
    pub(super) attacks: Refused,
}

/// Opens packets until as many have arrived as the farewell says, or nothing comes any more.
///
/// `expected` are the packets that are sent in earnest, `opened` tells the sender of each that has arrived.
pub(super) fn listen(
    socket: &UdpSocket,
    mut opener: Opener,
    mut expected: BTreeSet<Vec<u8>>,
    opened: Sender<()>,
) -> io::Result<Heard> {
    let mut heard = Heard::default();
    let mut buffer = [0; 2048];
    let (mut arrived, mut announced) = (0, None);
    while announced.is_none_or(|announced| arrived < announced) {
        let len = match socket.recv(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            received => received?,
        };
        let packet = &mut buffer[..len];
        if let Some(datagrams) = read_farewell(packet) {
            announced = Some(datagrams);
            continue;
        }
        arrived += 1;
        let outcome = match parts_of(packet) {
            Some(parts) => opener.open_rtp(packet, parts),
            None => opener.open_rtcp(packet),
        };
        match outcome {
            Ok(len) if expected.remove(&packet[..len]) => {
                heard.opened += 1;
                // The sender has no need of it any more when it has sent everything.
                let _ = opened.send(());
            }
            Ok(_) => heard.accepted_wrongly += 1,
            Err(refusal) => *heard.refused.entry(refusal).or_default() += 1,
        }
    }
    heard.missing = expected.len() as u32;
    Ok(heard)
}

/// Returns the datagram that ends a call: how many others there were.
///
/// Its first byte is that of no protocol on a media port.
pub(super) fn farewell(datagrams: u32) -> [u8; 5] {
    let [a, b, c, d] = datagrams.to_be_bytes();
    [FAREWELL, a, b, c, d]
}

fn read_farewell(datagram: &[u8]) -> Option<u32> {
    match *datagram {
        [FAREWELL, a, b, c, d] => Some(u32::from_be_bytes([a, b, c, d])),
        _ => None,
    }
}

const FAREWELL: u8 = 0xff;
