//! A session has two directions, and each an opener and a sealer: they must leave room for the session itself.

use std::mem::size_of;

use crypto::{Opener, Sealer};

/// Of the 3,072 bytes that a session may cost, 640 are for all that is not SRTP.
const BOTH_DIRECTIONS_MAX: usize = 3_072 - 640;

#[test]
fn openers_and_sealers_have_the_size_that_was_decided() {
    assert_eq!((size_of::<Opener>(), size_of::<Sealer>()), (720, 464));
}

#[test]
fn the_openers_and_sealers_of_a_session_fit_beside_it() {
    let (opener, sealer) = (size_of::<Opener>(), size_of::<Sealer>());
    println!("an opener has {opener} bytes, a sealer {sealer}, both directions {}", 2 * (opener + sealer));
    assert!(2 * (opener + sealer) <= BOTH_DIRECTIONS_MAX, "opener {opener}, sealer {sealer}");
}
