//! Long runs come out as the profile says. Each tolerance is at least four standard deviations of what is
//! measured, so that the fixed seeds below are no lucky ones.

use std::time::Duration;

use netem::{counts::Lost, profile::Profile};

use crate::traffic::run;

const PACKETS: u64 = 100_000;
const EVERY: Duration = Duration::from_millis(1);

fn profile(text: &str) -> Profile {
    text.parse().unwrap()
}

fn share(count: u64) -> f64 {
    count as f64 / PACKETS as f64
}

fn assert_near(found: f64, wanted: f64, tolerance: f64) {
    assert!((found - wanted).abs() <= tolerance, "wanted {wanted} +- {tolerance}, found {found}");
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
}

/// Lists the lengths of the runs of packets that did not arrive.
fn runs_of_loss(numbers: &[u64]) -> Vec<f64> {
    let gaps = numbers.windows(2).map(|pair| pair[1] - pair[0] - 1);
    gaps.filter(|gap| *gap > 0).map(|gap| gap as f64).collect()
}

#[test]
fn independent_loss_takes_its_share_in_runs_of_hardly_more_than_one() {
    let transcript = run(&profile("loss=2%"), 1, PACKETS, EVERY);
    // sqrt(0.02 x 0.98 / 100,000) is 0.00044.
    assert_near(share(transcript.counts.lost(Lost::Random)), 0.02, 0.002);
    // A run goes on with the chance of loss: 1 / (1 - 0.02).
    assert_near(mean(&runs_of_loss(&transcript.numbers())), 1.02, 0.02);
}

#[test]
fn bursts_take_their_share_in_runs_of_their_length() {
    let transcript = run(&profile("burst=2%:5"), 1, PACKETS, EVERY);
    // About 400 runs, each of 5 packets with a deviation of sqrt(20).
    assert_near(mean(&runs_of_loss(&transcript.numbers())), 5.0, 0.9);
    assert_near(share(transcript.counts.lost(Lost::Burst)), 0.02, 0.006);
}

#[test]
fn a_channel_may_lose_a_part_in_both_states() {
    let mut profile = profile("burst=20%:10");
    let burst = profile.burst.as_mut().unwrap();
    burst.lost_in_bad = netem::chance::Chance::from_basis_points(5000);
    burst.lost_in_good = netem::chance::Chance::from_basis_points(100);
    let transcript = run(&profile, 1, PACKETS, EVERY);
    // Half of a fifth and a hundredth of four fifths.
    assert_near(share(transcript.counts.lost(Lost::Burst)), 0.108, 0.012);
}

#[test]
fn duplication_and_corruption_take_their_shares() {
    let transcript = run(&profile("dup=3%,corrupt=5%"), 1, PACKETS, EVERY);
    assert_near(share(transcript.counts.duplicated), 0.03, 0.003);
    assert_near(share(transcript.counts.corrupted), 0.05 * 1.03, 0.004);
    assert_eq!(transcript.counts.delivered, PACKETS + transcript.counts.duplicated);
}

#[test]
fn uniform_jitter_fills_its_width_and_no_more() {
    let delays = run(&profile("delay=40ms,jitter=10ms,order=free"), 1, PACKETS, EVERY).delays(EVERY);
    assert_near(mean(&delays), 0.040, 0.000_1);
    // The deviation of a uniform spread is its half width over sqrt(3).
    assert_near(deviation(&delays), 0.010 / 3_f64.sqrt(), 0.000_1);
    assert!(delays.iter().all(|delay| (0.030..=0.050_001).contains(delay)));
}

#[test]
fn normal_jitter_has_its_deviation_and_its_tails() {
    let delays =
        run(&profile("delay=100ms,jitter=10ms,order=free,shape=normal"), 1, PACKETS, EVERY).delays(EVERY);
    assert_near(mean(&delays), 0.100, 0.000_15);
    assert_near(deviation(&delays), 0.010, 0.000_15);
    // 4.55 % of a normal spread is beyond two deviations; the sum of twelve comes to 4.6 %.
    let beyond = delays.iter().filter(|delay| (**delay - 0.100).abs() > 0.020).count();
    assert_near(share(beyond as u64), 0.046, 0.003);
    assert!(delays.iter().all(|delay| (0.040..=0.160).contains(delay)));
}

#[test]
fn no_jitter_makes_a_packet_arrive_before_it_left() {
    let delays =
        run(&profile("delay=1ms,jitter=10ms,order=free,shape=normal"), 1, 10_000, EVERY).delays(EVERY);
    assert!(delays.iter().all(|delay| *delay > -1e-9));
}

#[test]
fn packets_overtake_as_often_as_they_should() {
    let transcript = run(&profile("delay=20ms,reorder=2%"), 1, PACKETS, EVERY);
    let overtook = transcript.delays(EVERY).iter().filter(|delay| **delay < 0.010).count();
    assert_near(share(overtook as u64), 0.02, 0.002);
    // A packet is late if it does not overtake itself and any of the twenty behind it does. About 2000
    // overtake and make some 16 late each, so this share has a deviation of sqrt(2000) x 16 / 100,000.
    let numbers = transcript.numbers();
    let late = numbers.iter().scan(0, |highest, number| {
        *highest = (*highest).max(*number);
        Some(number < highest)
    });
    assert_near(share(late.filter(|late| *late).count() as u64), 0.98 * (1.0 - 0.98_f64.powi(20)), 0.03);
}

#[test]
fn the_gap_spaces_out_those_that_overtake() {
    let transcript = run(&profile("delay=20ms,reorder=100%:5"), 1, 1000, EVERY);
    let mut early: Vec<u64> = transcript
        .arrivals
        .iter()
        .filter(|(at, packet)| *at == EVERY * u32::try_from(crate::traffic::number(packet)).unwrap())
        .map(|(_, packet)| crate::traffic::number(packet))
        .collect();
    early.sort_unstable();
    assert_eq!(early, (0..200).map(|fifth| fifth * 5 + 4).collect::<Vec<u64>>());
}
