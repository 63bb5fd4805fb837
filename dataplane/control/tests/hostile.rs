//! Bytes that no peer of ours would send are refused, cost little, and never panic.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use control::{FromMedia, MESSAGE_LEN_MAX, Malformed, ToMedia};

#[path = "messages/samples.rs"]
mod samples;

/// The allocator of the system, with a count of the bytes that the current thread has asked of it.
struct Counting;

thread_local! {
    // Made without code that runs at first use, so that the allocator may touch it at any time.
    static ASKED: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: both methods hand their arguments unchanged to `System` and its answer unchanged back, and what they leave
// out is written in terms of them. Counting touches a thread-local integer that is initialised at compile time and
// has no destructor: it neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.set(ASKED.get().wrapping_add(layout.size()));
        // SAFETY: the caller has promised a layout of nonzero size, which is all that `System` asks.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller has promised that `place` came from here, and so from `System`, with this layout.
        unsafe { System.dealloc(place, layout) }
    }
}

#[test]
fn a_message_that_is_cut_short_is_refused() {
    for Sample { name, bytes, parse } in samples() {
        for len in 0..bytes.len() {
            assert_eq!(parse(&bytes[..len]), Err(Malformed::Truncated), "{name} at {len}");
        }
    }
}

#[test]
fn a_message_with_bytes_behind_its_end_is_refused() {
    for Sample { name, mut bytes, parse } in samples() {
        bytes.push(0);
        assert_eq!(parse(&bytes), Err(Malformed::TrailingBytes), "{name}");
    }
}

#[test]
fn a_changed_byte_makes_another_message_or_none() {
    let mut refused = 0;
    let mut heard = 0;
    for Sample { name, bytes: good, parse } in samples() {
        for at in 0..good.len() {
            for change in 1..=u8::MAX {
                let mut bytes = good.clone();
                bytes[at] ^= change;
                // What parses has one encoding, and so is not the message that it was.
                match parse(&bytes) {
                    Ok(again) => assert_eq!(again, bytes, "{name}: byte {at} changed by {change:#x}"),
                    Err(_) => refused += 1,
                }
                heard += 1;
            }
        }
    }
    assert!(refused > 0 && refused < heard, "{refused} of {heard} were refused");
}

#[test]
fn false_counts_take_no_more_memory_than_the_bytes_justify() {
    // The largest values in relation to their bytes are counters without a name: 32 bytes in memory, 10 on the wire,
    // and a list that grows by doubling has asked for less than four times its end. Encoding takes the message again.
    let asked_max = 4 * 512 * 32;
    for Sample { name, bytes: good, parse } in samples() {
        for filler in [0, 1, 0xff] {
            for at in 0..good.len() {
                let mut bytes = good[..at].to_vec();
                bytes.extend([0xff, 0xff]);
                bytes.resize(MESSAGE_LEN_MAX, filler);
                let before = ASKED.get();
                let parsed = parse(&bytes);
                let asked = ASKED.get() - before;
                assert!(
                    asked <= asked_max,
                    "{name}: a count at {at} before {filler}: asked for {asked}: {parsed:?}"
                );
            }
        }
    }
}

#[test]
fn the_longest_list_of_the_smallest_values_is_what_memory_is_bounded_by() {
    // Statistics with as many counters as there may be, each without a name and zero, and one byte too many.
    let bytes = [&[3, 0, 0, 0, 1, 6, 2, 0][..], &[0; 512 * 10], &[0]].concat();
    let before = ASKED.get();
    assert_eq!(FromMedia::parse(&bytes), Err(Malformed::TrailingBytes));
    let asked = ASKED.get() - before;
    assert!((512 * 32..=4 * 512 * 32).contains(&asked), "asked for {asked}");
}

#[test]
fn names_of_suites_have_one_spelling() {
    let Some(("apply", message)) = samples::to_media().into_iter().nth(1) else {
        panic!("the wish is second")
    };
    let good = message.encode();
    for (registered, other) in [
        ("AES_CM_128_HMAC_SHA1_80", "AES_128_CM_HMAC_SHA1_80"),
        ("AES_CM_128_HMAC_SHA1_80", "aes_cm_128_hmac_sha1_80"),
        ("AES_256_CM_HMAC_SHA1_32", "AES_CM_256_HMAC_SHA1_32"),
    ] {
        let mut bytes = good.clone();
        let at = bytes.windows(registered.len()).position(|window| window == registered.as_bytes());
        let at = at.expect("the suite is in the message");
        bytes[at..at + other.len()].copy_from_slice(other.as_bytes());
        assert_eq!(ToMedia::parse(&bytes), Err(Malformed::UnknownValue), "{other}");
    }
}

struct Sample {
    name: &'static str,
    bytes: Vec<u8>,
    /// Reads a message and writes it again.
    parse: fn(&[u8]) -> Result<Vec<u8>, Malformed>,
}

fn samples() -> Vec<Sample> {
    let from_media = samples::from_media().into_iter().map(|(name, message)| Sample {
        name,
        bytes: message.encode(),
        parse: |bytes| FromMedia::parse(bytes).map(|message| message.encode()),
    });
    let to_media = samples::to_media().into_iter().map(|(name, message)| Sample {
        name,
        bytes: message.encode(),
        parse: |bytes| ToMedia::parse(bytes).map(|message| message.encode()),
    });
    to_media.chain(from_media).collect()
}
