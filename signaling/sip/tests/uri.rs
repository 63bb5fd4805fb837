//! URIs: what is one, what it is made of, when two mean the same, which number is called.

use sip::uri::{Host, Scheme, Uri, UriParts};
use sip::{Malformed, Parameters};

fn uri(text: &str) -> Uri {
    Uri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn parts_are_found_and_the_spelling_is_kept() {
    for (text, user, host, port) in [
        ("sip:john.doe@example.com", Some("john.doe"), "example.com", None),
        ("SIP:alice;day=tuesday@atlanta.com", Some("alice;day=tuesday"), "atlanta.com", None),
        (
            "sip:+1.212.555-0100@[2001:db8::10]:5070;user=phone",
            Some("+1.212.555-0100"),
            "[2001:db8::10]",
            Some(5070),
        ),
        ("sips:a:secret@192.0.2.1:5061", Some("a"), "192.0.2.1", Some(5061)),
        ("sip:_trunk.example.com;lr", None, "_trunk.example.com", None),
        ("sip:*21#@pbx", Some("*21#"), "pbx", None),
        ("sip:%61%00b@h?Subject=a%20b&X=", Some("%61%00b"), "h", None),
    ] {
        let uri = uri(text);
        assert_eq!(uri.to_string(), text);
        assert_eq!(
            (uri.user(), uri.host().unwrap().to_string().as_str(), uri.port()),
            (user, host, port),
            "{text}"
        );
    }
    assert_eq!(uri("sips:a:secret@h").parts().password(), Some("secret"));
    assert_eq!(uri("sip:h?a=b").parts().headers(), Some("a=b"));
    assert_eq!(uri("sip:192.0.2.1").host(), Some(Host::V4([192, 0, 2, 1].into())));
    assert_eq!(uri("sip:192.0.2.256").host(), Some(Host::Name("192.0.2.256")));
}

#[test]
fn parameters_keep_their_order_and_unknown_ones_stay() {
    let routed = uri("sip:h;transport=tls;otg=gw1;lr=on;maddr=[::1]?a=b");
    let names: Vec<_> = routed.parameters().iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["transport", "otg", "lr", "maddr"]);
    assert!(routed.is_loose_router());
    let changed = routed.with_parameter("transport", Some("tcp")).unwrap().without_parameter("lr");
    assert_eq!(changed.as_str(), "sip:h;transport=tcp;otg=gw1;maddr=[::1]?a=b");
    assert_eq!(uri("sip:h").with_parameter("lr", None).unwrap().as_str(), "sip:h;lr");
    assert_eq!(uri("sip:h").with_parameter("x", Some("a b")), Err(Malformed::Uri));
    assert_eq!(uri("sip:h").without_parameter("lr").parameters(), Parameters::default());
}

#[test]
fn what_is_no_uri_is_refused() {
    for text in [
        "",
        "sip:",
        "sip",
        ":a",
        "sip:@h",
        "sip:a@",
        "sip:a@b@c",
        "sip:a b@c",
        "sip:a@b c",
        "<sip:a@b>",
        "sip:a@b>",
        "sip:a%4@b",
        "sip:a%zz@b",
        "sip:a\"@b",
        "sip:a@b:",
        "sip:a@b:x",
        "sip:a@b:65536",
        "sip:a@b;",
        "sip:a@b;;x",
        "sip:a@b;=x",
        "sip:a@b;x=\"y\"",
        "sip:a@b?",
        "sip:a@b?x y",
        "sip:[::1",
        "sip:[x]",
        "sip:::1",
        "sip:a@b\r\nX: y",
        "sip:\u{e9}@b",
        "tel:",
        "tel:+",
        "tel:abc-xyz",
        "tel:+12a",
        "tel:12;",
        "tel:12@b",
        "1sip:a",
        "foo:",
        "foo:a b",
    ] {
        assert_eq!(Uri::parse(text), Err(Malformed::Uri), "{text:?}");
    }
    for part in [";p=q", "&p=q"] {
        let uri = |count| Uri::parse(&format!("sip:a@h{}", part.repeat(count)).replacen('&', "?", 1));
        assert!(
            uri(64)
                .is_ok_and(|uri| uri.matches(&uri.with_parameter("x", None).unwrap_or_else(|_| uri.clone())))
        );
        assert_eq!(uri(65), Err(Malformed::Uri));
    }
    let long = format!("sip:{}@h", "a".repeat(9000));
    assert_eq!(Uri::parse(&long), Err(Malformed::UriTooLong));
}

/// RFC 3261 section 19.1.4.
#[test]
fn uris_that_mean_the_same() {
    for (left, right) in [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("sip:a@[2001:db8::0:1]", "sip:a@[2001:DB8::1]"),
        ("tel:+1-212-555-0100", "tel:+1(212)5550100"),
        ("tel:0100;phone-context=+1212;x=y", "tel:01-00;X=Y;Phone-Context=+1212"),
        ("isbn:2983792873", "isbn:2983792873"),
        ("sip:h;x=1;x=2", "sip:h;x=1;x=2"),
    ] {
        assert!(uri(left).matches(&uri(right)), "{left} {right}");
        assert!(uri(right).matches(&uri(left)), "{left} {right}");
    }
}

/// RFC 3261 section 19.1.4.
#[test]
fn uris_that_mean_something_else() {
    for (left, right) in [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:a%3Bb@h", "sip:a;b@h"),
        ("sip:a@h", "sips:a@h"),
        ("sip:a:x@h", "sip:a@h"),
        ("sip:h?a=b&a=b", "sip:h?a=b&c=d"),
        ("tel:+12125550100", "tel:+12125550101"),
        ("tel:+12125550100", "sip:+12125550100@h"),
        ("tel:12;phone-context=a", "tel:12"),
    ] {
        assert!(!uri(left).matches(&uri(right)), "{left} {right}");
        assert!(!uri(right).matches(&uri(left)), "{left} {right}");
    }
}

#[test]
fn the_called_number_is_plus_and_digits() {
    for (text, expected) in [
        ("tel:+1-212-555-0100", Some("+12125550100")),
        ("sip:+1.212.555.0100@h", Some("+12125550100")),
        ("sip:%2B12125550100@h", Some("+12125550100")),
        ("sip:+12125550100;ext=7@h;user=phone", Some("+12125550100")),
        ("sip:+123456789012345@h", Some("+123456789012345")),
        ("sip:+1234567890123456@h", None),
        ("sip:+02125550100@h", None),
        ("sip:12125550100@h", None),
        ("sip:+1212*5@h", None),
        ("sip:alice@h", None),
        ("sip:+@h", None),
        ("sip:h", None),
        ("isbn:123", None),
    ] {
        assert_eq!(uri(text).e164().as_deref(), expected, "{text}");
    }
    assert_eq!(uri("sip:*21%23@h").dialled().as_deref(), Some("*21#"));
    assert_eq!(uri("sip:9-011-44@h").dialled().as_deref(), Some("901144"));
    assert_eq!(uri("sip:1+2@h").dialled(), None);
}

#[test]
fn a_made_uri_is_escaped() {
    let made = Uri::sip(Some("a b#\u{e9}+1"), Host::Name("h"), Some(5070)).unwrap();
    assert_eq!(made.as_str(), "sip:a%20b%23%C3%A9+1@h:5070");
    assert_eq!(Uri::sip(None, Host::V6("::1".parse().unwrap()), None).unwrap().as_str(), "sip:[::1]");
    assert_eq!(Uri::sip(Some(""), Host::Name("h"), None), Err(Malformed::Uri));
    assert_eq!(Uri::sip(None, Host::Name("a b"), None), Err(Malformed::Uri));
    assert_eq!(Uri::tel("+1").unwrap().scheme(), Scheme::Tel);
    assert_eq!(UriParts::parse("soap.beep://192.0.2.103:3002").unwrap().scheme(), Scheme::Other);
}
