//! Sealers and openers know their key again: the same one keeps their counters, another one begins anew
//! (RFC 4568 section 7.1.4).

use crypto::{MasterKey, Opener, Reserve, Sealer, Suite};

use crate::packets::{inline, master, rtcp};
use crate::pair::Pair;

#[test]
fn the_same_key_is_known_again() {
    for suite in Suite::ALL {
        assert_eq!(knows(&Pair::new(suite), &master(suite)), (true, true), "{suite}");
    }
}

#[test]
fn a_key_that_differs_in_one_bit_of_key_or_salt_is_another() {
    for suite in Suite::ALL {
        let pair = Pair::new(suite);
        for bit in 0..8 * suite.inline_len() {
            let mut bytes = inline(suite, 7);
            bytes[bit / 8] ^= 0x80 >> (bit % 8);
            let other = MasterKey::from_bytes(suite, &bytes).unwrap();
            assert_eq!(knows(&pair, &other), (false, false), "{suite}: bit {bit}");
        }
    }
}

/// Suites of one length have the same bytes here, and shorter keys are the beginning of longer ones.
#[test]
fn the_same_bytes_for_another_suite_are_another_key() {
    for suite in Suite::ALL {
        let pair = Pair::new(suite);
        for other in Suite::ALL.into_iter().filter(|other| *other != suite) {
            assert_eq!(knows(&pair, &master(other)), (false, false), "{suite}: {other}");
        }
    }
}

#[test]
fn traffic_and_snapshots_change_no_key() {
    for suite in Suite::ALL {
        let mut pair = Pair::new(suite);
        (0..300).for_each(|index| pair.deliver(index));
        let mut report = [&rtcp(1, 20)[..], &[0; Suite::RTCP_OVERHEAD_MAX]].concat();
        let sealed_len = pair.sealer.seal_rtcp(&mut report, 28).unwrap();
        assert_eq!(pair.opener.open_rtcp(&mut report[..sealed_len]), Ok(28), "{suite}");
        assert_eq!(knows(&pair, &master(suite)), (true, true), "{suite}");

        // A snapshot has no keys: who imports it stays with the one it was made with.
        let key = MasterKey::from_bytes(suite, &inline(suite, 8)).unwrap();
        let (sealed, opened) = (pair.sealer.export(Reserve { rtp: 1, rtcp: 1 }), pair.opener.export());
        (pair.sealer, pair.opener) = (Sealer::new(&key), Opener::new(&key));
        pair.sealer.import(&sealed);
        pair.opener.import(&opened);
        assert_eq!(knows(&pair, &key), (true, true), "{suite}");
        assert_eq!(knows(&pair, &master(suite)), (false, false), "{suite}");
    }
}

/// Tells whether the sealer and whether the opener has a key.
fn knows(pair: &Pair, key: &MasterKey) -> (bool, bool) {
    (pair.sealer.same_key_as(&Sealer::new(key)), pair.opener.same_key_as(&Opener::new(key)))
}
