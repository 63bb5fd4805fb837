//! What holds for all requests.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use sigv4::canonical_request;

use crate::letter::{KEY_ID, Letter};

proptest! {
    #[test]
    fn what_is_signed_is_accepted(letter in letters()) {
        let signed = letter.signed();
        prop_assert!(signed.judge().is_ok(), "{:?}: {:?}", signed.judge(), signed);
    }

    #[test]
    fn what_is_changed_is_refused_or_means_the_same(letter in letters(), place: Index, at: Index, bit in 0..8_u8) {
        let signed = letter.signed();
        let twin = changed(&signed, place, at, bit);
        if twin.judge().is_ok_and(|signature| signature.key_id() == KEY_ID) {
            prop_assert_eq!(signed.read(canonical_request), twin.read(canonical_request), "{:?}", twin);
        }
    }

    #[test]
    fn headers_are_found_in_any_order_and_spelling(letter in letters(), shift: Index) {
        let mut signed = letter.signed();
        signed.headers.sort_by_key(|(name, _)| name.to_ascii_lowercase());
        // Names that come twice stay together, in their order.
        let twice = signed.headers.windows(2).any(|pair| pair[0].0.eq_ignore_ascii_case(&pair[1].0));
        if !twice {
            let middle = shift.index(signed.headers.len());
            signed.headers.rotate_left(middle);
        }
        for (name, _) in &mut signed.headers {
            *name = name.to_ascii_uppercase();
        }
        prop_assert!(signed.judge().is_ok(), "{:?}", signed);
    }
}

fn letters() -> impl Strategy<Value = Letter> {
    let method = prop::sample::select(vec!["GET", "POST", "PUT", "DELETE", "PATCH", "M-SEARCH"]);
    let segment = "[a-z0-9.%+ ~:@!$é二-]{0,8}";
    let path = vec(segment, 0..6).prop_map(|segments| format!("/{}", segments.join("/")));
    let word = "([a-zA-Z0-9._~:/+ é-]|%2[0-9A-F]|%[cC]3%[aA]9){0,6}";
    let query = vec((word, prop::option::of(word)), 0..6).prop_map(|parameters| {
        let texts = parameters.into_iter().map(|(name, value)| match value {
            Some(value) => format!("{name}={value}"),
            None => name,
        });
        texts.collect::<Vec<_>>().join("&")
    });
    let header = ("(x-amz-|X-Meta-|accept)[a-z0-9]{0,3}", vec(any::<u8>(), 0..20));
    let parts = (method, path, prop::option::of(query), vec(header, 0..8), vec(any::<u8>(), 0..200));
    parts.prop_map(|(method, path, query, headers, body)| {
        let target = query.map_or(path.clone(), |query| format!("{path}?{query}"));
        let headers = [("Host".to_owned(), b"chime.example:8443".to_vec())].into_iter().chain(headers);
        Letter { method: method.into(), target, headers: headers.collect(), body }
    })
}

fn changed(letter: &Letter, place: Index, at: Index, bit: u8) -> Letter {
    let mut twin = letter.clone();
    let flip = |bytes: &mut Vec<u8>| match bytes.len() {
        0 => bytes.push(1 << bit),
        len => bytes[at.index(len)] ^= 1 << bit,
    };
    match place.index(letter.headers.len() + 2) {
        0 => {
            let mut bytes = twin.target.clone().into_bytes();
            flip(&mut bytes);
            twin.target = String::from_utf8(bytes).unwrap_or_default();
        }
        1 => flip(&mut twin.body),
        header => flip(&mut twin.headers[header - 2].1),
    }
    twin
}
