//! Bodies of several parts: where each is, which is the description, and what is owed to those that have none.

use proptest::collection::vec;
use proptest::prelude::*;
use sip::header::MediaType;
use sip::lexer::lex;
use sip::multipart::{PARTS_MAX, Unfit, description, split};
use sip::validate::{Fault, Rules, Verdict, validate};
use sip::{Malformed, Name};

const SDP: &str = "Content-Type: application/sdp\n\nv=0\n";
const ISUP: &str =
    "Content-Type: application/ISUP;version=nxv3\nContent-Disposition: signal;handling=optional\n\n\u{1}\n";
const TEXT: &str = "\nhello\n";

fn parts_of<'a>(media_type: &str, body: &'a [u8]) -> Result<Vec<&'a [u8]>, Malformed> {
    let parts = split(&MediaType::parse(media_type).expect("a type"), body)?;
    Ok(parts.into_iter().map(|part| part.body).collect())
}

/// The description in a body whose boundary is `b`, with CRLF for each line end.
fn found(body: &str) -> Result<Option<String>, Unfit> {
    let body = body.replace('\n', "\r\n");
    let media_type = MediaType::parse("multipart/mixed;boundary=b").expect("a type");
    let found = description(&media_type, body.as_bytes())?;
    Ok(found.map(|found| String::from_utf8(found.to_vec()).expect("text")))
}

fn body(parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("--b\n{part}\n")).collect();
    format!("{parts}--b--\n")
}

#[test]
fn the_example_of_rfc_2046_has_two_parts() {
    // Section 5.1.1.
    let text = include_bytes!("vectors/rfc2046-multipart.txt");
    let parts = parts_of("multipart/mixed; boundary=\"simple boundary\"", text).unwrap();
    let expected: [&[u8]; 2] = [
        b"This is implicitly typed plain US-ASCII text.\r\nIt does NOT end with a linebreak.",
        b"This is explicitly typed plain US-ASCII text.\r\nIt DOES end with a linebreak.\r\n",
    ];
    assert_eq!(parts, expected);
    // Its twins: another boundary, the end cut off, and none at all.
    for (boundary, len) in [("simple", text.len()), ("simple boundary", 400), ("simple boundary", 100)] {
        let media_type = format!("multipart/mixed; boundary=\"{boundary}\"");
        assert_eq!(parts_of(&media_type, &text[..len]), Err(Malformed::Multipart), "{boundary} {len}");
    }
}

#[test]
fn the_binary_part_of_rfc_4475_is_whole() {
    // Section 3.1.1.11.
    let bytes = include_bytes!("torture/mpart01.sip");
    let lexed = lex(bytes).unwrap();
    let parts = parts_of(&lexed.field(Name::ContentType).unwrap().value, lexed.body).unwrap();
    assert_eq!((parts.len(), parts[0]), (2, b"Hello".as_slice()));
    let start = parts[1].as_ptr().addr() - lexed.body.as_ptr().addr();
    assert_eq!(&lexed.body[start + parts[1].len()..], b"\r\n--7a9cbec02ceef655--\r\n");
    assert!(parts[1].contains(&b'\n') && parts[1].contains(&0x0b), "line ends and control bytes are its own");
    let cut = &lexed.body[..lexed.body.len() - 4];
    assert_eq!(parts_of("multipart/mixed;boundary=7a9cbec02ceef655", cut), Err(Malformed::Multipart));
}

#[test]
fn a_boundary_fills_its_line() {
    for (text, expected) in [
        ("--b\n\nx\n--b--", vec!["x"]),
        ("--b \t\r\n\r\nx\r\n--b-- \r\n--b\r\n\r\ny\r\n--b--", vec!["x"]),
        (
            "--b\r\n\r\n--bb\r\n-b\r\n --b\r\nx--b\r\n--b-\r\n--b--",
            vec!["--bb\r\n-b\r\n --b\r\nx--b\r\n--b-"],
        ),
        ("--b\r\n--b\r\n\r\n\r\n--b--", vec!["", ""]),
        ("--b\r\n\r\n\r\n\r\n--b--", vec!["\r\n"]),
    ] {
        let parts = parts_of("multipart/mixed;boundary=b", text.as_bytes()).unwrap();
        let expected: Vec<&[u8]> = expected.iter().map(|part| part.as_bytes()).collect();
        assert_eq!(parts, expected, "{text:?}");
    }
    for text in
        ["", "--b", "--b--", "--b\r\n", "--b\r\n\r\nx", "--b\r\n\r\nx\r\n--b", "--b\r\nX-A: no end\r\n--b--"]
    {
        let parts = parts_of("multipart/mixed;boundary=b", text.as_bytes());
        assert_eq!(parts, Err(Malformed::Multipart), "{text:?}");
    }
    let long = "x".repeat(71);
    for parameters in [
        "",
        ";boundary",
        ";boundary=\"\"",
        ";boundary=\" \"",
        &format!(";boundary={long}"),
        ";boundary=\"é\"",
    ] {
        let text = format!("--{long}\r\n\r\n--{long}--");
        let parts = parts_of(&format!("multipart/mixed{parameters}"), text.as_bytes());
        assert_eq!(parts, Err(Malformed::Multipart), "{parameters}");
    }
    let many = |count: usize| format!("{}--b--", "--b\r\n\r\nx\r\n".repeat(count));
    assert_eq!(
        parts_of("a/b;boundary=b", many(PARTS_MAX).as_bytes()).map(|parts| parts.len()),
        Ok(PARTS_MAX)
    );
    assert_eq!(parts_of("a/b;boundary=b", many(PARTS_MAX + 1).as_bytes()), Err(Malformed::Multipart));
}

#[test]
fn the_first_description_of_the_session_is_found() {
    let early = SDP.replace("\n\nv=0", "\nContent-Disposition: early-session;handling=optional\n\nv=1");
    let session = SDP.replace("\n\nv=0", "\nContent-Disposition: session;handling=required\n\nv=2");
    for (parts, expected) in [
        (vec![SDP], Some("v=0\r\n")),
        (vec![ISUP, SDP, &session], Some("v=0\r\n")),
        (vec![&early, &session, SDP], Some("v=2\r\n")),
        (
            vec![
                "Content-Type: application/rs-metadata\nContent-Disposition: recording-session\n\n<x/>\n",
                SDP,
            ],
            Some("v=0\r\n"),
        ),
        (vec!["c: Application/SDP; charset=x\nContent-Transfer-Encoding: 8bit\n\nv=3"], Some("v=3")),
        (vec![ISUP, TEXT], None),
        (vec![&early], None),
    ] {
        assert_eq!(found(&body(&parts)), Ok(expected.map(str::to_owned)), "{parts:?}");
    }
}

#[test]
fn parts_may_have_parts_once() {
    let nested = |boundary: &str, disposition: &str, inner: &str| {
        format!("Content-Type: multipart/mixed;boundary={boundary}\n{disposition}\n{inner}")
    };
    let inner = format!("--bb\n{TEXT}\n--bb\n{SDP}\n--bb--");
    assert_eq!(found(&body(&[ISUP, &nested("bb", "", &inner)])), Ok(Some("v=0\r\n".to_owned())));
    let broken = nested("other", "", &inner);
    assert_eq!(found(&body(&[SDP, &broken])), Err(Unfit::Broken));
    let optional = nested("other", "Content-Disposition: render;handling=optional\n", &inner);
    assert_eq!(found(&body(&[SDP, &optional])), Ok(Some("v=0\r\n".to_owned())));
    // What is deeper is not looked into.
    let deeper = nested("c", "", &format!("--c\n{}\n--c--", nested("bb", "", &inner)));
    assert_eq!(found(&body(&[&deeper])), Ok(None));
}

#[test]
fn what_must_be_understood_and_is_not_is_told() {
    let required = ISUP.replace("optional", "Required");
    assert_eq!(found(&body(&[SDP, &required])), Err(Unfit::NotUnderstood));
    assert_eq!(
        found(&body(&[SDP, &required.replace("application/ISUP", "multipart/alternative")])),
        Err(Unfit::NotUnderstood)
    );
    let encoded = SDP.replace("\n\n", "\nContent-Transfer-Encoding: base64\n\n");
    assert_eq!(found(&body(&[&encoded])), Err(Unfit::Encoded));
    assert_eq!(found(&body(&[SDP, &encoded])), Ok(Some("v=0\r\n".to_owned())), "the first one counts");
    for part in [
        "Content-Type: sdp\n\n",
        "Content-Type: a/b\nContent-Type: a/b\n\n",
        "Content-Disposition: ;\n\n",
        "no colon\n\n",
        "X-A: \u{7}\n\n",
    ] {
        assert_eq!(found(&body(&[SDP, part])), Err(Unfit::Broken), "{part:?}");
    }
}

/// An INVITE or a 200 with a body of several parts.
fn message(start: &str, more: &str, body: &str) -> Vec<u8> {
    let text = format!(
        "{start}\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: <sip:a@b>;tag=1\nTo: <sip:a@b>\nCall-ID: x\nCSeq: 1 INVITE\n\
         MIME-Version: 1.0\nContent-Type: multipart/mixed;boundary=b\n{more}\n{body}"
    );
    text.replace('\n', "\r\n").into_bytes()
}

#[test]
fn of_a_message_the_description_is_left() {
    let expected = |body: &str, found: &[u8], media_type: Option<&str>| {
        let bytes = message("INVITE sip:a@b SIP/2.0", "Content-Disposition: session\n", body);
        let lexed = lex(&bytes).unwrap();
        let Verdict::Request(checked) = validate(&lexed, &Rules::TRUNK) else { panic!("{body}") };
        let request = checked.to_request();
        assert_eq!((request.body(), request.header(Name::ContentType)), (found, media_type));
        assert_eq!(
            (request.header(Name::MimeVersion), request.header(Name::ContentDisposition)),
            (None, None)
        );
        let bytes = message("SIP/2.0 200 OK", "", body);
        let lexed = lex(&bytes).unwrap();
        let Verdict::Response(checked) = validate(&lexed, &Rules::TRUNK) else { panic!("{body}") };
        let response = checked.to_response();
        assert_eq!((response.body(), response.header(Name::ContentType)), (found, media_type));
    };
    expected(&body(&[ISUP, SDP]), b"v=0\r\n", Some("application/sdp"));
    expected(&body(&[ISUP]), b"", None);
}

#[test]
fn a_message_whose_parts_cannot_be_worked_with_is_answered() {
    let owed = |more: &str, body: &str| {
        let bytes = message("INVITE sip:a@b SIP/2.0", more, body);
        match validate(&lex(&bytes).unwrap(), &Rules::TRUNK) {
            Verdict::Answer(refusal) => Some((refusal.code(), refusal.fault, refusal.advice)),
            Verdict::Request(checked) => {
                assert_eq!(checked.to_request().body(), b"");
                None
            }
            other @ (Verdict::Response(_) | Verdict::Drop(_)) => panic!("{other:?}"),
        }
    };
    let required = ISUP.replace("optional", "required");
    let types = Some((Name::Accept, "application/sdp, multipart/mixed".to_owned()));
    assert_eq!(owed("", &body(&[SDP, &required])), Some((415, Fault::MediaType, types)));
    assert_eq!(owed("", "--b\n\nno end"), Some((400, Fault::Flaw(Malformed::Multipart), None)));
    let identity = Some((Name::AcceptEncoding, "identity".to_owned()));
    let encoded = SDP.replace("\n\n", "\nContent-Encoding: gzip\n\n");
    assert_eq!(owed("", &body(&[&encoded])), Some((415, Fault::ContentEncoding, identity)));
    // What may be passed over is.
    assert_eq!(owed("Content-Disposition: signal;handling=optional\n", "--b\n\nno end"), None);
    assert_eq!(owed("", &body(&[ISUP])), None);
}

proptest! {
    #[test]
    fn what_is_put_together_is_taken_apart(
        boundary in "[A-Za-z0-9'()+_,./:=?-]{1,70}",
        bodies in vec((any::<bool>(), vec(any::<u8>(), 0..40)), 1..=PARTS_MAX),
        preamble in "[ -,.-~]{0,20}",
    ) {
        let line = format!("--{boundary}");
        prop_assume!(!bodies.iter().any(|(_, body)| String::from_utf8_lossy(body).contains(&line)));
        let mut text = format!("{preamble}\r\n").into_bytes();
        for (is_typed, body) in &bodies {
            let headers = if *is_typed { "Content-Type: a/b\r\n" } else { "" };
            text.extend_from_slice(format!("{line}\r\n{headers}\r\n").as_bytes());
            text.extend_from_slice(body);
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(format!("{line}--\r\nepilogue").as_bytes());
        let media_type = format!("multipart/mixed;boundary=\"{boundary}\"");
        let parts = parts_of(&media_type, &text).unwrap();
        prop_assert_eq!(parts, bodies.iter().map(|(_, body)| body.as_slice()).collect::<Vec<_>>());
    }
}
