//! What a link does at its limits: rate, queue, line, size, blackouts, and the clock.

use std::time::Duration;

use netem::{
    counts::Lost,
    link::Link,
    profile::{Profile, Rate},
};

use crate::traffic::{packet, run};

const MS: Duration = Duration::from_millis(1);

fn link(text: &str) -> Link<Vec<u8>> {
    Link::new(&text.parse().unwrap(), 1)
}

#[test]
fn a_perfect_link_delivers_at_once_and_in_order() {
    let transcript = run(&Profile::perfect(), 1, 1000, MS);
    assert_eq!(transcript.numbers(), (0..1000).collect::<Vec<u64>>());
    assert!(transcript.delays(MS).iter().all(|delay| delay.abs() < 1e-9));
}

#[test]
fn a_packet_arrives_after_the_delay_and_not_before() {
    let mut link = link("delay=40ms");
    link.send(10 * MS, packet(0));
    assert_eq!(link.poll_timeout(), Some(50 * MS));
    assert_eq!(link.poll(50 * MS - Duration::from_nanos(1)), None);
    assert_eq!(link.poll(50 * MS), Some(packet(0)));
    assert_eq!((link.poll(50 * MS), link.poll_timeout()), (None, None));
}

#[test]
fn a_saturated_link_passes_exactly_its_rate() {
    // 172 bytes at 3 Mbit/s take 458,666.67 ns: were each rounded, 100,000 of them would be off by 67
    // microseconds.
    let profile = Profile { rate: Rate::new(3_000_000, 100_000), ..Profile::perfect() };
    let mut link = Link::new(&profile, 1);
    for number in 0..100_000 {
        link.send(Duration::ZERO, packet(number));
    }
    let mut last = Duration::ZERO;
    while let Some(at) = link.poll_timeout() {
        assert!(link.poll(at).is_some());
        last = at;
    }
    assert_eq!(link.counts().delivered, 100_000);
    assert_eq!(last.as_nanos(), 100_000 * 172 * 8 * 1_000_000_000 / 3_000_000);
}

#[test]
fn the_fraction_of_a_nanosecond_is_kept_while_the_link_is_busy() {
    // At 458,666 ns the first packet has 0.67 ns to go, so the link has not been idle.
    let mut link = link("rate=3mbit:10");
    link.send(Duration::ZERO, packet(0));
    link.send(Duration::from_nanos(458_666), packet(1));
    assert!(link.poll(Duration::from_nanos(458_666)).is_some());
    assert_eq!(link.poll_timeout(), Some(Duration::from_nanos(917_333)));
}

#[test]
fn a_link_that_was_idle_has_saved_nothing_up() {
    // 1000 bytes take 8 ms.
    let mut link = link("rate=1mbit:10");
    link.send(Duration::ZERO, vec![0; 1000]);
    link.send(100 * MS, vec![1; 1000]);
    assert_eq!(link.poll(8 * MS), Some(vec![0; 1000]));
    assert_eq!(link.poll_timeout(), Some(108 * MS));
}

#[test]
fn the_queue_drops_its_tail_and_takes_more_when_it_has_drained() {
    let mut link = link("rate=1mbit:2");
    for number in 0..5 {
        link.send(Duration::ZERO, vec![number; 1000]);
    }
    // One is being sent, two wait, two are lost.
    assert_eq!((link.queued(), link.counts().lost(Lost::QueueFull)), (3, 2));
    link.send(8 * MS, vec![5; 1000]);
    assert_eq!(link.counts().lost(Lost::QueueFull), 2);
    link.send(8 * MS, vec![6; 1000]);
    assert_eq!(link.counts().lost(Lost::QueueFull), 3);
    let arrived: Vec<u8> =
        std::iter::from_fn(|| link.poll(Duration::from_secs(1))).map(|packet| packet[0]).collect();
    assert_eq!(arrived, [0, 1, 2, 5]);
}

#[test]
fn a_blackout_loses_what_would_leave_in_it_from_its_first_moment_to_its_last() {
    let mut link = link("down=10ms-20ms,down=30ms-31ms");
    for at in [9, 10, 19, 20, 30, 31] {
        link.send(at * MS, packet(at.into()));
    }
    assert_eq!(link.counts().lost(Lost::Blackout), 3);
    let arrived: Vec<u64> =
        std::iter::from_fn(|| link.poll(40 * MS)).map(|packet| crate::traffic::number(&packet)).collect();
    assert_eq!(arrived, [9, 20, 31]);
}

#[test]
fn a_packet_that_waits_through_a_blackout_survives_it() {
    // 1000 bytes take 8 ms: the first leaves at 8 ms, in the blackout, the second at 16 ms, after it.
    let mut link = link("rate=1mbit:2,down=5ms-10ms");
    link.send(Duration::ZERO, vec![0; 1000]);
    link.send(Duration::ZERO, vec![1; 1000]);
    assert_eq!(link.counts().lost(Lost::Blackout), 1);
    assert_eq!(link.poll(16 * MS), Some(vec![1; 1000]));
}

#[test]
fn a_packet_of_the_mtu_passes_and_one_byte_more_does_not() {
    let mut link = link("mtu=100");
    link.send(Duration::ZERO, vec![0; 100]);
    link.send(Duration::ZERO, vec![0; 101]);
    assert_eq!((link.queued(), link.counts().lost(Lost::TooBig)), (1, 1));
}

#[test]
fn every_known_network_but_the_perfect_one_has_an_mtu() {
    for (name, mtu) in [("lan", 1500), ("dsl", 1492), ("lte", 1428), ("wifi_bad", 1500), ("satellite", 1500)]
    {
        let mut link = link(name);
        link.send(Duration::ZERO, vec![0; mtu]);
        link.send(Duration::ZERO, vec![0; mtu + 1]);
        assert_eq!(link.counts().lost(Lost::TooBig), 1, "{name}");
    }
}

#[test]
fn a_full_line_loses_copies_and_has_room_again_when_one_arrives() {
    let mut link = link("delay=10ms,dup=100%,line=3");
    link.send(Duration::ZERO, packet(0));
    link.send(MS, packet(1));
    assert_eq!((link.queued(), link.counts().lost(Lost::LineFull)), (3, 1));
    assert!(link.poll(10 * MS).is_some());
    link.send(10 * MS, packet(2));
    assert_eq!((link.queued(), link.counts().lost(Lost::LineFull)), (3, 2));
}

#[test]
fn time_that_runs_backwards_stands_still() {
    let mut link = link("delay=10ms");
    link.send(50 * MS, packet(0));
    link.send(20 * MS, packet(1));
    assert_eq!(link.poll_timeout(), Some(60 * MS));
    assert_eq!(link.poll(60 * MS), Some(packet(0)));
    assert_eq!(link.poll(Duration::ZERO), Some(packet(1)));
}

#[test]
fn a_corrupted_packet_differs_in_one_bit() {
    let mut link = link("corrupt=100%");
    link.send(Duration::ZERO, vec![0; 100]);
    let arrived = link.poll(Duration::ZERO).unwrap();
    assert_eq!(arrived.iter().map(|byte| byte.count_ones()).sum::<u32>(), 1);
    assert_eq!(link.counts().corrupted, 1);
}
