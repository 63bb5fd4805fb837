//! What a stream survives when nothing of it arrives for a long time.

use crypto::{Refusal, Suite};

use crate::pair::{Pair, SSRC, Sealed};

/// Where the last packet before the silence stood: at the edges of both halves of a cycle, in the first cycle
/// and in a later one.
const STARTS: [u64; 8] = [0, 1, 0x7fff, 0x8000, 0xffff, 0x1_0000, 0x1_8000, 0x1_ffff];

/// More packets than the budget of second tries has.
const TRIES: u32 = 10;

#[test]
fn a_loss_of_less_than_half_a_cycle_is_survived_without_a_second_try() {
    for suite in Suite::ALL {
        for start in STARTS {
            for lost in [0, 1, 126, 127, 128, 1_000, 32_000, 32_766] {
                let (mut pair, packet) = after_silence(suite, start, lost);
                spend_the_second_tries(&mut pair);
                assert_eq!(packet.open(&mut pair.opener), Ok(()), "{suite}: {lost} lost after {start}");
                pair.deliver(start + lost + 2);
            }
        }
    }
}

/// RFC 3711 appendix A takes what is exactly half a cycle away for ahead in the lower half of a cycle, and for
/// behind in the upper one.
#[test]
fn a_loss_that_ends_half_a_cycle_ahead_is_survived_in_the_lower_half() {
    for suite in Suite::ALL {
        for start in [0, 1, 0x7fff, 0x1_0000, 0x1_7fff] {
            let (mut pair, packet) = after_silence(suite, start, 32_767);
            spend_the_second_tries(&mut pair);
            assert_eq!(packet.open(&mut pair.opener), Ok(()), "{suite}: after {start}");
        }
    }
}

#[test]
fn a_loss_of_half_a_cycle_to_one_and_a_half_is_survived_by_a_second_try() {
    for suite in one_of_each_family() {
        for start in STARTS {
            for lost in [32_767, 32_768, 40_000, 65_407, 65_408, 65_500, 65_536, 65_537, 70_000, 98_302] {
                let (mut pair, packet) = after_silence(suite, start, lost);
                assert_eq!(packet.open(&mut pair.opener), Ok(()), "{suite}: {lost} lost after {start}");
                pair.deliver(start + lost + 2);
                pair.deliver(start + lost + 3);
            }
        }
    }
}

/// After half a cycle a new packet looks like an old one, after a whole one like one with a bad tag.
#[test]
fn a_second_try_is_made_while_there_are_some_left() {
    for suite in Suite::ALL {
        for (lost, refusal) in [(40_000, Refusal::TooOld), (70_000, Refusal::BadTag)] {
            let (mut pair, packet) = after_silence(suite, 0x1_0000, lost);
            spend_the_second_tries(&mut pair);
            assert_eq!(packet.open(&mut pair.opener), Err(refusal), "{suite}: {lost} lost");

            pair.opener.grant_recoveries(1);
            assert_eq!(packet.open(&mut pair.opener), Ok(()), "{suite}: {lost} lost");
            pair.deliver(0x1_0000 + lost + 2);
        }
    }
}

/// Networks repeat packets of their own accord: that must not leave a stream without the try it needs later.
#[test]
fn copies_cost_no_second_try() {
    for suite in Suite::ALL {
        let mut pair = Pair::new(suite);
        pair.deliver(1);
        let copied = pair.seal_at(2);
        assert_eq!(copied.open(&mut pair.opener), Ok(()), "{suite}");
        for _ in 0..TRIES {
            assert_eq!(copied.open(&mut pair.opener), Err(Refusal::Replayed), "{suite}");
            assert_eq!(damaged(&copied).open(&mut pair.opener), Err(Refusal::Replayed), "{suite}");
        }
        pair.lose_up_to(2, 70_000);
        pair.deliver(70_000);
    }
}

#[test]
fn no_more_than_four_second_tries_are_saved_up() {
    for suite in one_of_each_family() {
        let (mut pair, packet) = after_silence(suite, 0x1_0000, 70_000);
        pair.opener.grant_recoveries(u8::MAX);
        for _ in 0..4 {
            assert_eq!(damaged(&packet).open(&mut pair.opener), Err(Refusal::BadTag), "{suite}");
        }
        assert_eq!(packet.open(&mut pair.opener), Err(Refusal::BadTag), "{suite}");
    }
}

#[test]
fn a_loss_of_two_cycles_is_not_taken_for_a_shorter_one() {
    for suite in one_of_each_family() {
        for start in STARTS {
            for lost in [131_072, 150_000, 200_000] {
                let (mut pair, packet) = after_silence(suite, start, lost);
                let before = pair.opener.export();
                assert!(packet.open(&mut pair.opener).is_err(), "{suite}: {lost} lost after {start}");
                assert_eq!(pair.opener.export(), before, "{suite}: {lost} lost after {start}");
            }
        }
    }
}

#[test]
fn a_receiver_that_joins_in_the_second_cycle_hears_it_by_a_second_try() {
    for suite in Suite::ALL {
        let mut pair = Pair::new(suite);
        pair.lose_up_to(0, 0x1_2345);
        let packet = pair.seal_at(0x1_2345);
        assert_eq!(packet.open(&mut pair.opener), Ok(()), "{suite}");
        pair.deliver(0x1_2346);
    }
}

fn one_of_each_family() -> [Suite; 3] {
    [Suite::AesCm128HmacSha1_80, Suite::AesCm256HmacSha1_32, Suite::AeadAes256Gcm]
}

/// Delivers packets up to `start`, then loses some; returns the one that comes next.
fn after_silence(suite: Suite, start: u64, lost: u64) -> (Pair, Sealed) {
    let mut pair = Pair::new(suite);
    pair.deliver_rising_to(start);
    pair.lose_up_to(start, start + lost + 1);
    let packet = pair.seal_at(start + lost + 1);
    (pair, packet)
}

/// Brings damaged packets of a source that is not known until no second try is left.
fn spend_the_second_tries(pair: &mut Pair) {
    for sequence in 0..TRIES {
        let packet = pair.seal(SSRC + 1, sequence as u16);
        assert_eq!(damaged(&packet).open(&mut pair.opener), Err(Refusal::BadTag), "{}", pair.suite);
    }
}

fn damaged(packet: &Sealed) -> Sealed {
    let mut damaged = packet.clone();
    damaged.bytes[12] ^= 1;
    damaged
}
