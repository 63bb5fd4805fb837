//! Interarrival jitter (RFC 3550 section 6.4.1).

/// The jitter of one flow, smoothed as the standard says, in nanoseconds rather than in ticks of the media clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Jitter {
    last_transit_ns: Option<i64>,
    jitter_ns: f64,
}

impl Jitter {
    /// Takes note of an arrival, and of what the media clock says of the packet: both may have any zero.
    #[inline]
    pub fn hear(&mut self, arrived_ns: u64, media_ns: u64) {
        let transit = arrived_ns.wrapping_sub(media_ns).cast_signed();
        if let Some(last) = self.last_transit_ns.replace(transit) {
            // RFC 3550 section 6.4.1: J(i) = J(i-1) + (|D(i-1,i)| - J(i-1))/16.
            let difference = transit.wrapping_sub(last).unsigned_abs();
            self.jitter_ns += (difference as f64 - self.jitter_ns) / 16.0;
        }
    }

    /// Returns the jitter; none before two packets have arrived.
    #[must_use]
    pub fn ns(&self) -> f64 {
        self.jitter_ns
    }
}

#[cfg(test)]
mod tests {
    use netem::random::Random;

    use super::*;

    /// RFC 3550 section 6.4.1, word by word: D(i,j) = (Rj - Ri) - (Sj - Si) over the whole list.
    fn as_the_standard_says(packets: &[(u64, u64)]) -> f64 {
        let mut jitter = 0.0;
        for pair in packets.windows(2) {
            let [(s_i, r_i), (s_j, r_j)] = [pair[0], pair[1]].map(|(s, r)| (s as f64, r as f64));
            let d: f64 = (r_j - r_i) - (s_j - s_i);
            jitter += (d.abs() - jitter) / 16.0;
        }
        jitter
    }

    #[test]
    fn agrees_with_the_standard_for_any_arrivals() {
        for seed in 0..300 {
            let mut random = Random::new(seed);
            let packets: Vec<(u64, u64)> = (0..500)
                .map(|count| (count * 20_000_000, count * 20_000_000 + random.below(50_000_000)))
                .collect();
            let mut jitter = Jitter::default();
            packets.iter().for_each(|(sent, arrived)| jitter.hear(*arrived, *sent));
            let expected = as_the_standard_says(&packets);
            assert!((jitter.ns() - expected).abs() < 0.01, "seed {seed}: {} and {expected}", jitter.ns());
        }
    }

    #[test]
    fn even_arrivals_have_none_and_the_distance_of_the_clocks_does_not_matter() {
        let mut jitter = Jitter::default();
        (0..100_u64).for_each(|count| jitter.hear(count * 20 + count % 7, (count * 20).wrapping_sub(90)));
        let uneven = jitter.ns();
        assert!(uneven > 0.0);
        let mut jitter = Jitter::default();
        (0..100_u64).for_each(|count| jitter.hear(count * 20, (count * 20).wrapping_sub(90)));
        assert_eq!(jitter.ns(), 0.0);
    }
}
