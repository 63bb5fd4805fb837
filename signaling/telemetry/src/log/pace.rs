//! How often one site may speak.

/// The lines of one site in one second.
#[derive(Debug)]
pub(super) struct Pace {
    second: u64,
    written: u32,
    suppressed: u64,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is written, and tells how many were not written before it.
    Write {
        /// So many.
        suppressed: u64,
    },
    /// It is counted only. The first one in a row says so.
    Suppress {
        /// Whether it is the first.
        is_first: bool,
    },
}

impl Pace {
    /// The most lines of one site in a second.
    pub(super) const LINES_PER_SECOND: u32 = 10;

    pub(super) const fn new() -> Self {
        Self { second: 0, written: 0, suppressed: 0 }
    }

    /// Judges one line.
    pub(super) fn judge(&mut self, second: u64) -> Verdict {
        if self.second != second {
            self.second = second;
            self.written = 0;
        }
        if self.written < Self::LINES_PER_SECOND {
            self.written += 1;
            return Verdict::Write { suppressed: core::mem::take(&mut self.suppressed) };
        }
        self.suppressed = self.suppressed.saturating_add(1);
        Verdict::Suppress { is_first: self.suppressed == 1 }
    }

    /// Takes the count of the lines that were not written; nothing while their second is not over.
    pub(super) fn take_suppressed(&mut self, second: u64) -> Option<u64> {
        let may_rise = self.second == second && self.suppressed > 0;
        (!may_rise).then(|| core::mem::take(&mut self.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_thousand_lines_in_a_second_ten_are_written_and_the_rest_is_counted() {
        let mut pace = Pace::new();
        let verdicts: Vec<Verdict> = (0..1000).map(|_| pace.judge(7)).collect();
        assert_eq!(verdicts[..10], [Verdict::Write { suppressed: 0 }; 10]);
        assert_eq!(verdicts[10], Verdict::Suppress { is_first: true });
        assert_eq!(verdicts[11..], [Verdict::Suppress { is_first: false }; 989]);
        assert_eq!(pace.judge(8), Verdict::Write { suppressed: 990 });
        assert_eq!(pace.judge(8), Verdict::Write { suppressed: 0 });
    }

    #[test]
    fn what_was_suppressed_last_is_told_once_its_second_is_over() {
        let mut pace = Pace::new();
        for _ in 0..15 {
            pace.judge(7);
        }
        assert_eq!(pace.take_suppressed(7), None);
        assert_eq!(pace.take_suppressed(8), Some(5));
        assert_eq!(pace.take_suppressed(8), Some(0));
    }
}
