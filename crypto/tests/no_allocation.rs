//! Once they are made, sealers and openers live without the heap, whatever arrives.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use crypto::{Engine, Job, Opener, Parts, Refusal, Sealer, Suite, open_batch, seal_batch};

#[path = "media/packets.rs"]
mod packets;

use packets::{Optional, master, parts, rtcp, rtp};

/// The allocator of the system, with a count of what the current thread asks of it.
struct Counting;

thread_local! {
    // Made without code that runs at first use, so that the allocator may touch it at any time.
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every method hands its arguments unchanged to `System` and its answer unchanged back, so that what
// `System` promises of its memory holds for this one as well. Counting touches a thread-local integer that is
// initialised at compile time and has no destructor: it neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller has promised `GlobalAlloc` a layout of nonzero size, which is all `System` asks.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller has promised that `place` came from this allocator with this layout, and this
        // allocator has it from `System` with the same one.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count();
        // SAFETY: as for `dealloc`; the caller has promised that the new size is not zero and does not overflow
        // when it is rounded up to the alignment.
        unsafe { System.realloc(place, layout, new_size) }
    }
}

fn count() {
    CALLS.set(CALLS.get() + 1);
}

/// Asserts that nothing is allocated meanwhile.
fn without_allocation(what: &str, run: impl FnOnce()) {
    let before = CALLS.get();
    run();
    assert_eq!(CALLS.get() - before, 0, "{what} has allocated");
}

#[test]
fn what_is_allocated_is_counted() {
    let before = CALLS.get();
    let mut bytes: Vec<u8> = Vec::with_capacity(1);
    bytes.reserve_exact(1000);
    assert_eq!(CALLS.get() - before, 2);
}

#[test]
fn single_packets_are_sealed_opened_and_refused_without_allocation() {
    for suite in Suite::ALL {
        let mut sealer = Sealer::new(&master(suite));
        let mut opener = Opener::new(&master(suite));
        let plain = rtp(9, 1, Optional::default(), &[1; 160]);
        let parts = parts(&plain);
        let mut buffer = [&plain[..], &[0; Suite::RTP_OVERHEAD_MAX]].concat();
        without_allocation(&format!("{suite}: RTP"), || {
            let sealed_len = sealer.seal_rtp(&mut buffer, plain.len(), parts).unwrap();
            assert_eq!(sealer.seal_rtp(&mut buffer, plain.len(), parts), Err(Refusal::IndexUsed));
            assert_eq!(opener.open_rtp(&mut buffer[..40], parts), Err(Refusal::BadTag));
            assert_eq!(opener.open_rtp(&mut buffer[..10], parts), Err(Refusal::Truncated));
            buffer[0] ^= 1;
            assert_eq!(opener.open_rtp(&mut buffer[..sealed_len], parts), Err(Refusal::BadTag));
            buffer[0] ^= 1;
            assert_eq!(opener.open_rtp(&mut buffer[..sealed_len], parts), Ok(plain.len()));
            assert_eq!(opener.open_rtp(&mut buffer[..sealed_len], parts), Err(Refusal::Replayed));
        });

        let plain = rtcp(9, 20);
        let mut buffer = [&plain[..], &[0; Suite::RTCP_OVERHEAD_MAX]].concat();
        without_allocation(&format!("{suite}: RTCP"), || {
            let sealed_len = sealer.seal_rtcp(&mut buffer, plain.len()).unwrap();
            assert_eq!(sealer.seal_rtcp(&mut buffer[..4], 4), Err(Refusal::Truncated));
            buffer[0] ^= 1;
            assert_eq!(opener.open_rtcp(&mut buffer[..sealed_len]), Err(Refusal::BadTag));
            buffer[0] ^= 1;
            assert_eq!(opener.open_rtcp(&mut buffer[..sealed_len]), Ok(plain.len()));
            buffer.fill(0);
            assert_eq!(opener.open_rtcp(&mut buffer), Err(Refusal::Unencrypted));
        });
    }
}

#[test]
fn batches_of_every_engine_are_sealed_opened_and_refused_without_allocation() {
    for engine in Engine::all() {
        let keys = Suite::ALL.map(master);
        let mut sealers = keys.each_ref().map(Sealer::new);
        let mut openers = keys.each_ref().map(Opener::new);
        let mut buffers = [[0x80; 12 + 160 + Suite::RTP_OVERHEAD_MAX]; 40];
        without_allocation(&engine.to_string(), || {
            let mut sealed = each_job(&mut buffers, 172, |_| 172);
            seal_batch(engine, &mut sealers[..], &mut sealed);
            assert!(sealed.iter().all(|job| job.outcome().is_ok()));

            // Every seventh packet is cut short, and then all of them come a second time.
            let sealed_len = |slot: usize| 172 + Suite::ALL[slot].rtp_tag_len();
            let mut arriving = each_job(&mut buffers, 171, sealed_len);
            open_batch(engine, &mut openers[..], &mut arriving);
            let opened = arriving.iter().filter(|job| job.outcome().is_ok()).count();
            assert_eq!(opened, 34);
            open_batch(engine, &mut openers[..], &mut each_job(&mut buffers, 172, sealed_len));
        });
    }
}

/// A job for each buffer, one slot after the other; `every_seventh` bytes of every seventh one.
fn each_job<'b, const N: usize>(
    buffers: &'b mut [[u8; N]; 40],
    every_seventh: usize,
    len: impl Fn(usize) -> usize,
) -> [Job<'b>; 40] {
    let mut place = 0;
    buffers.each_mut().map(|buffer| {
        let slot = place % Suite::ALL.len();
        let len = if place % 7 == 0 { every_seventh } else { len(slot) };
        let parts = Parts { header_len: 12, ssrc: 9, sequence: place as u16 };
        place += 1;
        Job::new(slot, buffer, len, parts)
    })
}
