//! Replay windows: everything once, nothing twice, nothing that is too old.

use std::collections::BTreeSet;

use crypto::{Opener, Refusal, Sealer, Suite};

use crate::model::Model;
use crate::packets::master;
use crate::pair::{Pair, SSRC, Sealed, seal};
use crate::random::Random;
use crate::sources::{OPENED_MAX, SEALED_MAX};

const WINDOWS: [u16; 4] = [128, 256, 512, 1024];

#[test]
fn packets_reordered_within_the_window_are_each_delivered_once() {
    for (suite, window) in every_suite_and_window() {
        let mut random = Random::new(4);
        let mut pair = Pair::with_window(suite, window);
        let first = 65_536 - u64::from(window);
        pair.deliver(first - 1);
        let mut sealed: Vec<_> = (first..first + 3 * u64::from(window)).map(|i| pair.seal_at(i)).collect();
        // Within each stretch of half a window every order is one that the window bears.
        for stretch in sealed.chunks_mut(usize::from(window / 2)) {
            shuffle(&mut random, stretch);
        }
        for packet in &sealed {
            assert_eq!(packet.open(&mut pair.opener), Ok(()), "{suite}, window {window}");
            assert_eq!(packet.open(&mut pair.opener), Err(Refusal::Replayed), "{suite}, window {window}");
        }
    }
}

#[test]
fn the_window_ends_where_it_says() {
    for (suite, window) in every_suite_and_window() {
        let mut pair = Pair::with_window(suite, window);
        let highest = 60_000;
        let oldest = highest + 1 - u64::from(window);
        let sealed: Vec<_> = (oldest - 1..=highest).map(|index| pair.seal_at(index)).collect();

        assert_eq!(sealed.last().unwrap().open(&mut pair.opener), Ok(()), "{suite}, window {window}");
        assert_eq!(sealed[0].open(&mut pair.opener), Err(Refusal::TooOld), "{suite}, window {window}");
        assert_eq!(sealed[1].open(&mut pair.opener), Ok(()), "{suite}, window {window}");
        assert_eq!(sealed[1].open(&mut pair.opener), Err(Refusal::Replayed), "{suite}, window {window}");
    }
}

#[test]
fn any_order_agrees_with_a_set_of_everything_delivered() {
    for (suite, window) in every_suite_and_window() {
        let mut random = Random::new(u64::from(window));
        let mut pair = Pair::with_window(suite, window);
        let mut model = Model::new(window);
        let mut sealed: Vec<(u64, Sealed)> = Vec::new();
        let mut index = 65_000;
        for _ in 0..1_500 {
            // On average less than three, so that nothing is half a cycle old when it comes.
            index += if random.one_in(200) { u64::from(window) } else { random.pick(&[1, 1, 1, 2]) };
            sealed.push((index, pair.seal_at(index)));
            let delay = random.below(sealed.len().min(usize::from(window) + 20) as u64) as usize;
            let delay = if random.one_in(3) { 0 } else { delay };
            let (index, packet) = &sealed[sealed.len() - 1 - delay];
            let opened = packet.open(&mut pair.opener);
            assert_eq!(opened, model.judge(*index), "{suite}, window {window}, index {index}");
            if opened.is_ok() {
                model.deliver(*index);
            }
        }
    }
}

#[test]
fn eight_sources_have_their_own_windows_of_the_usual_size() {
    for suite in Suite::ALL {
        let mut random = Random::new(6);
        let mut crowd = Crowd::new(suite, 128);
        let mut packets: Vec<_> = (0..800).map(|n| crowd.seal(n % 8, 65_500 + n / 8)).collect();
        // The first packet of each source tells the cycle in which the others are.
        for stretch in packets[8..].chunks_mut(8 * 64) {
            shuffle(&mut random, stretch);
        }
        for packet in &packets {
            assert_eq!(packet.open(&mut crowd.opener), Ok(()), "{suite}");
            assert_eq!(packet.open(&mut crowd.opener), Err(Refusal::Replayed), "{suite}");
        }
    }
}

/// A source may lose its window to another one. What it sent before is then refused, new or not, but nothing
/// is delivered twice and nothing above the highest index is lost.
#[test]
fn sources_that_share_windows_lose_what_is_late_and_repeat_nothing() {
    for window in WINDOWS {
        let mut random = Random::new(7 + u64::from(window));
        let mut crowd = Crowd::new(Suite::AesCm128HmacSha1_80, window);
        let mut sent: Vec<(u32, u64, Sealed)> = Vec::new();
        let (mut delivered, mut next) = (BTreeSet::new(), [0; 8]);
        for turn in 0..4_000u32 {
            let source = random.below(8) as u32;
            sent.push((source, u64::from(turn), crowd.seal(source, turn)));
            let back = random.below(sent.len().min(300) as u64) as usize;
            for choice in [sent.len() - 1, sent.len() - 1 - back] {
                let (source, index, packet) = &sent[choice];
                let opened = packet.open(&mut crowd.opener);
                let next: &mut u64 = &mut next[*source as usize];
                let context = format!("window {window}, source {source}, index {index}, next {next}");
                if opened.is_ok() {
                    assert!(delivered.insert((*source, *index)), "{context}: delivered twice");
                } else {
                    assert!(index < next, "{context}: {opened:?}");
                }
                *next = (*next).max(index + 1);
            }
        }
        assert!(delivered.len() > 3_900, "window {window}: only {} of 4,000 arrived", delivered.len());
    }
}

/// Every suite with the usual window, and one suite of each family with every other.
fn every_suite_and_window() -> impl Iterator<Item = (Suite, u16)> {
    let wide = [Suite::AesCm128HmacSha1_80, Suite::AeadAes128Gcm].into_iter();
    let wide = wide.flat_map(|suite| WINDOWS[1..].iter().map(move |window| (suite, *window)));
    Suite::ALL.into_iter().map(|suite| (suite, WINDOWS[0])).chain(wide)
}

fn shuffle<T>(random: &mut Random, places: &mut [T]) {
    for place in (1..places.len()).rev() {
        places.swap(place, random.below(place as u64 + 1) as usize);
    }
}

/// As many sources as an opener knows, with as many sealers as they need, and one receiver.
struct Crowd {
    suite: Suite,
    sealers: Vec<Sealer>,
    opener: Opener,
}

impl Crowd {
    fn new(suite: Suite, window: u16) -> Self {
        let sealers = (0..OPENED_MAX.div_ceil(SEALED_MAX)).map(|_| Sealer::new(&master(suite))).collect();
        Self { suite, sealers, opener: Pair::with_window(suite, window).opener }
    }

    fn seal(&mut self, source: u32, index: u32) -> Sealed {
        let sealer = &mut self.sealers[(source / SEALED_MAX) as usize];
        let sealed = seal(sealer, self.suite, SSRC + source, index as u16);
        sealed.expect("a test seals what may be sealed")
    }
}
