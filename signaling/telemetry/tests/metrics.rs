//! Metrics from their declaration to the text that is scraped.

use std::time::Duration;

use telemetry::metrics::{
    Board, Catalogue, Counter, DeclaredTwice, Gauge, Histogram, Label, Labelled, Publisher,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carrier {
    Udp,
    Tls,
}

impl Label for Carrier {
    const NAME: &'static str = "transport";
    const ALL: &'static [Self] = &[Self::Udp, Self::Tls];

    fn word(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tls => "tls",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    In,
    Out,
}

impl Label for Way {
    const NAME: &'static str = "direction";
    const ALL: &'static [Self] = &[Self::In, Self::Out];

    fn word(self) -> &'static str {
        match self {
            Self::In => "in \"quotes\"",
            Self::Out => "out\\",
        }
    }
}

telemetry::metrics! {
    /// One metric of every kind.
    struct Sampler {
        /// Messages, with a \ in the help.
        messages: Labelled<Counter, (Carrier, Way)> = "trunkline_messages_total", Count;
        /// Bytes that were read.
        read: Counter = "trunkline_read_bytes_total", Bytes;
        /// Calls at this moment.
        calls: Labelled<Gauge, Carrier> = "trunkline_calls", Count;
        /// From question to answer.
        answer: Histogram = "trunkline_answer_seconds", Microseconds, [500, 1_000, 2_000_000];
        /// How calls sounded.
        score: Labelled<Histogram, Carrier> = "trunkline_score", Hundredths, [100, 350];
    }
}

telemetry::metrics! {
    /// Another set that claims a name.
    struct Claimant {
        /// Calls once more.
        calls: Gauge = "trunkline_calls", Count;
    }
}

fn sampler() -> Sampler {
    let mut sampler = Sampler::new();
    sampler.messages.at((Carrier::Tls, Way::Out)).add(3);
    sampler.messages.at((Carrier::Udp, Way::In)).increment();
    sampler.read.add(1 << 40);
    sampler.calls.at(Carrier::Tls).set(7);
    for us in [500, 501, 3_000_000] {
        sampler.answer.record_duration(Duration::from_micros(us));
    }
    sampler.score.at(Carrier::Udp).record(441);
    sampler
}

/// The text that this must be was written by hand from the description of the format.
#[test]
fn the_text_is_that_of_prometheus_0_0_4() {
    let (mut publisher, reader) = Publisher::new();
    let sampler = sampler();
    publisher.publish(Duration::ZERO, |snapshot| sampler.tell(snapshot));
    assert_eq!(Board::new(vec![reader]).exposition(), include_str!("exposition.txt"));
}

#[test]
fn a_snapshot_is_replaced_after_a_second_or_when_somebody_wants_it() {
    let (mut publisher, reader) = Publisher::new();
    let mut sampler = Sampler::new();
    let calls = |reader: &telemetry::metrics::Reader| {
        let board = Board::new(vec![reader.clone()]);
        board.exposition().lines().find_map(|line| {
            line.strip_prefix("trunkline_calls{transport=\"tls\"} ").and_then(|number| number.parse().ok())
        })
    };
    assert_eq!(calls(&reader), None::<u64>, "nothing is published yet");
    for (ms, wants, seen) in
        [(0, false, 1), (999, false, 1), (1_000, false, 3), (1_001, true, 4), (1_002, false, 4)]
    {
        let before = sampler.calls.of(Carrier::Tls).value();
        sampler.calls.at(Carrier::Tls).set(before + 1);
        if wants {
            reader.want();
        }
        publisher.publish(Duration::from_millis(ms), |snapshot| sampler.tell(snapshot));
        assert_eq!(calls(&reader), Some(seen), "after {ms} ms");
    }
}

#[test]
fn what_several_threads_count_is_summed() {
    let (mut one, one_reader) = Publisher::new();
    let (mut other, other_reader) = Publisher::new();
    let counting = std::thread::spawn(move || {
        let sampler = sampler();
        one.publish(Duration::ZERO, |snapshot| sampler.tell(snapshot));
    });
    let own = sampler();
    other.publish(Duration::ZERO, |snapshot| own.tell(snapshot));
    counting.join().expect("it only counts");
    let text = Board::new(vec![one_reader, other_reader]).exposition();
    for line in [
        "trunkline_calls{transport=\"tls\"} 14",
        "trunkline_answer_seconds_bucket{le=\"0.001\"} 4",
        "trunkline_answer_seconds_sum 6.002002",
        "trunkline_answer_seconds_count 6",
        "trunkline_score_count{transport=\"udp\"} 2",
    ] {
        assert!(text.lines().any(|one| one == line), "no {line} in {text}");
    }
}

#[test]
fn every_metric_is_in_the_catalogue_and_no_name_stands_for_two() {
    let catalogue = Catalogue::new(&[Sampler::DESCRIPTIONS]).expect("its names differ");
    let table = catalogue.markdown();
    let rows: Vec<&str> = table.lines().skip(2).collect();
    assert_eq!(rows.len(), 5);
    assert_eq!(rows[0], "| trunkline_answer_seconds | histogram |  | From question to answer. |");
    assert_eq!(
        rows[2],
        "| trunkline_messages_total | counter | transport, direction | Messages, with a \\ in the help. |"
    );
    let twice = Catalogue::new(&[Sampler::DESCRIPTIONS, Claimant::DESCRIPTIONS]);
    assert_eq!(twice.map(|_| ()), Err(DeclaredTwice { name: "trunkline_calls" }));
    assert_eq!(Claimant::new().calls.value(), 0);
}
