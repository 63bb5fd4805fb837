//! How bad a link is.

use std::{num::NonZeroU64, time::Duration};

use crate::chance::Chance;

pub mod text;

/// Describes one direction of a network. The default is a perfect one; a text such as `lte,loss=2%` makes
/// one, too (see [`text`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// When the link is down.
    pub blackouts: Vec<Blackout>,
    /// Loss in runs.
    pub burst: Option<Burst>,
    /// How often a packet is changed on the way.
    pub corrupt: Chance,
    /// How long a packet is under way.
    pub delay: Duration,
    /// How often a packet arrives twice.
    pub duplicate: Chance,
    /// How far the delay strays: the half width of a uniform shape, the standard deviation of a normal one.
    /// Where order is kept a packet also waits for those before it, which raises the mean.
    pub jitter: Duration,
    /// How many copies may be under way at once.
    pub line_packets: usize,
    /// How often a packet is lost, whatever happens to others.
    pub loss: Chance,
    /// The largest packet that passes.
    pub mtu_bytes: Option<usize>,
    /// Whether jitter changes the order.
    pub order: Order,
    /// The narrowest place of the path.
    pub rate: Option<Rate>,
    /// How packets overtake on purpose; needs a delay, or there is nobody to overtake.
    pub reorder: Option<Reorder>,
    /// How delays spread.
    pub shape: Shape,
}

/// Describes a time in which the link is down, from its first moment up to the one it is back at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blackout {
    /// When it goes down.
    pub from: Duration,
    /// When it is back.
    pub until: Duration,
}

impl Blackout {
    pub(crate) fn holds(&self, moment: u64) -> bool {
        (nanos(self.from)..nanos(self.until)).contains(&moment)
    }
}

/// Describes a channel that is good or bad, and may change before each packet (Gilbert 1960, Elliott 1963).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burst {
    /// How often the good state turns bad.
    pub enter: Chance,
    /// How often the bad state turns good.
    pub leave: Chance,
    /// How often a packet is lost in the bad state.
    pub lost_in_bad: Chance,
    /// How often a packet is lost in the good state.
    pub lost_in_good: Chance,
}

impl Burst {
    /// Makes a channel that loses such a share of all packets in runs of such a length on average; none if
    /// there is no such channel: all is lost, runs are shorter than the share makes them, or it turns bad
    /// less often than once in a billion packets.
    ///
    /// A bad state that always loses lasts 1/leave packets, and is met by enter/(enter + leave) of all;
    /// solved for the two.
    pub const fn averaging(lost: Chance, run_packets: u32) -> Option<Self> {
        let all = Chance::ALWAYS.billionths();
        if run_packets == 0 || lost.billionths() >= all {
            return None;
        }
        let leave = all / run_packets;
        // Below 2^30 x 2^30, and the divisor is at least 1.
        let enter = lost.billionths() as u64 * leave as u64 / (all - lost.billionths()) as u64;
        if enter > all as u64 || (enter == 0 && lost.billionths() > 0) {
            return None;
        }
        Some(Self {
            enter: Chance::from_billionths(enter as u32),
            leave: Chance::from_billionths(leave),
            lost_in_bad: Chance::ALWAYS,
            lost_in_good: Chance::NEVER,
        })
    }
}

/// Tells whether later packets may arrive earlier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Each packet takes its own time.
    Free,
    /// No packet arrives before one sent earlier.
    #[default]
    Kept,
}

/// Describes a place of limited speed and the queue before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How fast it is.
    pub bits_per_second: NonZeroU64,
    /// How many packets may wait, beside the one being sent; the next is lost.
    pub queue_packets: usize,
}

impl Rate {
    /// Makes one; none if nothing would ever pass.
    pub fn new(bits_per_second: u64, queue_packets: usize) -> Option<Self> {
        Some(Self { bits_per_second: NonZeroU64::new(bits_per_second)?, queue_packets })
    }
}

/// Describes packets that skip the delay and overtake all that are under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reorder {
    /// How often a packet does.
    pub chance: Chance,
    /// At most one of so many packets does; 0 and 1 are no limit.
    pub gap: u32,
}

/// Tells how delays spread around the fixed one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// Most near the middle, a few far off.
    Normal,
    /// All equally often.
    #[default]
    Uniform,
}

/// 10 Gbit/s of voice packets (214 bytes with Ethernet) are 5.8 million a second: a line of 20 ms holds
/// 117,000 of them. One that holds more is a mistake of the test.
const LINE_PACKETS: usize = 1 << 17;

impl Default for Profile {
    fn default() -> Self {
        Self::perfect()
    }
}

impl Profile {
    /// Loses nothing and takes no time.
    pub fn perfect() -> Self {
        Self {
            blackouts: Vec::new(),
            burst: None,
            corrupt: Chance::NEVER,
            delay: Duration::ZERO,
            duplicate: Chance::NEVER,
            jitter: Duration::ZERO,
            line_packets: LINE_PACKETS,
            loss: Chance::NEVER,
            mtu_bytes: None,
            order: Order::Kept,
            rate: None,
            reorder: None,
            shape: Shape::Uniform,
        }
    }

    /// A switched network of one building: 1 Gbit/s, a fifth of a millisecond, and a queue as long as Linux's
    /// default.
    pub fn lan() -> Self {
        Self {
            delay: Duration::from_micros(200),
            jitter: Duration::from_micros(50),
            mtu_bytes: Some(1500),
            rate: Rate::new(1_000_000_000, 1000),
            ..Self::perfect()
        }
    }

    /// The upstream of a VDSL line: 10 Mbit/s, and a modem whose 80 packets hold a tenth of a second of full
    /// size.
    pub fn dsl() -> Self {
        Self {
            delay: Duration::from_millis(15),
            jitter: Duration::from_millis(2),
            loss: Chance::from_basis_points(5),
            mtu_bytes: Some(1492),
            rate: Rate::new(10_000_000, 80),
            shape: Shape::Normal,
            ..Self::perfect()
        }
    }

    /// A busy LTE cell: scheduling and retransmission stray by many milliseconds and keep the order;
    /// hand-overs lose short runs.
    pub fn lte() -> Self {
        Self {
            burst: Burst::averaging(Chance::from_basis_points(20), 4),
            delay: Duration::from_millis(40),
            jitter: Duration::from_millis(10),
            mtu_bytes: Some(1428),
            rate: Rate::new(20_000_000, 500),
            shape: Shape::Normal,
            ..Self::perfect()
        }
    }

    /// The far corner of a crowded wireless network: one packet in twenty is lost, in runs; some arrive twice
    /// because the acknowledgement was lost, some late because they were repeated.
    pub fn wifi_bad() -> Self {
        Self {
            burst: Burst::averaging(Chance::from_basis_points(500), 3),
            delay: Duration::from_millis(12),
            duplicate: Chance::from_basis_points(50),
            jitter: Duration::from_millis(8),
            mtu_bytes: Some(1500),
            order: Order::Free,
            rate: Rate::new(5_000_000, 100),
            shape: Shape::Normal,
            ..Self::perfect()
        }
    }

    /// A geostationary satellite: up and down are 2 x 35,786 km, 239 ms at the speed of light, and the ground
    /// adds some; rain loses long runs.
    pub fn satellite() -> Self {
        Self {
            burst: Burst::averaging(Chance::from_basis_points(50), 10),
            delay: Duration::from_millis(280),
            jitter: Duration::from_millis(5),
            mtu_bytes: Some(1500),
            rate: Rate::new(5_000_000, 200),
            shape: Shape::Normal,
            ..Self::perfect()
        }
    }
}

/// The time of this crate: nanoseconds, which last for 584 years.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
