//! What is owed to requests and responses, beyond the messages of RFC 4475.

use sip::lexer::lex;
use sip::validate::{Fault, Rules, Verdict, validate};
use sip::{Malformed, Method, Name, WriteError};

const HEAD: &str = "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nCall-ID: x\r\n";

fn fault(start: &str, headers: &str) -> Option<Fault> {
    match outcome(&Rules::TRUNK, start, headers) {
        Ok(()) => None,
        Err((_, fault)) => Some(fault),
    }
}

/// Returns the fault and whether it is answered.
fn outcome(rules: &Rules<'_>, start: &str, headers: &str) -> Result<(), (bool, Fault)> {
    let text = format!("{start}\r\n{headers}\r\n");
    match validate(&lex(text.as_bytes()).expect("it can be taken apart"), rules) {
        Verdict::Request(_) | Verdict::Response(_) => Ok(()),
        Verdict::Answer(refusal) => Err((true, refusal.fault)),
        Verdict::Drop(fault) => Err((false, fault)),
    }
}

fn request(method: &str, more: &str) -> Option<Fault> {
    fault(&format!("{method} sip:a@b SIP/2.0"), &format!("{HEAD}To: <sip:a@b>\r\nCSeq: 1 {method}\r\n{more}"))
}

#[test]
fn each_header_that_is_needed_is_missed() {
    let all = [
        ("Via: SIP/2.0/UDP h\r\n", Name::Via),
        ("From: <sip:a@b>;tag=1\r\n", Name::From),
        ("To: <sip:a@b>\r\n", Name::To),
        ("Call-ID: x\r\n", Name::CallId),
        ("CSeq: 1 INVITE\r\n", Name::CSeq),
    ];
    for (line, name) in all {
        let headers: String = all.iter().map(|(line, _)| *line).filter(|other| *other != line).collect();
        let answered = name != Name::Via;
        let expected = Err((answered, Fault::Missing(name)));
        assert_eq!(outcome(&Rules::TRUNK, "INVITE sip:a@b SIP/2.0", &headers), expected);
        let dropped = Err((false, Fault::Missing(name)));
        assert_eq!(outcome(&Rules::TRUNK, "SIP/2.0 200 OK", &headers), dropped);
    }
}

#[test]
fn an_ack_is_never_answered() {
    let headers = format!("{HEAD}To: <sip:a@b>\r\nCSeq: 1 INVITE\r\n");
    let expected = Err((false, Fault::MethodMismatch));
    assert_eq!(outcome(&Rules::TRUNK, "ACK sip:a@b SIP/2.0", &headers), expected);
    assert_eq!(request("ACK", "Require: x\r\n"), None);
    assert_eq!(request("CANCEL", "Require: x\r\n"), None);
}

#[test]
fn methods_beyond_the_rules_are_refused_by_name() {
    for method in
        ["REGISTER", "SUBSCRIBE", "NOTIFY", "PUBLISH", "INFO", "REFER", "UPDATE", "PRACK", "MESSAGE"]
    {
        assert_eq!(request(method, ""), Some(Fault::MethodNotServed));
    }
    for method in ["INVITE", "ACK", "BYE", "CANCEL", "OPTIONS"] {
        assert_eq!(request(method, ""), None);
    }
    for method in ["invite", "NEWMETHOD", "100"] {
        assert_eq!(request(method, ""), Some(Fault::MethodUnknown));
    }
    assert_eq!(request("A@B", ""), Some(Fault::MethodGrammar));
    let rules = Rules { methods: &[Method::Register], ..Rules::TRUNK };
    let headers = format!("{HEAD}To: <sip:a@b>\r\nCSeq: 1 BYE\r\n");
    assert_eq!(outcome(&rules, "BYE sip:a@b SIP/2.0", &headers), Err((true, Fault::MethodNotServed)));
}

#[test]
fn an_invite_without_hops_goes_no_further_unless_it_is_for_us() {
    assert_eq!(request("INVITE", "Max-Forwards: 0\r\n"), Some(Fault::Hops));
    assert_eq!(request("INVITE", "Max-Forwards: 1\r\n"), None);
    assert_eq!(request("OPTIONS", "Max-Forwards: 0\r\n"), None);
    let within = format!("{HEAD}To: <sip:a@b>;tag=2\r\nCSeq: 1 INVITE\r\nMax-Forwards: 0\r\n");
    assert_eq!(fault("INVITE sip:a@b SIP/2.0", &within), None);
    assert_eq!(request("INVITE", "Max-Forwards: x\r\n"), Some(Fault::Broken(Name::MaxForwards)));
}

#[test]
fn what_breaks_the_grammar_is_named() {
    for (line, name) in [
        ("Contact: <sip:a", Name::Contact),
        ("Contact: *, <sip:a@b>", Name::Contact),
        ("Route: nowhere", Name::Route),
        ("Record-Route: <sip:a>x", Name::RecordRoute),
        ("Content-Type: sdp", Name::ContentType),
        ("Expires: soon", Name::Expires),
        ("x: 90;refresher=me", Name::SessionExpires),
        ("Date: today", Name::Date),
        ("Require: a b", Name::Require),
        ("Via: SIP/2.0/UDP", Name::Via),
        ("Via:", Name::Via),
    ] {
        assert_eq!(request("INVITE", &format!("{line}\r\n")), Some(Fault::Broken(name)), "{line}");
    }
    assert_eq!(request("INVITE", "Contact: *\r\nExpires: 0\r\n"), None);
    assert_eq!(request("INVITE", "no colon\r\n"), Some(Fault::Flaw(Malformed::HeaderLine)));
    let contacts = format!("Contact: {}\r\n", "<sip:a@b>,".repeat(130));
    assert_eq!(request("INVITE", &contacts), Some(Fault::Flaw(Malformed::TooManyHeaders)));
    let long = format!("X-Y: {}\r\n", "y".repeat(9_000));
    for headers in [long, "X-Y: y\r\n".repeat(200)] {
        assert_eq!(request("INVITE", &headers).map(|fault| fault.code()), Some(513));
    }
}

#[test]
fn single_headers_stand_once() {
    for line in ["To: <sip:c@d>", "i: y", "CSeq: 1 INVITE", "f: <sip:a@b>;tag=1"] {
        assert!(matches!(request("INVITE", &format!("{line}\r\n")), Some(Fault::Repeated(_))), "{line}");
    }
    assert_eq!(request("INVITE", "Supported: a\r\nSupported: b\r\nX-A: 1\r\nX-A: 2\r\n"), None);
}

#[test]
fn the_request_uri_tells_its_fault() {
    let headers = format!("{HEAD}To: <sip:a@b>\r\nCSeq: 1 INVITE\r\n");
    for (uri, expected) in [
        ("tel:+12065550100", None),
        ("sips:a@[::1]:5061", None),
        ("urn:service:sos", Some(Fault::RequestUriScheme)),
        ("sip:a@b?c=d", Some(Fault::RequestUri)),
        ("sip:", Some(Fault::RequestUri)),
        ("*", Some(Fault::RequestUri)),
        ("sip:\u{e9}@b", Some(Fault::RequestUri)),
    ] {
        assert_eq!(fault(&format!("INVITE {uri} SIP/2.0"), &headers), expected, "{uri}");
    }
    let long = format!("INVITE sip:{}@b SIP/2.0", "a".repeat(8170));
    assert_eq!(fault(&long, &headers), None);
    assert_eq!(fault("INVITE sip:a@b SIP/3.0", &headers), Some(Fault::Version));
}

#[test]
fn the_content_of_an_invite_has_to_be_one_that_is_taken() {
    let invite = |headers: &str| {
        let text =
            format!("INVITE sip:a@b SIP/2.0\r\n{HEAD}To: <sip:a@b>\r\nCSeq: 1 INVITE\r\n{headers}\r\nbody");
        match validate(&lex(text.as_bytes()).unwrap(), &Rules::TRUNK) {
            Verdict::Request(_) => None,
            Verdict::Answer(refusal) => Some(refusal.fault),
            other @ (Verdict::Response(_) | Verdict::Drop(_)) => panic!("{other:?}"),
        }
    };
    assert_eq!(invite("c: application/SDP; charset=utf-8\r\n"), None);
    assert_eq!(invite("c: text/plain\r\n"), Some(Fault::MediaType));
    assert_eq!(invite("c: text/plain\r\nContent-Disposition: session; Handling = Optional\r\n"), None);
    assert_eq!(invite("c: text/plain\r\nContent-Disposition: session\r\n"), Some(Fault::MediaType));
    assert_eq!(invite(""), Some(Fault::MediaType));
    assert_eq!(invite("c: application/sdp\r\ne: gzip\r\n"), Some(Fault::ContentEncoding));
    assert_eq!(invite("c: application/sdp\r\ne: identity\r\n"), None);
    assert_eq!(invite("c: application/sdp\r\nAccept: text/plain, application/*\r\n"), None);
    assert_eq!(invite("c: application/sdp\r\nAccept: text/plain\r\n"), Some(Fault::Accept));
    assert_eq!(request("BYE", "Accept: text/plain\r\nc: text/plain\r\n"), None);
}

#[test]
fn a_response_is_worked_with_or_dropped() {
    let headers = format!("{HEAD}To: <sip:a@b>;tag=2\r\nCSeq: 1 INVITE\r\nDate: today\r\nContact: <\r\n");
    assert_eq!(outcome(&Rules::TRUNK, "SIP/2.0 200", &headers), Ok(()));
    for (start, expected) in [
        ("SIP/2.0 99 x", Fault::StatusCode),
        ("SIP/2.0 099 x", Fault::StatusCode),
        ("SIP/2.0 700 x", Fault::StatusCode),
        ("SIP/2.0 20x x", Fault::StatusCode),
        ("SIP/2.0  200 OK", Fault::StatusCode),
        ("SIP/1.0 200 OK", Fault::Version),
    ] {
        assert_eq!(outcome(&Rules::TRUNK, start, &headers), Err((false, expected)), "{start}");
    }
    let unknown = headers.replace("1 INVITE", "1 NEWMETHOD");
    let expected = Err((false, Fault::Broken(Name::CSeq)));
    assert_eq!(outcome(&Rules::TRUNK, "SIP/2.0 200 OK", &unknown), expected);
}

#[test]
fn an_answer_says_what_is_wrong_and_invents_nothing() {
    let text = "INVITE sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP h;rport;branch=z9hG4bK1\r\nTo: <sip:a@b>\r\n\r\n";
    let lexed = lex(text.as_bytes()).unwrap();
    let Verdict::Answer(refusal) = validate(&lexed, &Rules::TRUNK) else { panic!("it lacks a From") };
    let mut out = Vec::new();
    refusal.write(&lexed, "ours", "[2001:db8::7]:5062".parse().unwrap(), &mut out).unwrap();
    let expected = "SIP/2.0 400 Missing From\r\n\
        Via: SIP/2.0/UDP h;rport=5062;branch=z9hG4bK1;received=2001:db8::7\r\n\
        To: <sip:a@b>;tag=ours\r\n\
        Content-Length: 0\r\n\r\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn an_answer_lists_no_more_than_fits_and_is_not_written_when_it_does_not() {
    let answer = |headers: &str| {
        let text = format!("BYE sip:a@b SIP/2.0\r\n{HEAD}To: <sip:a@b>\r\nCSeq: 1 BYE\r\n{headers}\r\n");
        let lexed = lex(text.as_bytes()).unwrap();
        let Verdict::Answer(refusal) = validate(&lexed, &Rules::TRUNK) else { panic!("it is answered") };
        let mut out = Vec::new();
        let written = refusal.write(&lexed, "ours", "192.0.2.1:5060".parse().unwrap(), &mut out);
        (written, String::from_utf8(out).unwrap())
    };
    let (written, text) = answer(&format!("Require: {}\r\n", "a,".repeat(4000)));
    assert_eq!((written, text.matches("a, ").count()), (Ok(()), 31));
    let long = format!("v:SIP/2.0/UDP h;x={}\r\nRequire: a\r\n", "y".repeat(8174));
    assert!(answer(&long) == (Err(WriteError::TooLong), String::new()));
}
