//! A bucket of tokens, held as one point in time.

use std::{num::NonZeroU32, time::Duration};

/// Lets some calls pass at once, and then one in every `rate`th part of a second.
///
/// What is held is when the bucket will be full again; the tokens that are missing are the time until then. A changed rate
/// counts from the next call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bucket {
    full_at: Duration,
}

impl Bucket {
    /// Takes a token of as many as come in a second, of which no more than `room` wait. Time that runs backwards stands still.
    ///
    /// # Errors
    /// Tells after what time there will be one.
    pub fn take(&mut self, rate: NonZeroU32, room: NonZeroU32, now: Duration) -> Result<(), Duration> {
        let token = token(rate);
        let others = token.saturating_mul(room.get().saturating_sub(1));
        let full_at = self.full_at.max(now);
        let missing = full_at.saturating_sub(now);
        if missing > others {
            return Err(missing.saturating_sub(others));
        }
        self.full_at = full_at.saturating_add(token);
        Ok(())
    }

    /// Gives a token back.
    pub fn put_back(&mut self, rate: NonZeroU32) {
        self.full_at = self.full_at.saturating_sub(token(rate));
    }
}

/// The time in which a token comes.
fn token(rate: NonZeroU32) -> Duration {
    Duration::from_secs(1).checked_div(rate.get()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(bucket: &mut Bucket, rate: u32, at_ms: impl IntoIterator<Item = u64>) -> usize {
        let rate = NonZeroU32::new(rate).unwrap();
        at_ms.into_iter().filter(|ms| bucket.take(rate, rate, Duration::from_millis(*ms)).is_ok()).count()
    }

    #[test]
    fn one_a_second_means_one_in_each_second() {
        let mut bucket = Bucket::default();
        assert_eq!(passed(&mut bucket, 1, [0, 0, 200, 400, 999]), 1);
        assert_eq!(passed(&mut bucket, 1, [1_000, 1_500]), 1);
    }

    #[test]
    fn a_full_bucket_empties_at_once_and_fills_at_the_rate() {
        let mut bucket = Bucket::default();
        assert_eq!(passed(&mut bucket, 10, [0; 30]), 10);
        assert_eq!(passed(&mut bucket, 10, 0..100), 0);
        assert_eq!(passed(&mut bucket, 10, 100..10_100), 100);
        assert_eq!(passed(&mut bucket, 10, [60_000; 30]), 10);
    }

    #[test]
    fn the_wait_that_is_told_is_long_enough_and_no_longer() {
        let rate = NonZeroU32::new(3).unwrap();
        let mut bucket = Bucket::default();
        for _ in 0..3 {
            bucket.take(rate, rate, Duration::from_secs(7)).unwrap();
        }
        let wait = bucket.take(rate, rate, Duration::from_secs(7)).unwrap_err();
        let mut early = bucket;
        assert!(early.take(rate, rate, Duration::from_secs(7) + wait - Duration::from_nanos(1)).is_err());
        assert!(bucket.take(rate, rate, Duration::from_secs(7) + wait).is_ok());
    }

    #[test]
    fn less_room_makes_smaller_bursts_at_the_same_rate() {
        let (mut bucket, rate) = (Bucket::default(), NonZeroU32::new(1_000).unwrap());
        let room = NonZeroU32::new(10).unwrap();
        let mut passed = |ms| bucket.take(rate, room, Duration::from_millis(ms)).is_ok();
        assert_eq!((0..100).filter(|_| passed(5_000)).count(), 10);
        assert_eq!((5_001..6_001).filter(|ms| passed(*ms)).count(), 1_000);
    }

    #[test]
    fn a_token_that_is_given_back_is_there_again() {
        let (mut bucket, rate) = (Bucket::default(), NonZeroU32::new(3).unwrap());
        assert_eq!(passed(&mut bucket, 3, [5_000; 9]), 3);
        bucket.put_back(rate);
        assert_eq!(passed(&mut bucket, 3, [5_000; 9]), 1);
    }

    #[test]
    fn time_that_runs_backwards_gives_no_tokens() {
        let mut bucket = Bucket::default();
        assert_eq!(passed(&mut bucket, 1, [5_000, 0, 1_000, 4_999]), 1);
    }
}
