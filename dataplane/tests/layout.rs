//! A session costs at most 3 KB, and what a packet needs of it lies together.

use std::mem::{offset_of, size_of};

use dataplane::session::{Peer, Session, Side};

/// What the control thread keeps of a session, with what its tree costs.
const RECORD_BYTES: usize = 80;

#[test]
fn a_session_costs_at_most_3_kb() {
    let session = size_of::<Option<Session>>();
    println!("a session has {session} bytes, a side of it {}", size_of::<Side>());
    assert_eq!(session, size_of::<Session>(), "whether a slot is in use costs nothing");
    assert!(session + RECORD_BYTES <= 3_072, "a slot has {session} bytes");
}

#[test]
fn what_every_packet_reads_lies_in_the_first_lines_of_a_side() {
    let peer = offset_of!(Side, peer) + offset_of!(Peer, candidate);
    assert!(peer <= 3 * 64, "the last of it ends at {peer}");
    assert!(offset_of!(Session, sides) < 64);
}
