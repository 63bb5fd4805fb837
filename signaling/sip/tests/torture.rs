//! The messages of RFC 4475, each with what is owed to it.
//!
//! The files hold the messages of the sections named here, written from the text of the RFC. Of `mpart01` the octets of
//! the signature are others, of the same number: nothing reads them. The length in `multi01` is that of its body.

use std::fs;
use std::path::Path;

use sip::framing::{Stream, Unit};
use sip::lexer::{Lexed, StartLine, lex};
use sip::validate::{Fault, Rules, Verdict, validate};
use sip::{Malformed, Name, Request, method};

/// What is owed to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owed {
    /// It is worked with.
    Work,
    /// It is answered with this code.
    Answer(u16),
    /// It is dropped without a word.
    Silence,
}

use Owed::{Answer, Silence, Work};

/// Section, name, what an element that knows every method owes, and why.
const TABLE: [(&str, &str, Owed, &str); 49] = [
    ("3.1.1.1", "wsinv", Work, "folding, white space, compact names, lists"),
    ("3.1.1.2", "intmeth", Answer(501), "well formed; nobody knows the method"),
    ("3.1.1.3", "esc01", Work, "escapes in users and parameters"),
    ("3.1.1.4", "escnull", Work, "escaped zero bytes"),
    ("3.1.1.5", "esc02", Answer(501), "percent signs that are no escapes; nobody knows the method"),
    ("3.1.1.6", "lwsdisp", Work, "no space between name and bracket"),
    ("3.1.1.7", "longreq", Work, "long values and 34 Vias"),
    ("3.1.1.8", "dblreq", Work, "a second request behind the first is ignored"),
    ("3.1.1.9", "semiuri", Work, "semicolon in the user"),
    ("3.1.1.10", "transports", Work, "unknown transports"),
    ("3.1.1.11", "mpart01", Work, "binary body"),
    ("3.1.1.12", "unreason", Work, "UTF-8 in the phrase"),
    ("3.1.1.13", "noreason", Work, "no phrase"),
    ("3.1.2.1", "badinv01", Answer(400), "separators without parameters"),
    ("3.1.2.2", "clerr", Answer(400), "body shorter than said"),
    ("3.1.2.3", "ncl", Answer(400), "negative length"),
    ("3.1.2.4", "scalar02", Answer(400), "numbers out of range"),
    ("3.1.2.5", "scalarlg", Silence, "a response with numbers out of range"),
    ("3.1.2.6", "quotbal", Answer(400), "quote that is not closed"),
    ("3.1.2.7", "ltgtruri", Answer(400), "brackets around the Request-URI"),
    ("3.1.2.8", "lwsruri", Answer(400), "space in the Request-URI"),
    ("3.1.2.9", "lwsstart", Answer(400), "two spaces in the request line"),
    ("3.1.2.10", "trws", Answer(400), "space at the end of the request line"),
    ("3.1.2.11", "escruri", Answer(400), "headers in the Request-URI"),
    ("3.1.2.12", "baddate", Answer(400), "another time zone than GMT"),
    ("3.1.2.13", "regbadct", Answer(400), "a question mark without brackets"),
    ("3.1.2.14", "badaspec", Answer(400), "spaces within brackets"),
    ("3.1.2.15", "baddn", Answer(400), "comma in a name without quotes"),
    ("3.1.2.16", "badvers", Answer(505), "version 7.0"),
    ("3.1.2.17", "mismatch01", Answer(400), "CSeq has another method"),
    ("3.1.2.18", "mismatch02", Answer(400), "CSeq has another method than an unknown one"),
    ("3.1.2.19", "bigcode", Silence, "status code of ten digits"),
    ("3.2.1", "badbranch", Work, "the cookie alone: matched as RFC 2543 did"),
    ("3.3.1", "insuf", Answer(400), "no Call-ID, From, To"),
    ("3.3.2", "unkscm", Answer(416), "unknown scheme"),
    ("3.3.3", "novelsc", Answer(416), "known scheme, not one of ours"),
    ("3.3.4", "unksm2", Work, "unknown schemes in To, From, Contact"),
    ("3.3.5", "bext01", Answer(420), "required extensions"),
    ("3.3.6", "invut", Answer(415), "unknown media type"),
    ("3.3.7", "regaut01", Work, "unknown scheme of authorization"),
    ("3.3.8", "multi01", Answer(400), "single headers twice"),
    ("3.3.9", "mcl01", Answer(400), "two lengths"),
    ("3.3.10", "bcast", Work, "a second Via that is not ours: no transaction will match"),
    ("3.3.11", "zeromf", Work, "no hops left, and none needed"),
    ("3.3.12", "cparam01", Work, "unknown parameter of the header"),
    ("3.3.13", "cparam02", Work, "unknown parameter of the URI"),
    ("3.3.14", "regescrt", Work, "headers in a Contact"),
    ("3.3.15", "sdp01", Answer(406), "takes no SDP back"),
    ("3.4.1", "inv2543", Work, "no branch, no tag, no Max-Forwards, no length"),
];

const EVERY_METHOD: Rules<'static> = Rules { methods: &method::ALL, ..Rules::TRUNK };

fn bytes(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture").join(name).with_extension("sip");
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn owed(lexed: &Lexed<'_>, rules: &Rules<'_>) -> Owed {
    match validate(lexed, rules) {
        Verdict::Request(_) | Verdict::Response(_) => Work,
        Verdict::Answer(refusal) => Answer(refusal.code()),
        Verdict::Drop(_) => Silence,
    }
}

fn request(name: &str) -> Request {
    let bytes = bytes(name);
    let lexed = lex(&bytes).expect("it can be taken apart");
    match validate(&lexed, &EVERY_METHOD) {
        Verdict::Request(checked) => checked.to_request(),
        other @ (Verdict::Response(_) | Verdict::Answer(_) | Verdict::Drop(_)) => panic!("{name}: {other:?}"),
    }
}

#[test]
fn every_message_gets_what_it_is_owed() {
    for (section, name, expected, why) in TABLE {
        let bytes = bytes(name);
        let lexed = lex(&bytes).unwrap_or_else(|error| panic!("{section} {name}: {error}"));
        assert_eq!(owed(&lexed, &EVERY_METHOD), expected, "{section} {name}: {why}");
    }
}

/// What becomes of a message that comes over a stream in two pieces: its verdict, or the end of the connection.
fn streamed(pieces: [&[u8]; 2]) -> Result<Owed, Malformed> {
    let mut stream = Stream::new();
    let mut found = None;
    for piece in pieces {
        assert_eq!(stream.feed(piece), piece.len());
        // What follows the first message of a file is another one, or noise.
        while found.is_none() {
            match stream.next_unit()? {
                Some(Unit::Message(lexed)) => found = Some(owed(&lexed, &EVERY_METHOD)),
                Some(Unit::Ping) => {}
                None => break,
            }
        }
    }
    found.ok_or(Malformed::Truncated)
}

#[test]
fn over_a_stream_every_message_gets_the_same_wherever_it_is_cut() {
    for (section, name, expected, why) in TABLE {
        let bytes = bytes(name);
        // Without a length that can be believed nobody knows where the next message begins.
        let expected = match name {
            "clerr" => Err(Malformed::Truncated),
            "ncl" => Err(Malformed::LengthInvalid),
            "mcl01" => Err(Malformed::LengthConflict),
            "inv2543" => Err(Malformed::LengthMissing),
            _ => Ok(expected),
        };
        for at in 0..=bytes.len() {
            let (front, back) = bytes.split_at(at);
            assert_eq!(streamed([front, back]), expected, "{section} {name}, cut at {at}: {why}");
        }
    }
}

#[test]
fn a_trunk_refuses_the_methods_that_it_does_not_serve() {
    for (section, name, expected, _) in TABLE {
        let bytes = bytes(name);
        let lexed = lex(&bytes).unwrap();
        let served = match lexed.start {
            StartLine::Request { method, .. } => !matches!(method, b"REGISTER" | b"MESSAGE"),
            StartLine::Response { .. } => true,
        };
        let expected = if expected == Work && !served { Answer(405) } else { expected };
        assert_eq!(owed(&lexed, &Rules::TRUNK), expected, "{section} {name}");
    }
}

#[test]
fn every_answer_can_be_taken_apart_again() {
    let source = "192.0.2.200:5062".parse().unwrap();
    for (section, name, ..) in TABLE {
        let bytes = bytes(name);
        let lexed = lex(&bytes).unwrap();
        let Verdict::Answer(refusal) = validate(&lexed, &Rules::TRUNK) else { continue };
        let mut out = Vec::new();
        refusal.write(&lexed, "ours", source, &mut out).unwrap();
        let answer = lex(&out).unwrap_or_else(|error| panic!("{section} {name}: {error}"));
        let StartLine::Response { code, .. } = answer.start else { panic!("{section} {name}") };
        assert_eq!(code, refusal.code().to_string().as_bytes(), "{section} {name}");
        assert_eq!(answer.flaw, None, "{section} {name}");
        for header in [Name::CallId, Name::CSeq, Name::From] {
            let value = |lexed: &Lexed<'_>| lexed.field(header).map(|field| field.value.to_string());
            assert_eq!(value(&answer), value(&lexed), "{section} {name}");
        }
        assert_eq!(answer.fields(Name::Via).count(), lexed.fields(Name::Via).count());
        let has_advice = matches!(refusal.code(), 405 | 415 | 420 | 501);
        assert_eq!(refusal.advice.is_some(), has_advice, "{section} {name}");
    }
}

#[test]
fn the_advice_names_what_would_be_taken() {
    for (name, header, value) in [
        ("esc02", Name::Allow, "INVITE, ACK, BYE, CANCEL, OPTIONS"),
        ("escnull", Name::Allow, "INVITE, ACK, BYE, CANCEL, OPTIONS"),
        ("bext01", Name::Unsupported, "nothingSupportsThis, nothingSupportsThisEither"),
        ("invut", Name::Accept, "application/sdp, multipart/mixed"),
    ] {
        let bytes = bytes(name);
        let lexed = lex(&bytes).unwrap();
        let Verdict::Answer(refusal) = validate(&lexed, &Rules::TRUNK) else { panic!("{name}") };
        assert_eq!(refusal.advice, Some((header, value.to_owned())), "{name}");
    }
}

#[test]
fn what_is_worked_with_reads_the_same_after_writing() {
    for (section, name, ..) in TABLE {
        let bytes = bytes(name);
        let lexed = lex(&bytes).unwrap();
        let (mut out, mut again) = (Vec::new(), Vec::new());
        match validate(&lexed, &EVERY_METHOD) {
            Verdict::Request(checked) => {
                let request = checked.to_request();
                request.write(&mut out).unwrap();
                let lexed = lex(&out).unwrap();
                let Verdict::Request(checked) = validate(&lexed, &EVERY_METHOD) else {
                    panic!("{section} {name}")
                };
                assert_eq!(checked.to_request(), request, "{section} {name}");
                checked.to_request().write(&mut again).unwrap();
            }
            Verdict::Response(checked) => {
                let response = checked.to_response();
                response.write(&mut out).unwrap();
                let lexed = lex(&out).unwrap();
                let Verdict::Response(checked) = validate(&lexed, &EVERY_METHOD) else {
                    panic!("{section} {name}")
                };
                assert_eq!(checked.to_response(), response, "{section} {name}");
                checked.to_response().write(&mut again).unwrap();
            }
            Verdict::Answer(_) | Verdict::Drop(_) => continue,
        }
        assert_eq!(out, again, "{section} {name}");
    }
}

#[test]
fn a_short_tortuous_invite_says_what_it_means() {
    let invite = request("wsinv");
    assert_eq!((invite.to_tag(), invite.from_tag()), (Some("1918181833n"), Some("98asjd8")));
    assert_eq!(invite.from_address().unwrap().display_name().unwrap(), "J Rosenberg \\\"");
    assert_eq!(invite.headers().max_forwards(), 68);
    assert_eq!(invite.cseq().unwrap().seq, 9);
    let branches: Vec<_> = invite.headers().vias().map(|via| via.branch().unwrap()).collect();
    assert_eq!(branches, ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]);
    assert_eq!(invite.top_via().unwrap().transaction_branch(), None);
    let contact = invite.contact().unwrap();
    assert_eq!(contact.display_name().unwrap(), "Quoted string \"\"");
    assert_eq!(
        (contact.parameters().get("newparam"), contact.parameters().get("q")),
        (Some("newvalue"), Some("0.33"))
    );
    assert_eq!(
        invite.headers().named("newfangledheader"),
        Some("newfangled value continued newfangled value")
    );
    assert_eq!(invite.header(Name::Subject), Some(""));
    assert_eq!(invite.body().len(), 150);
}

#[test]
fn details_of_valid_messages_are_understood() {
    assert_eq!(request("esc01").uri().user(), Some("sips%3Auser%40example.com"));
    assert_eq!(request("semiuri").uri().user(), Some("user;par=u%40example.net"));
    assert_eq!(request("lwsdisp").from_address().unwrap().display_name().unwrap(), "caller");
    assert_eq!(request("longreq").headers().vias().count(), 34);
    assert_eq!(request("escnull").headers().addresses(Name::Contact).count(), 2);
    assert_eq!(request("dblreq").body(), b"");
    assert_eq!(request("mpart01").body().len(), 553);
    assert_eq!(request("badbranch").top_via().unwrap().transaction_branch(), None);
    let contact = request("cparam01").contact().unwrap().to_name_addr();
    assert!(contact.parameters().has("unknownparam") && !contact.uri().parameters().has("unknownparam"));
    let contact = request("cparam02").contact().unwrap().to_name_addr();
    assert!(!contact.parameters().has("unknownparam") && contact.uri().parameters().has("unknownparam"));
    assert_eq!(contact.uri().e164().as_deref(), Some("+19725552222"));
    let old = request("inv2543");
    assert_eq!((old.from_tag(), old.headers().max_forwards(), old.body().len()), (None, 70, 105));
}

#[test]
fn lengths_that_the_rfc_tells_are_those_of_the_files() {
    for (section, name, ..) in TABLE {
        let bytes = bytes(name);
        let lexed = lex(&bytes).unwrap();
        let declared = lexed.field(Name::ContentLength).and_then(|field| field.value.parse::<usize>().ok());
        let at = bytes.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
        let follows = bytes.len() - at - 4;
        match name {
            "clerr" => assert_eq!(lexed.flaw, Some(Malformed::Truncated)),
            "mcl01" => assert!(matches!(validate(&lexed, &EVERY_METHOD), Verdict::Answer(refusal)
                if refusal.fault == Fault::Repeated(Name::ContentLength))),
            "dblreq" => assert!(follows > 0 && lexed.body.is_empty()),
            _ if declared.is_some() => assert_eq!(declared, Some(follows), "{section} {name}"),
            _ => {}
        }
    }
}
