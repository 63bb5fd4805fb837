//! Every way to use the processor gives the same bytes and the same verdicts, alone and in batches.

use crypto::{BATCH_MAX, Engine, Job, Opener, Parts, Refusal, Sealer, Suite, open_batch, seal_batch};

#[expect(dead_code, reason = "the headers here are noise of any length")]
#[path = "media/packets.rs"]
mod packets;
#[path = "media/random.rs"]
mod random;

use packets::master;
use random::Random;

/// Two sides of each suite.
const SLOTS: usize = 2 * Suite::ALL.len();

/// How many batches are sealed and opened, one after the other with the same sealers and openers.
const ROUNDS: u64 = 24;

/// How many sources a sealer knows.
const SEALED_MAX: u64 = 2;

/// A packet and how it comes into a batch.
#[derive(Clone)]
struct Packet {
    slot: usize,
    parts: Parts,
    buffer: Vec<u8>,
    len: usize,
}

type Outcome = (Result<usize, Refusal>, Vec<u8>);

#[test]
fn every_engine_seals_and_opens_like_the_portable_one() {
    let engines = Engine::all();
    assert_eq!(engines[0], Engine::portable());
    assert!(engines.contains(&Engine::best()));
    let mut sides: Vec<_> = engines.into_iter().map(Side::new).collect();
    let mut random = Random::new(14);
    let mut sequences = [0xffd0; SLOTS];
    let mut opened_count = 0;
    for round in 0..ROUNDS {
        let (portable, others) = sides.split_first_mut().unwrap();
        let plain = plain_batch(&mut random, &mut sequences, 1 + random_len(round));
        let sealed = portable.seal(&plain);
        for other in &mut *others {
            assert_same(&other.seal(&plain), &sealed, &format!("{} seals, round {round}", other.engine));
        }
        let arriving = arriving_batch(&mut random, &plain, &sealed);
        let opened = portable.open(&arriving);
        opened_count += opened.iter().filter(|(outcome, _)| outcome.is_ok()).count();
        for other in others {
            assert_same(&other.open(&arriving), &opened, &format!("{} opens, round {round}", other.engine));
        }
    }
    assert!(opened_count > 400, "only {opened_count} packets were opened");
}

#[test]
fn a_batch_gives_what_single_packets_give_in_its_order() {
    for seed in 100..106 {
        assert_batches_are_like_single_packets(Random::new(seed));
    }
}

#[test]
fn a_damaged_copy_of_a_packet_in_the_same_batch_is_a_replay() {
    for suite in Suite::ALL {
        let slot = Suite::ALL.iter().position(|other| *other == suite).unwrap();
        let mut sides = [Side::new(Engine::best()), Side::new(Engine::best())];
        let parts = Parts { header_len: 12, ssrc: 1, sequence: 1 };
        let plain = Packet { slot, parts, buffer: vec![0x80; 40 + suite.rtp_tag_len()], len: 40 };
        let (sealed_len, buffer) = sides[0].seal(std::slice::from_ref(&plain)).remove(0);
        let good = Packet { buffer, len: sealed_len.unwrap(), ..plain };
        let mut damaged = good.clone();
        damaged.buffer[20] ^= 1;

        // No second try is left when the last one comes.
        let arriving: Vec<_> = std::iter::once(good).chain(vec![damaged; 6]).collect();
        let opened = sides[0].open(&arriving);
        assert_same(&sides[1].open_one_by_one(&arriving), &opened, suite.name());
        assert!(opened[1..].iter().all(|(outcome, _)| *outcome == Err(Refusal::Replayed)), "{suite}");
    }
}

fn assert_batches_are_like_single_packets(mut random: Random) {
    let mut batched = Side::new(Engine::best());
    let mut single = Side::new(Engine::best());
    let mut sequences = [0xffd0; SLOTS];
    for round in 0..20 {
        let count = random.below(2 * BATCH_MAX as u64 + 20) as usize;
        let plain = plain_batch(&mut random, &mut sequences, count);
        let sealed = batched.seal(&plain);
        assert_same(&single.seal_one_by_one(&plain), &sealed, &format!("sealing, round {round}"));

        let arriving = arriving_batch(&mut random, &plain, &sealed);
        let opened = batched.open(&arriving);
        assert_same(&single.open_one_by_one(&arriving), &opened, &format!("opening, round {round}"));
        for (one, other) in batched.openers.iter().zip(&single.openers) {
            assert_eq!(one.export(), other.export(), "round {round}");
        }
    }
}

/// The full batch, one packet, a batch and a bit more, and what is between.
fn random_len(round: u64) -> usize {
    [BATCH_MAX - 1, 0, BATCH_MAX + 40, 2, 16, 30][round as usize % 6]
}

/// Makes packets that go on where the sequences are, and some that nobody should seal.
fn plain_batch(random: &mut Random, sequences: &mut [u16; SLOTS], count: usize) -> Vec<Packet> {
    (0..count)
        .map(|_| {
            let slot = random.below(SLOTS as u64) as usize;
            sequences[slot] = sequences[slot].wrapping_add(random.pick(&[1, 1, 1, 2, 0]));
            let len_max = random.pick(&[0, 64, 172, 172, 1500]);
            let header_len = 12 + random.below(61) as usize;
            let len = header_len + random.below(len_max + 1) as usize;
            let room = if random.one_in(20) { 3 } else { Suite::RTP_OVERHEAD_MAX };
            let header_len = if random.one_in(20) { len + 1 } else { header_len };
            let parts =
                Parts { header_len, ssrc: random.below(SEALED_MAX) as u32, sequence: sequences[slot] };
            Packet { slot, parts, buffer: random.bytes(len + room), len }
        })
        .collect()
}

/// What the network makes of a sealed batch: some packets damaged, some twice, in another order.
fn arriving_batch(random: &mut Random, plain: &[Packet], sealed: &[Outcome]) -> Vec<Packet> {
    let mut arriving = Vec::new();
    for (packet, (outcome, buffer)) in plain.iter().zip(sealed) {
        let mut packet =
            Packet { buffer: buffer.clone(), len: outcome.unwrap_or(packet.len), ..packet.clone() };
        if random.one_in(6) {
            arriving.push(packet.clone());
        }
        match random.below(12) {
            0 => packet.len = random.below(packet.len as u64 + 1) as usize,
            1 => packet.buffer[random.below(packet.len as u64) as usize] ^= 1 << random.below(8),
            2 => packet.parts.sequence = packet.parts.sequence.wrapping_add(1),
            3 => packet.parts.ssrc = random.number() as u32,
            _ => {}
        }
        arriving.push(packet);
    }
    for _ in 0..arriving.len() / 2 {
        let place = random.below(arriving.len() as u64) as usize;
        let near = (place + random.below(20) as usize).min(arriving.len() - 1);
        arriving.swap(place, near);
    }
    arriving
}

fn assert_same(found: &[Outcome], expected: &[Outcome], context: &str) {
    assert_eq!(found.len(), expected.len(), "{context}");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found.0, expected.0, "{context}, packet {place}");
        assert!(found.1 == expected.1, "{context}, packet {place}: other bytes");
    }
}

/// The sealers and openers of an engine.
struct Side {
    engine: Engine,
    sealers: Vec<Sealer>,
    openers: Vec<Opener>,
}

impl Side {
    fn new(engine: Engine) -> Self {
        let keys: Vec<_> = (0..SLOTS).map(|slot| master(Suite::ALL[slot % Suite::ALL.len()])).collect();
        Self {
            engine,
            sealers: keys.iter().map(Sealer::new).collect(),
            openers: keys.iter().map(Opener::new).collect(),
        }
    }

    fn seal(&mut self, packets: &[Packet]) -> Vec<Outcome> {
        let mut packets = packets.to_vec();
        let mut jobs: Vec<_> = packets.iter_mut().map(Packet::job).collect();
        seal_batch(self.engine, &mut self.sealers[..], &mut jobs);
        jobs.iter().map(outcome).collect()
    }

    fn open(&mut self, packets: &[Packet]) -> Vec<Outcome> {
        let mut packets = packets.to_vec();
        let mut jobs: Vec<_> = packets.iter_mut().map(Packet::job).collect();
        open_batch(self.engine, &mut self.openers[..], &mut jobs);
        jobs.iter().map(outcome).collect()
    }

    fn seal_one_by_one(&mut self, packets: &[Packet]) -> Vec<Outcome> {
        let seal = |packet: &Packet| {
            let mut buffer = packet.buffer.clone();
            (self.sealers[packet.slot].seal_rtp(&mut buffer, packet.len, packet.parts), buffer)
        };
        packets.iter().map(seal).collect()
    }

    fn open_one_by_one(&mut self, packets: &[Packet]) -> Vec<Outcome> {
        let open = |packet: &Packet| {
            let mut buffer = packet.buffer.clone();
            (self.openers[packet.slot].open_rtp(&mut buffer[..packet.len], packet.parts), buffer)
        };
        packets.iter().map(open).collect()
    }
}

impl Packet {
    fn job(&mut self) -> Job<'_> {
        Job::new(self.slot, &mut self.buffer, self.len, self.parts)
    }
}

fn outcome(job: &Job<'_>) -> Outcome {
    (job.outcome(), job.buffer().to_vec())
}
