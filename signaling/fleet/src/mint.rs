//! Names for sessions.

use control::SessionId;

/// Returns a name that no session has or had: 64 random bits.
///
/// Signaling remembers no names across restarts, and needs not: a new name is that of one of n present sessions once in
/// 2^64 / n times. With 30,000 sessions of three minutes that is once in a hundred thousand years.
///
/// # Panics
///
/// If the kernel has no random numbers, which Linux always has.
#[must_use]
pub fn mint() -> SessionId {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("Linux always has random numbers");
    SessionId(u64::from_ne_bytes(bytes))
}
