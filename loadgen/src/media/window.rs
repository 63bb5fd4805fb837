//! Which packets of a flow have arrived: a window over a 64-bit counter, in bounded memory.

/// How far back a flow remembers, in packets: 20 seconds of voice. A packet that is later is counted as overdue, since
/// nobody can tell any more whether it came before.
pub const WINDOW_PACKETS: u64 = 1024;

const WORDS: usize = WINDOW_PACKETS as usize / 64;

/// The packets that have arrived.
#[derive(Clone, Debug)]
pub struct Window {
    /// One more than the highest counter that arrived.
    next: u64,
    /// A bit for each of the counters below `next`, in a ring.
    bits: [u64; WORDS],
}

/// What the window says of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is new, and later than all before.
    InOrder,
    /// It is new, and a later one arrived before.
    Reordered,
    /// It arrived before.
    Again,
    /// It is older than the window reaches.
    Overdue,
}

impl Window {
    /// Makes a window that has seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { next: 0, bits: [0; WORDS] }
    }

    /// Takes note of a packet.
    #[inline]
    pub fn see(&mut self, counter: u64) -> Seen {
        if counter >= self.next {
            self.advance_to(counter);
            self.set(counter);
            return Seen::InOrder;
        }
        if self.next - counter > WINDOW_PACKETS {
            return Seen::Overdue;
        }
        if self.set(counter) { Seen::Again } else { Seen::Reordered }
    }

    /// Returns one more than the highest counter that arrived.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.next
    }

    #[inline]
    fn advance_to(&mut self, counter: u64) {
        // A gap wider than the window empties all of it.
        for skipped in self.next.max((counter + 1).saturating_sub(WINDOW_PACKETS))..=counter {
            let (word, bit) = place(skipped);
            self.bits[word] &= !bit;
        }
        self.next = counter + 1;
    }

    /// Sets the bit of a counter; returns whether it was set before.
    #[inline]
    fn set(&mut self, counter: u64) -> bool {
        let (word, bit) = place(counter);
        let before = self.bits[word];
        self.bits[word] = before | bit;
        before & bit != 0
    }
}

impl Default for Window {
    fn default() -> Self {
        Self::new()
    }
}

fn place(counter: u64) -> (usize, u64) {
    ((counter / 64) as usize % WORDS, 1 << (counter % 64))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use netem::random::Random;

    use super::*;

    #[test]
    fn packets_in_order_late_and_repeated_are_told_apart() {
        let mut window = Window::new();
        let seen: Vec<_> = [0, 2, 1, 2, 5, 1, 4].map(|counter| window.see(counter)).into();
        use Seen::{Again, InOrder, Reordered};
        assert_eq!(seen, [InOrder, InOrder, Reordered, Again, InOrder, Again, Reordered]);
    }

    #[test]
    fn what_is_older_than_the_window_is_overdue_and_never_taken_for_new() {
        let mut window = Window::new();
        window.see(0);
        window.see(WINDOW_PACKETS);
        assert_eq!(window.see(0), Seen::Overdue);
        assert_eq!(window.see(1), Seen::Reordered);
        window.see(u64::MAX - 1);
        assert_eq!(window.see(2), Seen::Overdue);
        assert_eq!(window.see(u64::MAX - 1), Seen::Again);
        assert_eq!(window.see(u64::MAX - 2), Seen::Reordered);
    }

    /// Against a set of all that ever arrived, with steps from nothing to far beyond the window.
    #[test]
    fn agrees_with_a_set() {
        for seed in 0..300 {
            let mut random = Random::new(seed);
            let (mut window, mut set, mut highest) = (Window::new(), BTreeSet::new(), 0_u64);
            for step in 0..2_000 {
                let reach = [4, 64, 1_100, 5_000][random.below(4) as usize];
                let counter = (highest + random.below(reach)).saturating_sub(reach / 2);
                let expected = match set.last() {
                    Some(last) if counter <= *last && last - counter >= WINDOW_PACKETS => Seen::Overdue,
                    _ if set.contains(&counter) => Seen::Again,
                    Some(last) if counter < *last => Seen::Reordered,
                    _ => Seen::InOrder,
                };
                assert_eq!(window.see(counter), expected, "seed {seed}, step {step}, counter {counter}");
                if expected != Seen::Overdue {
                    set.insert(counter);
                }
                highest = highest.max(counter);
            }
        }
    }
}
