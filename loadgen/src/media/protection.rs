//! SRTP over batches of our packets, without an allocation.

use core::array;

use crypto::{BATCH_MAX, Engine, Job, Opener, Parts, Refusal, Sealer, open_batch, seal_batch};
use wire::rtp::Header;

use crate::media::packet::Packet;

/// What became of each packet of a batch: its new length, or why it was refused; nothing if it was not touched.
pub type Outcomes = [Option<Result<usize, Refusal>>; BATCH_MAX];

/// Protects those packets for which there is a place among the sealers.
pub fn seal(
    engine: Engine,
    sealers: &mut [Sealer],
    packets: &mut [Packet],
    wish: impl Fn(usize) -> Option<(usize, Header)>,
) -> Outcomes {
    let (mut jobs, places, count) = jobs(packets, wish);
    seal_batch(engine, sealers, &mut jobs[..count]);
    outcomes(&jobs[..count], &places)
}

/// Checks and decrypts those packets for which there is a place among the openers.
pub fn open(
    engine: Engine,
    openers: &mut [Opener],
    packets: &mut [Packet],
    wish: impl Fn(usize) -> Option<(usize, Header)>,
) -> Outcomes {
    let (mut jobs, places, count) = jobs(packets, wish);
    open_batch(engine, openers, &mut jobs[..count]);
    outcomes(&jobs[..count], &places)
}

/// What the transforms need to know of a header.
#[must_use]
pub fn parts(header: &Header) -> Parts {
    Parts { header_len: header.header_len(), ssrc: header.ssrc.0, sequence: header.sequence.0 }
}

/// Makes the jobs, with the place in the batch of each, and their number.
fn jobs(
    packets: &mut [Packet],
    wish: impl Fn(usize) -> Option<(usize, Header)>,
) -> ([Job<'_>; BATCH_MAX], [usize; BATCH_MAX], usize) {
    const NOTHING: Parts = Parts { header_len: 0, ssrc: 0, sequence: 0 };
    let mut jobs = array::from_fn(|_| Job::new(0, &mut [], 0, NOTHING));
    let mut places = [0; BATCH_MAX];
    let mut count = 0;
    for (place, packet) in packets.iter_mut().enumerate().take(BATCH_MAX) {
        let Some((slot, header)) = wish(place) else { continue };
        let len = packet.len();
        jobs[count] = Job::new(slot, packet.payload_and_room(), len, parts(&header));
        places[count] = place;
        count += 1;
    }
    (jobs, places, count)
}

fn outcomes(jobs: &[Job<'_>], places: &[usize]) -> Outcomes {
    let mut outcomes = [None; BATCH_MAX];
    for (job, place) in jobs.iter().zip(places) {
        outcomes[*place] = Some(job.outcome());
    }
    outcomes
}
