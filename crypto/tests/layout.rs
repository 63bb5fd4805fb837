//! A session has two directions, and each an opener and a sealer: they must leave room for the session itself.

use std::mem::{align_of, size_of};

use crypto::{Opener, Sealer};

/// Of the 3,072 bytes of a session, 320 are its own: five cache lines.
const BOTH_DIRECTIONS_MAX: usize = 3_072 - 5 * 64;

#[test]
fn the_openers_and_sealers_of_a_session_fit_beside_it() {
    let (opener, sealer) = (size_of::<Opener>(), size_of::<Sealer>());
    println!("an opener has {opener} bytes, a sealer {sealer}, both directions {}", 2 * (opener + sealer));
    assert!(2 * (opener + sealer) <= BOTH_DIRECTIONS_MAX, "opener {opener}, sealer {sealer}");
}

#[test]
fn openers_and_sealers_begin_with_a_cache_line() {
    assert_eq!(align_of::<Opener>(), 64);
    assert_eq!(align_of::<Sealer>(), 64);
}
