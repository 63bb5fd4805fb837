//! What became of the packets of one direction: each is counted once.

use crate::media::latency::Latency;

/// The counts of one direction in one run.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Packets handed to our side of the network.
    pub offered: u64,
    /// Packets that arrived intact at the right place; each counts once.
    pub received: u64,
    /// Intact packets that had arrived before.
    pub duplicates: u64,
    /// Of those received, packets that came after a later one.
    pub reordered: u64,
    /// Packets that something was changed in.
    pub corrupt: u64,
    /// Packets of this direction that arrived at another flow's port, or from another port than theirs.
    pub misdelivered: u64,
    /// Intact packets that came so late that nobody can tell whether they had come before.
    pub overdue: u64,
    /// From the moment that they were to be sent to their arrival. What the generator itself was late is in it.
    pub latency: Latency,
    /// From the moment that they were sent to their arrival.
    pub transit: Latency,
}

impl Tally {
    /// Returns how many packets never came, in whatever state and wherever. Of a changed packet nobody can tell which it
    /// was, so it is taken for one of those that are missing.
    #[must_use]
    pub fn lost(&self) -> u64 {
        let found_elsewhere = self.corrupt + self.misdelivered;
        self.offered.saturating_sub(self.received).saturating_sub(found_elsewhere)
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_lost_unless_it_was_found_in_another_state_or_place() {
        let tally = Tally { offered: 10, received: 6, corrupt: 1, misdelivered: 1, ..Tally::default() };
        assert_eq!(tally.lost(), 2);
        let repeated = Tally { offered: 10, received: 10, corrupt: 1, ..Tally::default() };
        assert_eq!(repeated.lost(), 0, "a changed copy of what arrived is not one loss less");
    }

    #[test]
    fn a_cleared_tally_is_as_a_new_one() {
        let mut tally = Tally { offered: 10, ..Tally::default() };
        tally.latency.record(5);
        tally.clear();
        assert_eq!((tally.offered, tally.latency.quantiles().count), (0, 0));
    }
}
