//! Who calls, and what the other leg hears of it.

use sip::identity::{Privacy, Source, Trust, caller, present};
use sip::uri::Host;
use sip::{Method, Name, Request, Uri};

const HOST: Host<'_> = Host::Name("node.example");

fn request(from: &str, headers: &[(Name, &str)]) -> Request {
    let request =
        Request::new(Method::Invite, Uri::parse("sip:+15550100@h").expect("a URI")).with(Name::From, from);
    headers.iter().fold(request, |request, &(name, value)| request.with(name, value))
}

#[test]
fn a_trusted_peer_asserts_and_another_one_prefers() {
    let headers = [
        (Name::PAssertedIdentity, "\"Asserted\" <sip:+12065550100@a>"),
        (Name::PPreferredIdentity, "<sip:+12065550101@a>"),
    ];
    let request = request("\"From\" <sip:+12065550102@a>;tag=1", &headers);
    let trusted = caller(&request, Trust::Trusted).unwrap();
    assert_eq!((trusted.source, trusted.number.as_deref()), (Source::Asserted, Some("+12065550100")));
    assert_eq!(trusted.display_name.as_deref(), Some("Asserted"));
    let untrusted = caller(&request, Trust::Untrusted).unwrap();
    assert_eq!((untrusted.source, untrusted.number.as_deref()), (Source::Preferred, Some("+12065550101")));
}

#[test]
fn without_a_statement_from_counts() {
    let request = request("\"Bell\" <sip:+1-206-555-0102@a>;tag=1", &[]);
    let found = caller(&request, Trust::Trusted).unwrap();
    assert_eq!((found.source, found.number.as_deref()), (Source::From, Some("+12065550102")));
    assert!(!found.anonymous);
    let shown = present(&found, Trust::Trusted, HOST).unwrap();
    assert_eq!(shown.from.to_string(), "\"Bell\" <sip:+12065550102@node.example>");
    assert_eq!(shown.asserted.as_ref(), Some(&shown.from));
    assert_eq!(shown.privacy, None);
    assert_eq!(present(&found, Trust::Untrusted, HOST).unwrap().asserted, None);
}

#[test]
fn of_two_statements_the_one_with_a_number_counts() {
    let headers = [(Name::PAssertedIdentity, "<http://a>, <sip:bell@a>, <tel:+12065550100>")];
    let found = caller(&request("<sip:x@a>", &headers), Trust::Trusted).unwrap();
    assert_eq!(found.number.as_deref(), Some("+12065550100"));
}

#[test]
fn an_anonymous_caller_is_told_only_to_who_is_trusted() {
    let headers =
        [(Name::PAssertedIdentity, "\"Bell\" <sip:+12065550100@a>"), (Name::Privacy, "id; critical")];
    let found =
        caller(&request("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1", &headers), Trust::Trusted);
    let found = found.unwrap();
    assert!(found.anonymous);
    assert_eq!(found.number.as_deref(), Some("+12065550100"));
    let inside = present(&found, Trust::Trusted, HOST).unwrap();
    assert_eq!(inside.from.to_string(), "\"Anonymous\" <sip:anonymous@anonymous.invalid>");
    assert_eq!(inside.asserted.unwrap().to_string(), "\"Bell\" <sip:+12065550100@node.example>");
    assert_eq!(inside.privacy.as_deref(), Some("id;critical"));
    let outside = present(&found, Trust::Untrusted, HOST).unwrap();
    assert!(!format!("{outside:?}").contains("2065550100") && !format!("{outside:?}").contains("Bell"));
}

#[test]
fn each_way_to_be_anonymous_is_understood() {
    for (from, privacy, anonymous) in [
        ("<sip:+1206@a>", "id", true),
        ("<sip:+1206@a>", "user", true),
        ("<sip:+1206@a>", "header", false),
        ("<sip:+1206@a>", "header;id", true),
        ("<sip:+1206@a>", "none", false),
        ("<sip:+1206@a>", "ID;None", false),
        ("<sip:anonymous@anonymous.invalid>", "header", true),
        ("<sip:x@Anonymous.Invalid>", "header", true),
        ("\"x\" <sip:anonymous@a>", "critical", true),
        ("\"anonymous\" <sip:+1206@a>", "session", false),
    ] {
        let found = caller(&request(from, &[(Name::Privacy, privacy)]), Trust::Untrusted).unwrap();
        assert_eq!(found.anonymous, anonymous, "{from} {privacy}");
    }
}

#[test]
fn an_anonymous_from_alone_identifies_nobody() {
    let found = caller(&request("\"Secret\" <sip:anonymous@a>", &[]), Trust::Trusted).unwrap();
    assert_eq!((found.number.as_deref(), found.display_name.as_deref()), (None, None));
    let shown = present(&found, Trust::Trusted, HOST).unwrap();
    assert_eq!((shown.asserted, shown.privacy.as_deref()), (None, Some("id")));
}

#[test]
fn a_name_keeps_the_escapes_it_came_with() {
    let found = caller(&request("<sip:j%20bell@a>", &[]), Trust::Trusted).unwrap();
    assert_eq!(
        present(&found, Trust::Trusted, HOST).unwrap().from.uri().as_str(),
        "sip:j%20bell@node.example"
    );
    assert!(caller(&request("no address", &[]), Trust::Trusted).is_none());
    assert_eq!(Privacy::parse(["id,user;x"].into_iter()).to_string(), "id;user");
}
