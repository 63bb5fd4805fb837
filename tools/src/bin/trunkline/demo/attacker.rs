//! The attacker in the middle: sees every sealed packet right after it was sent, and sends its own.

use std::io;
use std::net::UdpSocket;
use std::sync::mpsc::Receiver;

use super::{Refusal, Refused, Suite, parts_of};

/// Answers every packet that is tapped with an attack; returns how many were sent, by the reason each deserves.
pub(super) fn attack(socket: &UdpSocket, suite: Suite, tapped: Receiver<Vec<u8>>) -> io::Result<Refused> {
    let mut sent = Refused::new();
    let mut seen = Vec::new();
    for packet in tapped {
        seen.push(packet);
        if let Some((datagram, deserved)) = craft(suite, &seen) {
            socket.send(&datagram)?;
            *sent.entry(deserved).or_default() += 1;
        }
    }
    Ok(sent)
}

/// Makes an attack of what was seen; nothing if it takes more than that.
fn craft(suite: Suite, seen: &[Vec<u8>]) -> Option<(Vec<u8>, Refusal)> {
    let (number, last) = (seen.len(), seen.last()?);
    let mut datagram = last.clone();
    let Some(parts) = parts_of(last) else {
        // The flag in front of the RTCP index says whether the packet is encrypted.
        let tag_len_behind = if suite.is_aead() { 0 } else { suite.rtcp_tag_len() };
        let flag_at = last.len() - tag_len_behind - INDEX_LEN;
        datagram[flag_at] &= 0x7f;
        return Some((datagram, Refusal::Unencrypted));
    };
    match number % 5 {
        // Far ahead: believed, it would carry the listener over the wrap and shut out the true sender.
        0 => {
            let ahead = parts.sequence.wrapping_add(20_000);
            datagram[2..4].copy_from_slice(&ahead.to_be_bytes());
            Some((datagram, Refusal::BadTag))
        }
        // From another source each time: believed, they would fill the table of sources.
        1 => {
            let stranger = parts.ssrc.wrapping_add(number as u32);
            datagram[8..12].copy_from_slice(&stranger.to_be_bytes());
            Some((datagram, Refusal::BadTag))
        }
        2 => {
            datagram.truncate(parts.header_len + 2);
            Some((datagram, Refusal::Truncated))
        }
        3 => Some((before(seen, REPLAY_AGE)?.clone(), Refusal::Replayed)),
        _ => {
            let old = before(seen, STALE_AGE)?;
            // The window of RTCP is counted in RTCP packets, and reaches further back than this.
            parts_of(old).is_some().then(|| (old.clone(), Refusal::TooOld))
        }
    }
}

fn before(seen: &[Vec<u8>], age: usize) -> Option<&Vec<u8>> {
    seen.len().checked_sub(age + 1).and_then(|place| seen.get(place))
}

/// Old enough that the listener has opened it: the sender is at most eight packets ahead, and so is the tap.
const REPLAY_AGE: usize = 2 * super::AHEAD_MAX + 4;

/// Older than the replay window of 128 packets reaches, wherever the listener is.
const STALE_AGE: usize = 200;

const INDEX_LEN: usize = 4;
