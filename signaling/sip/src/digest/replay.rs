//! Which counts of a nonce were seen: each is good once.

/// The highest count of a nonce, and which of the 64 up to it were seen.
///
/// Requests of one client may overtake each other over UDP, so that not only a higher count is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayWindow {
    highest: u32,
    /// Bit `n` is the count that lies `n` below the highest.
    seen: u64,
}

impl ReplayWindow {
    /// Makes a window for a nonce that was not used yet.
    pub const fn new() -> Self {
        Self { highest: 0, seen: 0 }
    }

    /// Takes a count; `false` when it was taken before, is too far behind, or is zero.
    pub fn admit(&mut self, count: u32) -> bool {
        if count == 0 {
            return false;
        }
        if let Some(ahead) = count.checked_sub(self.highest).filter(|&ahead| ahead > 0) {
            self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
            self.highest = count;
            return true;
        }
        let behind = self.highest.saturating_sub(count);
        let Some(bit) = 1_u64.checked_shl(behind) else { return false };
        let fresh = self.seen & bit == 0;
        self.seen |= bit;
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_count_is_good_once() {
        let mut window = ReplayWindow::new();
        let verdicts = [1, 1, 3, 2, 2, 3, 0, 70, 6, 7, 7, u32::MAX, 70].map(|count| window.admit(count));
        assert_eq!(
            verdicts,
            [true, false, true, true, false, false, false, true, false, true, false, true, false]
        );
    }
}
