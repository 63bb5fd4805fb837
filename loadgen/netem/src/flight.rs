//! How long a packet is under way, and the line it travels on.

use std::collections::BTreeMap;

use crate::{
    chance::Chance,
    profile::{Order, Profile, Reorder, Shape, nanos},
    random::Random,
};

/// Draws arrivals.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    delay: u64,
    jitter: u64,
    /// The arrival behind which no later packet may fall, when order is kept.
    last: u64,
    order: Order,
    reorder: Option<Reorder>,
    /// How many packets have travelled since one overtook.
    since_overtaking: u32,
    shape: Shape,
}

impl Flight {
    pub(crate) fn new(profile: &Profile) -> Self {
        Self {
            delay: nanos(profile.delay),
            jitter: nanos(profile.jitter),
            last: 0,
            order: profile.order,
            reorder: profile.reorder,
            since_overtaking: 0,
            shape: profile.shape,
        }
    }

    /// Returns when a packet that leaves now arrives.
    pub(crate) fn arrival(&mut self, departure: u64, random: &mut Random) -> u64 {
        if self.overtakes(random) {
            return departure;
        }
        let arrival = departure.saturating_add(self.draw_delay(random));
        match self.order {
            Order::Free => arrival,
            Order::Kept => {
                self.last = self.last.max(arrival);
                self.last
            }
        }
    }

    /// A packet that overtakes skips the delay, and so passes all that are under way. The draw is made even
    /// where no packet ever does, so that the jitter draws the same numbers either way.
    fn overtakes(&mut self, random: &mut Random) -> bool {
        let Reorder { chance, gap } = self.reorder.unwrap_or(Reorder { chance: Chance::NEVER, gap: 0 });
        self.since_overtaking = self.since_overtaking.saturating_add(1);
        let overtakes = chance.happens(random) && self.since_overtaking >= gap;
        if overtakes {
            self.since_overtaking = 0;
        }
        overtakes
    }

    /// Draws a delay around the fixed one; nothing arrives before it left.
    fn draw_delay(&self, random: &mut Random) -> u64 {
        let jitter = u128::from(self.jitter);
        let (offset, middle) = match self.shape {
            // Irwin and Hall: the sum of twelve draws from 0 to 1 has the mean 6 and a standard deviation of
            // exactly 1. Here each draw is from 0 to `jitter`; no delay is off by more than six deviations.
            Shape::Normal => {
                ((0..12).map(|_| u128::from(random.below(self.jitter))).sum::<u128>(), 6 * jitter)
            }
            Shape::Uniform => (u128::from(random.below(self.jitter.saturating_mul(2))), jitter),
        };
        let delay = (u128::from(self.delay) + offset).saturating_sub(middle);
        u64::try_from(delay).unwrap_or(u64::MAX)
    }
}

/// Holds the packets under way. Of those that arrive together the one sent first comes out first.
#[derive(Clone, Debug)]
pub(crate) struct Line<P> {
    count: u64,
    /// Ordered by arrival, then by number.
    under_way: BTreeMap<(u64, u64), P>,
}

impl<P> Line<P> {
    pub(crate) fn new() -> Self {
        Self { count: 0, under_way: BTreeMap::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.under_way.len()
    }

    pub(crate) fn push(&mut self, arrival: u64, packet: P) {
        self.count += 1;
        self.under_way.insert((arrival, self.count), packet);
    }

    pub(crate) fn next_arrival(&self) -> Option<u64> {
        let ((arrival, _), _) = self.under_way.first_key_value()?;
        Some(*arrival)
    }

    pub(crate) fn pop(&mut self, now: u64) -> Option<P> {
        self.next_arrival().filter(|arrival| *arrival <= now)?;
        self.under_way.pop_first().map(|(_, packet)| packet)
    }
}
