//! What the four machines have in common: their timers, and what a step tells to be done.

use core::time::Duration;

/// RFC 3261 section 17.1.1.1: how long a round trip is thought to take.
pub const T1: Duration = Duration::from_millis(500);
/// RFC 3261 section 17.1.2.2: the longest time between two copies of a request, or of a final response.
pub const T2: Duration = Duration::from_secs(4);
/// RFC 3261 section 17.1.2.2: how long a message may stay in the network.
pub const T4: Duration = Duration::from_secs(5);
/// How long a transaction waits for the other side: 64 times T1, 32 seconds.
pub const PATIENCE: Duration = Duration::from_millis(64 * 500);
/// RFC 4320 section 4.1: when Timer E of the client has come to T2, at 0.5 + 1 + 2 seconds.
const TRYING_AFTER: Duration = Duration::from_millis(500 + 1000 + 2000);

/// The timers of RFC 3261 section 17 and RFC 6026, by their letters, and three without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The INVITE is sent again.
    A,
    /// Nobody answers the INVITE.
    B,
    /// No more copies of a refusal are to come.
    D,
    /// A request other than INVITE is sent again.
    E,
    /// Nobody answers it.
    F,
    /// A refusal of an INVITE is sent again.
    G,
    /// No ACK to it comes.
    H,
    /// No more copies of that ACK are to come.
    I,
    /// No more copies of a request other than INVITE are to come.
    J,
    /// No more copies of its response are to come.
    K,
    /// No more copies of an INVITE that was accepted are to come; no ACK either (RFC 6026).
    L,
    /// No more responses that accept are to come (RFC 6026).
    M,
    /// The acceptance is sent again (RFC 3261 section 13.3.1.4).
    Acceptance,
    /// A cancelled INVITE is not answered (RFC 3261 section 9.1).
    Cancelled,
    /// A request other than INVITE has waited long enough for a 100 (RFC 4320).
    Trying,
}

impl Timer {
    /// Returns when it fires for the first time; `None` when it never does.
    pub(super) const fn first(self, reliable: bool) -> Option<Duration> {
        match self {
            // What is reliable repeats by itself.
            Self::A | Self::E | Self::G if reliable => None,
            Self::A | Self::E | Self::G | Self::Acceptance => Some(T1),
            // What is reliable leaves no copies to wait for.
            Self::D | Self::I | Self::J | Self::K if reliable => Some(Duration::ZERO),
            Self::I | Self::K => Some(T4),
            Self::B | Self::D | Self::F | Self::H | Self::J | Self::L | Self::M | Self::Cancelled => {
                Some(PATIENCE)
            }
            Self::Trying => Some(TRYING_AFTER),
        }
    }

    /// Returns how long it waits after it has waited so long.
    pub(super) fn again(self, waited: Duration) -> Duration {
        let doubled = waited.saturating_mul(2);
        // RFC 3261 section 17.1.1.2: only the INVITE itself is sent ever more rarely.
        if self == Self::A { doubled } else { doubled.min(T2) }
    }

    /// Tells whether it repeats, rather than ends a state.
    pub(super) const fn repeats(self) -> bool {
        match self {
            Self::A | Self::E | Self::G | Self::Acceptance | Self::Trying => true,
            Self::B
            | Self::D
            | Self::F
            | Self::H
            | Self::I
            | Self::J
            | Self::K
            | Self::L
            | Self::M
            | Self::Cancelled => false,
        }
    }
}

/// What a step tells to be done, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// The message at hand is sent, and kept for copies.
    Send,
    /// What was sent last is sent again.
    Repeat,
    /// The response at hand is acknowledged, and the ACK kept for copies.
    Acknowledge,
    /// The message at hand is told to the user.
    Tell,
    /// The user hears that nobody answers.
    TellTimeout,
    /// The user hears that the request cannot be sent.
    TellTransport,
    /// The user hears that no ACK has come.
    TellAckMissing,
    /// The user hears that the response cannot be sent.
    TellLost,
    /// What was kept for copies is not needed any longer.
    Forget,
    /// A timer starts; one that ends a state takes the place of the one before.
    Start(Timer),
    /// A timer that repeats waits twice as long as before, up to its limit.
    Double(Timer),
    /// A timer that repeats waits for T2.
    Slow(Timer),
    /// The timer that repeats stops.
    StopRepeating,
    /// The timer that ends a state stops.
    StopEnding,
}
