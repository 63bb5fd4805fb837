//! One seed, one transcript.

use std::time::Duration;

use netem::{
    chance::Chance,
    profile::{Profile, Reorder},
};

use crate::traffic::{Transcript, run};

const EVERY: Duration = Duration::from_millis(1);

/// Everything at once.
const WORST: &str = "wifi_bad,loss=1%,corrupt=1%,reorder=2%:3,down=100ms-120ms,rate=2mbit:10,line=50";

/// FNV-1a over the time and content of every arrival.
fn hash(transcript: &Transcript) -> u64 {
    let bytes = transcript.arrivals.iter().flat_map(|(at, packet)| {
        let at = u64::try_from(at.as_nanos()).unwrap().to_be_bytes();
        at.into_iter().chain(packet.iter().copied())
    });
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn the_same_seed_gives_the_same_transcript_and_another_seed_another() {
    let worst: Profile = WORST.parse().unwrap();
    let first = run(&worst, 1, 2000, EVERY);
    assert_eq!(first, run(&worst, 1, 2000, EVERY));
    assert_ne!(first.arrivals, run(&worst, 2, 2000, EVERY).arrivals);
}

/// A change here means that recorded seeds no longer replay what they recorded: it needs a reason in the
/// changelog.
#[test]
fn the_transcripts_of_known_seeds_never_change() {
    let golden = [
        ("perfect", 3535454656561306482_u64),
        ("lan", 4914422693968829114),
        ("dsl", 993902668296141993),
        ("lte", 17331499205309192624),
        ("wifi_bad", 5784469811351098513),
        ("satellite", 7625379826919006672),
        (WORST, 6454240181362463579),
    ];
    let found = golden.map(|(text, _)| (text, hash(&run(&text.parse().unwrap(), 20_260_101, 1000, EVERY))));
    assert_eq!(found, golden);
}

#[test]
fn one_impairment_more_leaves_the_luck_of_the_others_unchanged() {
    let plain: Profile = "loss=5%,delay=20ms,jitter=5ms,order=free".parse().unwrap();
    let before = run(&plain, 9, 2000, EVERY);
    let survived = |transcript: &Transcript, number| transcript.numbers().contains(&number);

    let overtaking = Some(Reorder { chance: Chance::from_basis_points(1000), gap: 1 });
    let others = run(&Profile { reorder: overtaking, ..plain.clone() }, 9, 2000, EVERY);
    let as_before = others.arrivals.iter().filter(|arrival| before.arrivals.contains(arrival)).count();
    assert!(
        (1650..1750).contains(&as_before),
        "nine tenths of nineteen in twenty arrive as they did: {as_before}"
    );

    let twice = run(&Profile { duplicate: Chance::ALWAYS, ..plain }, 9, 2000, EVERY);
    for arrival in &before.arrivals {
        assert!(twice.arrivals.contains(arrival), "the first copy arrives as it did");
    }

    let bursts = run(&"burst=10%:4,loss=5%,delay=20ms".parse().unwrap(), 9, 2000, EVERY);
    for number in bursts.numbers() {
        assert!(survived(&before, number), "what independent loss took is lost again");
    }
}
