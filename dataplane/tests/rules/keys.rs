//! Keys are never shown, and none of them does nothing.

use core::fmt::Debug;
use core::marker::PhantomData;

use control::{Event, Protection, SessionSpec, SideSpec};
use crypto::{MasterKey, Opener, Sealer, Suite};
use dataplane::command::{Command, Parcel, Reply};
use dataplane::session::{Peer, Session, Side};
use dataplane::table::Table;
use netio::Frame;

use crate::call::{KEYS, SUITES, srtp_peers};
use crate::world::{key, spec};

/// Tells of a type whether it has `Debug`: what it has comes before what it could have.
struct Shown<T>(PhantomData<T>);

impl<T: Debug> Shown<T> {
    const YES: bool = true;
}

trait Hidden {
    const YES: bool = false;
}

impl<T> Hidden for Shown<T> {}

#[test]
fn nothing_that_holds_keys_can_be_shown() {
    let shown = [
        Shown::<MasterKey>::YES,
        Shown::<Opener>::YES,
        Shown::<Sealer>::YES,
        Shown::<Side>::YES,
        Shown::<Session>::YES,
        Shown::<Option<Session>>::YES,
        Shown::<Parcel>::YES,
        Shown::<Command>::YES,
        Shown::<Reply>::YES,
        Shown::<Table>::YES,
        // What it holds was decrypted.
        Shown::<Frame>::YES,
    ];
    assert_eq!(shown, [false; 11]);
    assert_eq!(
        [Shown::<Peer>::YES, Shown::<SessionSpec>::YES, Shown::<Event>::YES],
        [true; 3],
        "these may be"
    );
}

#[test]
fn a_wish_shows_its_suites_and_never_a_key() {
    let mut wish = spec(1);
    let peers = srtp_peers(SUITES);
    peers.iter().zip(&mut wish.sides).for_each(|(peer, side)| peer.describe(side));
    let shown = format!("{wish:?} {wish:#?}").to_lowercase();
    assert!(shown.contains("aes_cm_128_hmac_sha1_80") && shown.contains("aead_aes_256_gcm"));
    for (suite, number) in
        SUITES.into_iter().zip(KEYS).flat_map(|(suite, number)| [(suite, number), (suite, number + 1)])
    {
        let key = key(suite, number);
        // Any four bytes in a row, in numbers or in hexadecimal digits.
        for bytes in key.expose().windows(4) {
            let [hex, separated]: [String; 2] = ["", ", 0x"].map(|between| {
                bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between)
            });
            let numbers = format!("{bytes:?}");
            let numbers = numbers.trim_matches(['[', ']']);
            assert!(![&hex, &separated, numbers].iter().any(|text| shown.contains(*text)), "{numbers}");
        }
    }
    let SideSpec { receive, .. } = &wish.sides[0];
    assert!(matches!(receive, Protection::Srtp(_)));
}

#[test]
fn every_suite_encrypts_and_authenticates() {
    for suite in Suite::ALL {
        assert!(suite.key_len() >= 16 && suite.rtp_tag_len() >= 4 && suite.rtcp_tag_len() >= 10, "{suite}");
        assert!(!suite.name().contains("NULL") && suite.name().parse::<crypto::SuiteName>().is_ok());
    }
    for name in
        ["NULL_HMAC_SHA1_80", "NULL_HMAC_SHA1_32", "AES_CM_128_NULL_AUTH", "F8_128_HMAC_SHA1_80", "NULL", ""]
    {
        assert!(name.parse::<crypto::SuiteName>().is_err(), "{name}");
    }
}
