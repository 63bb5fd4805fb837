//! The table of sources is bounded, and only authentic packets have a place in it.

use control::SideName;
use crypto::Sealer;
use dataplane::drop::Drop;

use crate::call::{Call, KEYS, SUITES};
use crate::luck::Luck;
use crate::peer::seal;
use crate::report::receiver_report;
use crate::world::{key, rtp};

/// So many sources may send under one key.
const SOURCES_MAX: u32 = 8;

#[test]
fn forged_sources_take_no_place_and_the_ninth_authentic_one_is_refused() {
    let mut call = Call::srtp();
    let mut luck = Luck::new(6);
    let from = call.peer(SideName::A).at;
    for number in 0..100_000u32 {
        let mut packet = rtp(number.wrapping_mul(0x9e37_79b9), luck.number() as u16, 0);
        packet.extend(luck.bytes(10));
        call.world.arrive(4000, from, &packet);
        if number % 64 == 0 {
            call.world.turn();
        }
    }
    call.world.turn();
    assert_eq!((call.world.take_sent(), call.dropped(Drop::BadTag)), (None, 100_000));

    // Each with a sealer of its own: the peers of a test know fewer sources than the key may have.
    let mut sealers: Vec<_> = (0..=SOURCES_MAX).map(|_| Sealer::new(&key(SUITES[0], KEYS[0]))).collect();
    for sequence in 0..20 {
        for (ssrc, sealer) in (0..).zip(&mut sealers) {
            let packet = seal(sealer, &rtp(ssrc, sequence, 0));
            if ssrc < SOURCES_MAX {
                let sent = call.relay(SideName::A, &packet).expect("there is a place for eight");
                assert!(call.hear(SideName::B, &sent).is_some());
            } else {
                call.expect_drop(SideName::A, &packet, Drop::SourcesFull);
            }
        }
    }
    let session = call.world.close(0);
    let known = session.sides[0].opener.as_ref().unwrap().export();
    assert!(known.sources().map(|source| source.ssrc).eq(0..SOURCES_MAX));
}

/// A sealer knows two sources; reports before any media must not take the place of the media.
#[test]
fn reports_of_many_sources_leave_room_for_the_media() {
    for sources in [1, 2, 3, 100] {
        let mut call = Call::mixed();
        for ssrc in 0..sources {
            assert!(
                call.report(SideName::A, &receiver_report(0xbeef + ssrc, 1)).is_some(),
                "report of {ssrc}"
            );
        }
        for ssrc in 0..sources {
            let media = call.peer(SideName::A).next();
            assert!(call.say(SideName::A, &media).is_some(), "media after {sources} sources");
            assert!(
                call.report(SideName::A, &receiver_report(0xdead + ssrc, 1)).is_some(),
                "report of {ssrc}"
            );
        }
        assert_eq!(call.drops().total(), 0);
    }
}

#[test]
fn packets_of_a_new_kind_report_under_the_name_of_the_stream() {
    // A reduced-size report of a type that is passed on as it is.
    let unknown = |ssrc: u32| [&[0x80, 210, 0, 2][..], &ssrc.to_be_bytes(), b"body"].concat();
    let mut call = Call::mixed();
    call.go_on(1);
    for ssrc in 0..10 {
        assert!(call.report(SideName::A, &unknown(ssrc)).is_some(), "report of {ssrc}");
    }
    call.go_on(1);
}

#[test]
fn plain_sources_are_heard_one_at_a_time_and_fill_nothing() {
    let mut call = Call::mixed();
    for ssrc in 0..1000 {
        for sequence in 0..3 {
            assert!(call.say(SideName::A, &rtp(ssrc, sequence, 160)).is_some(), "{sequence} of {ssrc}");
        }
    }
    assert_eq!(call.drops().total(), 0);
}
