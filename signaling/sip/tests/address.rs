//! Addresses in headers: display names, brackets, and whose the parameters are.

use sip::name_addr::AddressParts;
use sip::{Malformed, NameAddr, Uri, list};

#[test]
fn names_uris_and_parameters_are_told_apart() {
    for (value, name, uri, tag) in [
        ("sip:a@b", None, "sip:a@b", None),
        ("sip:a@b;tag=1", None, "sip:a@b", Some("1")),
        ("<sip:a@b;tag=2>", None, "sip:a@b;tag=2", None),
        ("<sip:a@b>;tag=", None, "sip:a@b", None),
        ("Bell <sip:a@b>;x;tag=3", Some("Bell"), "sip:a@b", Some("3")),
        ("A. G.  Bell<sip:a@b> ; tag = 4", Some("A. G.  Bell"), "sip:a@b", Some("4")),
        (
            "\"Bell, \\\"A\\\" <x>\" <sip:a,b@c?d=e>;tag=5",
            Some("Bell, \"A\" <x>"),
            "sip:a,b@c?d=e",
            Some("5"),
        ),
        ("\"\" <tel:+1>", None, "tel:+1", None),
        ("Andr\u{e9} <sip:a@b>", Some("Andr\u{e9}"), "sip:a@b", None),
        ("\"a;b\"<sip:a@b>;+sip.instance=\"<urn:uuid:1>;\";tag=6", Some("a;b"), "sip:a@b", Some("6")),
    ] {
        let parts = AddressParts::parse(value).unwrap_or_else(|error| panic!("{value}: {error}"));
        assert_eq!(parts.display_name().as_deref(), name, "{value}");
        assert_eq!((parts.uri().as_str(), parts.tag()), (uri, tag), "{value}");
        let own = parts.to_name_addr();
        assert_eq!(NameAddr::parse(&own.to_string()).as_ref(), Ok(&own), "{value}");
    }
}

#[test]
fn what_is_no_address_is_refused() {
    for value in [
        "",
        "Bell",
        "\"Bell <sip:a@b>",
        "Bell, A <sip:a@b>",
        "<sip:a@b",
        "sip:a@b>",
        "< sip:a@b >",
        "<>",
        "\"A\"",
        "\"A\" sip:a@b",
        "sip:a@b?c=d",
        "sip:a,b@c",
        "<sip:a@b>x",
        "<sip:a@b>;",
        "<sip:a@b>, <sip:c@d>",
        "(c) <sip:a@b>",
    ] {
        assert!(AddressParts::parse(value).is_err(), "{value}");
    }
}

#[test]
fn an_address_is_made() {
    let uri = Uri::parse("sip:a@b").unwrap();
    let made = NameAddr::new(uri).with_display_name("Bell, \"A\"\r\n").with_tag("x1").unwrap();
    assert_eq!(made.to_string(), "\"Bell, \\\"A\\\"  \" <sip:a@b>;tag=x1");
    assert_eq!(made.clone().with_tag("a b").unwrap_err(), Malformed::Parameters);
    assert_eq!(made.clone().with_tag("x\r\nVia: y").unwrap_err(), Malformed::Parameters);
    assert_eq!(made.without_parameters().tag(), None);
}

#[test]
fn lists_are_split_where_an_address_ends() {
    let value = "\"a,\\\"<\" <sip:x,y@h>;p=\"1,2\" , sip:z@h;q=1,<tel:+1>,, \"b\" <sip:b@h>";
    let found: Vec<_> =
        list::split(value).map(|one| NameAddr::parse(one).unwrap().uri().to_string()).collect();
    assert_eq!(found, ["sip:x,y@h", "sip:z@h", "tel:+1", "sip:b@h"]);
}
