//! Sends numbered packets over a link and writes down what arrives when.

use std::time::Duration;

use netem::{counts::Counts, link::Link, profile::Profile};

/// Holds what came out of a link.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Transcript {
    /// Each arrival: the time and the packet.
    pub(crate) arrivals: Vec<(Duration, Vec<u8>)>,
    pub(crate) counts: Counts,
}

impl Transcript {
    /// Returns the numbers of the packets in the order of their arrival.
    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.arrivals.iter().map(|(_, packet)| number(packet)).collect()
    }

    /// Returns how long each arrival was under way, in seconds, for packets sent `every` so often.
    pub(crate) fn delays(&self, every: Duration) -> Vec<f64> {
        let sent = |packet: &[u8]| every.as_secs_f64() * number(packet) as f64;
        self.arrivals.iter().map(|(at, packet)| at.as_secs_f64() - sent(packet)).collect()
    }
}

/// Makes a packet of a voice call's size that carries its number.
pub(crate) fn packet(number: u64) -> Vec<u8> {
    let mut packet = vec![0; 172];
    packet[..8].copy_from_slice(&number.to_be_bytes());
    packet
}

pub(crate) fn number(packet: &[u8]) -> u64 {
    packet.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Sends packets at regular times and polls at every time the link names, until nothing is under way.
pub(crate) fn run(profile: &Profile, seed: u64, packets: u64, every: Duration) -> Transcript {
    let mut link = Link::new(profile, seed);
    let mut arrivals = Vec::new();
    for number in 0..packets {
        let now = every * u32::try_from(number).unwrap();
        drain(&mut link, now, &mut arrivals);
        link.send(now, packet(number));
    }
    drain(&mut link, Duration::MAX, &mut arrivals);
    assert_eq!(link.queued(), 0);
    Transcript { arrivals, counts: *link.counts() }
}

fn drain(link: &mut Link<Vec<u8>>, until: Duration, arrivals: &mut Vec<(Duration, Vec<u8>)>) {
    while let Some(at) = link.poll_timeout().filter(|at| *at <= until) {
        let packet = link.poll(at).expect("a packet arrives at the time the link named");
        arrivals.push((at, packet));
    }
}
