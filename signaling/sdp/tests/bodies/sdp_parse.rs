//! Holds for any bytes taken as a description.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use sdp::negotiate::{Encryption, Exchange, Policy, Terms, answer_for, changes, offer_for};
use sdp::{Key, Origin, SessionDescription};

pub(crate) fn check(bytes: &[u8]) {
    match SessionDescription::parse(bytes) {
        Ok(description) => {
            reads_the_same_when_written(&description);
            assert_eq!(changes(&description, &description), []);
            negotiates_or_says_why(&description);
        }
        Err(error) => {
            assert!(error.line >= 1 && error.line <= sdp::LINES_MAX + 1);
            assert!(error.found.chars().count() <= 60 && !error.to_string().contains(['\r', '\n']));
        }
    }
}

fn reads_the_same_when_written(description: &SessionDescription) {
    let text = description.write();
    match SessionDescription::parse(text.as_bytes()) {
        Ok(again) => assert_eq!(again, *description),
        // A replacement character is longer than the byte that it stands for.
        Err(error) => assert!(text.len() > sdp::TEXT_LEN_MAX, "{error}"),
    }
}

/// The other leg answers with what it is offered, or with the same bytes.
fn negotiates_or_says_why(description: &SessionDescription) {
    let host = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 200));
    let origin = Origin::new(1, host);
    let ours = [Key::new("AES_CM_128_HMAC_SHA1_80", &[0xaa; 30]).expect("16 bytes of key and 14 of salt")];
    for encryption in [Encryption::Opportunistic, Encryption::Required] {
        let codecs = "PCMU,PCMA,G722,G729,opus,telephone-event".parse().expect("a list of known codecs");
        let policy = Policy { encryption, codecs, rtcp_mux: true, ..Policy::default() };
        let terms = Terms {
            policy: &policy,
            rtp: SocketAddr::new(host, 4000),
            keys: &ours,
            origin: &origin,
            previous: None,
        };
        let clear = Policy { encryption: Encryption::Refused, ..policy.clone() };
        let other = Terms { policy: &clear, ..terms };
        let Ok(forwarded) = offer_for(description, &terms, &other) else { continue };
        assert_eq!(forwarded.media.len(), 1);
        for answer in [&forwarded, description] {
            let exchange = Exchange { offer: description, forwarded: &forwarded, answer };
            let Ok(agreement) = answer_for(exchange, &terms, &other) else { continue };
            assert_eq!(agreement.answer.media.len(), description.media.len());
            reads_the_same_when_written(&agreement.answer);
        }
    }
}
