//! An index protects one packet. Zeros are sealed here, so that each packet shows the keystream it used up:
//! the same index of the same source would show the same keystream again.

use std::collections::BTreeSet;

use crypto::{Parts, Refusal, Sealer, Suite};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::packets::{Optional, master, rtp};
use crate::pair::SSRC;
use crate::random::Random;
use crate::sources::SEALED_MAX;

/// How far behind the highest index a sealer still seals what it has not sealed.
const REORDER_MAX: u16 = 64;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_sequence_numbers_uses_an_index_twice(
        suite in proptest::sample::select(Suite::ALL.to_vec()),
        steps in vec((0..SEALED_MAX, step()), 1..400),
    ) {
        let mut used = Used::new(suite);
        let mut sequences = [0xffe0u16; SEALED_MAX as usize];
        for (source, step) in steps {
            let sequence = &mut sequences[source as usize];
            *sequence = match step {
                Step::By(distance) => sequence.wrapping_add_signed(distance),
                Step::To(there) => there,
            };
            let _ = used.seal(SSRC + source, *sequence);
        }
    }
}

#[test]
fn long_walks_use_no_index_twice() {
    for suite in Suite::ALL {
        let mut random = Random::new(9);
        let mut used = Used::new(suite);
        let mut sequence = random.number() as u16;
        for _ in 0..3_000 {
            sequence = match random.below(16) {
                0 => random.number() as u16,
                1 => sequence.wrapping_add(0x8000),
                2..5 => sequence.wrapping_sub(random.below(100) as u16),
                5 => sequence,
                _ => sequence.wrapping_add(random.below(40) as u16),
            };
            let _ = used.seal(SSRC, sequence);
        }
    }
}

#[test]
fn rising_numbers_are_sealed_whatever_came_before() {
    for suite in Suite::ALL {
        let mut random = Random::new(10);
        let mut used = Used::new(suite);
        for _ in 0..200 {
            let _ = used.seal(SSRC, random.number() as u16);
            let next = used.sealer.next_sequence(SSRC).unwrap();
            assert_eq!(used.seal(SSRC, next), Ok(()), "{suite}");
            assert_eq!(
                used.seal(SSRC, next.wrapping_add(random.below(0x7ffe) as u16 + 1)),
                Ok(()),
                "{suite}"
            );
        }
    }
}

#[test]
fn late_packets_are_sealed_once_while_they_are_not_too_late() {
    for suite in Suite::ALL {
        let mut used = Used::new(suite);
        let highest = 20;
        assert_eq!(used.seal(SSRC, 0xfff0), Ok(()), "{suite}");
        assert_eq!(used.seal(SSRC, highest), Ok(()), "{suite}");
        for age in 1..REORDER_MAX {
            let late = highest.wrapping_sub(age);
            let expected = if late == 0xfff0 { Err(Refusal::IndexUsed) } else { Ok(()) };
            assert_eq!(used.seal(SSRC, late), expected, "{suite}: {age} late");
            assert_eq!(used.seal(SSRC, late), Err(Refusal::IndexUsed), "{suite}: {age} late");
        }
        let too_late = highest.wrapping_sub(REORDER_MAX);
        assert_eq!(used.seal(SSRC, too_late), Err(Refusal::IndexUsed), "{suite}");
        assert_eq!(used.seal(SSRC, highest), Err(Refusal::IndexUsed), "{suite}");
    }
}

#[test]
fn sources_do_not_take_indices_from_each_other() {
    for suite in Suite::ALL {
        let mut used = Used::new(suite);
        for sequence in 0xfff0..=0xffffu16 {
            for source in 0..SEALED_MAX {
                assert_eq!(used.seal(SSRC + source, sequence), Ok(()), "{suite}");
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    By(i16),
    To(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (-70..70i16).prop_map(Step::By),
        1 => any::<i16>().prop_map(Step::By),
        1 => any::<u16>().prop_map(Step::To),
    ]
}

/// A sealer and the keystreams that it has used up.
struct Used {
    suite: Suite,
    sealer: Sealer,
    keystreams: BTreeSet<Vec<u8>>,
}

impl Used {
    fn new(suite: Suite) -> Self {
        Self { suite, sealer: Sealer::new(&master(suite)), keystreams: BTreeSet::new() }
    }

    /// Seals sixteen zeros; asserts that no other packet was sealed with the same keystream.
    fn seal(&mut self, ssrc: u32, sequence: u16) -> Result<(), Refusal> {
        let plain = rtp(ssrc, sequence, Optional::default(), &[0; 16]);
        let mut buffer = [&plain[..], &[0; Suite::RTP_OVERHEAD_MAX]].concat();
        let parts = Parts { header_len: 12, ssrc, sequence };
        let sealed = self.sealer.seal_rtp(&mut buffer, plain.len(), parts);
        if sealed.is_err() {
            assert_eq!(buffer[..plain.len()], plain, "{}: a refused packet has changed", self.suite);
        } else {
            let is_new = self.keystreams.insert(buffer[12..28].to_vec());
            assert!(is_new, "{}: source {ssrc:#x}, sequence {sequence}: index used twice", self.suite);
        }
        sealed.map(drop)
    }
}
