//! What it costs to protect and to check a packet of 20 ms of G.711: 12 bytes of header, 160 of sound.
//!
//! `hot` is one key for all packets; `cold` takes a random one of 10,000 for each, as a relay does.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use crypto::{BATCH_MAX, Engine, Job, MasterKey, Opener, Parts, Sealer, Suite, open_batch, seal_batch};

const PACKET_LEN: usize = 172;
const HEADER_LEN: usize = 12;
const COLD_KEYS: usize = 10_000;

/// Packets of one stream that are sealed beforehand: 3 MB.
const SEALED: u16 = 16_384;

#[expect(clippy::print_stdout, reason = "a figure is worth nothing without the instructions behind it")]
fn srtp(criterion: &mut Criterion) {
    println!("engine: {}", Engine::best());
    let mut group = criterion.benchmark_group("srtp");
    group.throughput(Throughput::Elements(1));
    for suite in Suite::ALL {
        for (heat, keys) in [("", 1), ("/cold", COLD_KEYS)] {
            for ((verb, size), prepare, step) in STEPS {
                group.bench_function(format!("{verb}/{suite}/{size}{heat}"), |bencher| {
                    let mut calls = Calls::new(suite, keys);
                    bencher.iter_custom(|packets| calls.run(packets, prepare, step));
                });
            }
        }
    }
    group.finish();
}

type Step = fn(&mut Calls);

/// What is measured, and what has to be done before, outside the clock.
const STEPS: [((&str, &str), Step, Step); 4] = [
    (("seal", "172"), |_| (), Calls::seal_each),
    (("open", "172"), Calls::take_sealed, Calls::open_each),
    (("seal_batch", "172x64"), |_| (), Calls::seal_all),
    (("open_batch", "172x64"), Calls::take_sealed, Calls::open_all),
];

/// The same batch with every combination of instructions that this processor has.
fn engines(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("engine");
    group.throughput(Throughput::Elements(1));
    for suite in [Suite::AesCm128HmacSha1_80, Suite::AeadAes128Gcm] {
        for engine in Engine::all() {
            group.bench_function(format!("seal_batch/{suite}/172x64/{engine}"), |bencher| {
                let mut calls = Calls { engine, ..Calls::new(suite, 1) };
                bencher.iter_custom(|packets| calls.run(packets, |_| (), Calls::seal_all));
            });
        }
    }
    group.finish();
}

/// Many calls, and the 64 packets that are under way.
struct Calls {
    engine: Engine,
    sealers: Vec<Sealer>,
    openers: Vec<Opener>,
    fresh_opener: Box<dyn Fn() -> Opener>,
    sequences: Vec<u16>,
    /// Sealed packets by their sequence numbers. All openers have the same key, so that one packet serves each of
    /// them, and no cold sealer has to be touched to make it.
    sealed: Vec<[u8; 192]>,
    tag_len: usize,
    random: u64,
    slots: [usize; BATCH_MAX],
    parts: [Parts; BATCH_MAX],
    packets: [[u8; 192]; BATCH_MAX],
}

impl Calls {
    fn new(suite: Suite, keys: usize) -> Self {
        let master = move |number: usize| {
            let mut bytes = [0; 46];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            MasterKey::from_bytes(suite, &bytes[..suite.inline_len()]).expect("the length is the suite's own")
        };
        let mut sealer = Sealer::new(&master(0));
        let mut seal = |sequence| {
            let mut packet = [0x80; 192];
            let parts = Parts { header_len: HEADER_LEN, ssrc: 0, sequence };
            assert!(sealer.seal_rtp(&mut packet, PACKET_LEN, parts).is_ok());
            packet
        };
        Self {
            engine: Engine::best(),
            sealers: (0..keys).map(|number| Sealer::new(&master(number))).collect(),
            openers: (0..keys).map(|_| Opener::new(&master(0))).collect(),
            fresh_opener: Box::new(move || Opener::new(&master(0))),
            sequences: vec![0; keys],
            sealed: (0..SEALED).map(&mut seal).collect(),
            tag_len: suite.rtp_tag_len(),
            random: 1,
            slots: [0; BATCH_MAX],
            parts: [Parts { header_len: HEADER_LEN, ssrc: 0, sequence: 0 }; BATCH_MAX],
            packets: [[0x80; 192]; BATCH_MAX],
        }
    }

    /// Times `step` over 64 packets at a time, `prepare` being outside the clock; scaled to `packets`.
    fn run(&mut self, packets: u64, prepare: Step, step: Step) -> Duration {
        let batches = packets.div_ceil(BATCH_MAX as u64);
        let mut spent = Duration::ZERO;
        for _ in 0..batches {
            self.next_packets();
            prepare(self);
            let start = Instant::now();
            step(black_box(self));
            spent += start.elapsed();
        }
        spent.mul_f64(packets as f64 / (batches * BATCH_MAX as u64) as f64)
    }

    fn next_packets(&mut self) {
        for place in 0..BATCH_MAX {
            self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let slot = (self.random >> 33) as usize % self.sealers.len();
            self.slots[place] = slot;
            self.sequences[slot] = self.sequences[slot].wrapping_add(1);
            self.parts[place].sequence = self.sequences[slot];
        }
    }

    /// Puts sealed packets in place; an opener that has seen all of them begins anew.
    fn take_sealed(&mut self) {
        for place in 0..BATCH_MAX {
            if self.parts[place].sequence >= SEALED {
                self.begin_anew(self.slots[place]);
            }
        }
        for place in 0..BATCH_MAX {
            self.packets[place] = self.sealed[usize::from(self.parts[place].sequence)];
        }
    }

    fn begin_anew(&mut self, slot: usize) {
        self.openers[slot] = (self.fresh_opener)();
        self.sequences[slot] = 0;
        for place in (0..BATCH_MAX).filter(|place| self.slots[*place] == slot) {
            self.sequences[slot] += 1;
            self.parts[place].sequence = self.sequences[slot];
        }
    }

    fn seal_each(&mut self) {
        for place in 0..BATCH_MAX {
            let sealer = &mut self.sealers[self.slots[place]];
            let sealed = sealer.seal_rtp(&mut self.packets[place], PACKET_LEN, self.parts[place]);
            assert!(sealed.is_ok());
        }
    }

    fn open_each(&mut self) {
        let sealed_len = PACKET_LEN + self.tag_len;
        for place in 0..BATCH_MAX {
            let opener = &mut self.openers[self.slots[place]];
            let opened = opener.open_rtp(&mut self.packets[place][..sealed_len], self.parts[place]);
            assert!(opened.is_ok());
        }
    }

    fn seal_all(&mut self) {
        let mut jobs = jobs(&mut self.packets, PACKET_LEN, &self.slots, &self.parts);
        seal_batch(self.engine, self.sealers.as_mut_slice(), &mut jobs);
        assert!(jobs.iter().all(|job| job.outcome().is_ok()));
    }

    fn open_all(&mut self) {
        let sealed_len = PACKET_LEN + self.tag_len;
        let mut jobs = jobs(&mut self.packets, sealed_len, &self.slots, &self.parts);
        open_batch(self.engine, self.openers.as_mut_slice(), &mut jobs);
        assert!(jobs.iter().all(|job| job.outcome().is_ok()));
    }
}

fn jobs<'p>(
    packets: &'p mut [[u8; 192]; BATCH_MAX],
    len: usize,
    slots: &[usize; BATCH_MAX],
    parts: &[Parts; BATCH_MAX],
) -> [Job<'p>; BATCH_MAX] {
    let mut place = 0;
    packets.each_mut().map(|packet| {
        let job = Job::new(slots[place], packet, len, parts[place]);
        place += 1;
        job
    })
}

criterion_group!(benches, srtp, engines);
criterion_main!(benches);
