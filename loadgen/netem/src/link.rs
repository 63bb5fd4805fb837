//! One direction of an impaired network.

use std::time::Duration;

use crate::{
    counts::{Counts, Lost},
    flight::{Flight, Line},
    packet::Packet,
    profile::{Profile, nanos},
    random::Random,
    rate::Bottleneck,
};

/// Carries packets from one end to the other, in virtual time and as badly as its profile says.
///
/// Time is a duration since a start of the caller's choice. Time that runs backwards counts as time that
/// stands still.
#[derive(Clone, Debug)]
pub struct Link<P> {
    bottleneck: Option<Bottleneck>,
    counts: Counts,
    flight: Flight,
    in_burst: bool,
    line: Line<P>,
    now: u64,
    profile: Profile,
    seed: u64,
}

/// Names the kinds of luck of one packet.
#[derive(Clone, Copy)]
enum Luck {
    Burst,
    Corruption,
    CorruptionOfCopy,
    Duplication,
    Flight,
    FlightOfCopy,
    Loss,
}

/// How many streams each packet has, and room for more kinds.
const STREAMS: u64 = 16;

impl<P: Packet> Link<P> {
    /// Makes a link. The same profile, seed and calls give the same transcript.
    pub fn new(profile: &Profile, seed: u64) -> Self {
        Self {
            bottleneck: profile.rate.map(Bottleneck::new),
            counts: Counts::default(),
            flight: Flight::new(profile),
            in_burst: false,
            line: Line::new(),
            now: 0,
            profile: profile.clone(),
            seed,
        }
    }

    /// Hands a packet in. What becomes of it shows in [`Link::poll`] and [`Link::counts`].
    pub fn send(&mut self, now: Duration, packet: P) {
        self.advance(now);
        self.counts.sent += 1;
        match self.depart(packet.bytes()) {
            Err(reason) => self.counts.lose(reason),
            Ok(departure) => {
                let twice = self.profile.duplicate.happens(&mut self.luck(Luck::Duplication));
                let copy = twice.then(|| packet.clone());
                self.fly(departure, packet, Luck::Flight, Luck::Corruption);
                if let Some(copy) = copy {
                    self.counts.duplicated += 1;
                    self.fly(departure, copy, Luck::FlightOfCopy, Luck::CorruptionOfCopy);
                }
            }
        }
        self.assert_conserved();
    }

    /// Takes out a packet that has arrived; call it until there is none.
    pub fn poll(&mut self, now: Duration) -> Option<P> {
        self.advance(now);
        let packet = self.line.pop(self.now)?;
        self.counts.delivered += 1;
        self.assert_conserved();
        Some(packet)
    }

    /// Returns when the next packet arrives: the time to call [`Link::poll`] again.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.line.next_arrival().map(Duration::from_nanos)
    }

    /// Returns what became of the packets so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Counts the copies under way.
    pub fn queued(&self) -> usize {
        self.line.len()
    }

    fn advance(&mut self, now: Duration) {
        self.now = self.now.max(nanos(now));
    }

    /// Returns when a packet has left for the far end, or why it never will.
    fn depart(&mut self, bytes: usize) -> Result<u64, Lost> {
        // The channel changes with every packet, whatever else befalls it.
        let burst = self.meets_burst();
        if self.profile.mtu_bytes.is_some_and(|mtu| bytes > mtu) {
            return Err(Lost::TooBig);
        }
        let departure = match &mut self.bottleneck {
            Some(bottleneck) => bottleneck.pass(self.now, bytes)?,
            None => self.now,
        };
        if self.profile.blackouts.iter().any(|blackout| blackout.holds(departure)) {
            return Err(Lost::Blackout);
        }
        if burst {
            return Err(Lost::Burst);
        }
        if self.profile.loss.happens(&mut self.luck(Luck::Loss)) {
            return Err(Lost::Random);
        }
        Ok(departure)
    }

    /// Lets the channel change its state, and tells whether that loses the packet.
    fn meets_burst(&mut self) -> bool {
        let Some(burst) = self.profile.burst else { return false };
        let mut luck = self.luck(Luck::Burst);
        let change = if self.in_burst { burst.leave } else { burst.enter };
        self.in_burst ^= change.happens(&mut luck);
        let lost = if self.in_burst { burst.lost_in_bad } else { burst.lost_in_good };
        lost.happens(&mut luck)
    }

    fn fly(&mut self, departure: u64, mut packet: P, flight: Luck, corruption: Luck) {
        let arrival = self.flight.arrival(departure, &mut self.luck(flight));
        if self.line.len() >= self.profile.line_packets {
            return self.counts.lose(Lost::LineFull);
        }
        let mut luck = self.luck(corruption);
        if self.profile.corrupt.happens(&mut luck) {
            packet.corrupt(&mut luck);
            self.counts.corrupted += 1;
        }
        self.line.push(arrival, packet);
    }

    /// Starts the stream of one kind of luck of the packet sent last.
    fn luck(&self, kind: Luck) -> Random {
        Random::stream(self.seed, self.counts.sent * STREAMS + kind as u64)
    }

    fn assert_conserved(&self) {
        let Counts { delivered, duplicated, sent, .. } = self.counts;
        let elsewhere = self.counts.lost_in_all() + self.line.len() as u64;
        assert_eq!(sent + duplicated, delivered + elsewhere, "every copy is delivered, lost or under way");
    }
}
