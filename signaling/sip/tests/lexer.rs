//! One message is taken apart: what is found, what is only noted, what is refused.

use sip::lexer::{HEADERS_MAX, LINE_LEN_MAX, Lexed, MESSAGE_LEN_MAX, StartLine, lex};
use sip::{Malformed, Name};

fn lexed(text: &str) -> Lexed<'_> {
    lex(text.as_bytes()).expect("it can be taken apart")
}

fn value(lexed: &Lexed<'_>, name: Name) -> String {
    lexed.field(name).expect("the header").value.to_string()
}

#[test]
fn a_request_is_taken_apart() {
    let message =
        lexed("\r\n\r\nINVITE sip:a@b SIP/2.0\r\nv : SIP/2.0/UDP h\r\nX-Y:\t z \r\nl: 2\r\n\r\nabcd");
    assert_eq!(message.start, StartLine::Request { method: b"INVITE", uri: b"sip:a@b", version: b"SIP/2.0" });
    assert_eq!(value(&message, Name::Via), "SIP/2.0/UDP h");
    assert_eq!(message.fields[1].spelling, "X-Y");
    assert_eq!(value(&message, Name::Other), "z");
    assert_eq!((message.body, message.flaw), (b"ab".as_slice(), None));
}

#[test]
fn folded_lines_are_joined_by_one_space() {
    let message = lexed("A B SIP/2.0\r\nTo :\r\n sip:a@b ;\r\n\t tag =  1\r\nSubject: x\r\n y\r\n\r\n");
    assert_eq!(value(&message, Name::To), "sip:a@b ; tag =  1");
    assert_eq!(value(&message, Name::Subject), "x y");
}

#[test]
fn a_response_may_have_no_phrase() {
    for (line, phrase) in [("SIP/2.0 100 ", ""), ("SIP/2.0 100", ""), ("SIP/2.0 100 a b", "a b")] {
        let text = format!("{line}\r\n\r\n");
        let StartLine::Response { code, phrase: found, .. } = lexed(&text).start else { panic!("{line}") };
        assert_eq!((code, found), (b"100".as_slice(), phrase.as_bytes()));
    }
}

#[test]
fn spaces_in_the_request_line_stay_with_the_uri() {
    for (line, expected) in [
        ("A  sip:b SIP/2.0", " sip:b"),
        ("A sip:b  SIP/2.0", "sip:b "),
        ("A sip:b c SIP/2.0", "sip:b c"),
        ("A sip:b SIP/2.0  ", "sip:b SIP/2.0  "),
    ] {
        let text = format!("{line}\r\n\r\n");
        let StartLine::Request { uri, version, .. } = lexed(&text).start else { panic!("{line}") };
        assert_eq!((uri, version), (expected.as_bytes(), b"SIP/2.0".as_slice()));
    }
}

#[test]
fn what_cannot_be_taken_apart_says_why() {
    for (text, expected) in [
        ("", Malformed::Empty),
        ("\r\n\r\n", Malformed::Empty),
        ("INVITE", Malformed::Unterminated),
        ("GET / HTTP/1.1\r\n\r\n", Malformed::StartLine),
        ("INVITE\r\n\r\n", Malformed::StartLine),
        (" sip:a SIP/2.0\r\n\r\n", Malformed::StartLine),
        ("A b SIP/2.0\r\nTo: x\r\n", Malformed::Unterminated),
    ] {
        assert_eq!(lex(text.as_bytes()).unwrap_err(), expected, "{text:?}");
    }
    let long = format!("A {} SIP/2.0\r\n\r\n", "b".repeat(LINE_LEN_MAX));
    assert_eq!(lex(long.as_bytes()).unwrap_err(), Malformed::LineTooLong);
    assert_eq!(lex(&vec![b'\n'; MESSAGE_LEN_MAX + 1]).unwrap_err(), Malformed::TooLong);
}

#[test]
fn what_is_too_long_or_too_much_is_left_out_and_noted_and_the_body_is_found_all_the_same() {
    let long = format!("X: {}\r\n", "y".repeat(LINE_LEN_MAX));
    let folded = format!("X:{}\r\n", "\r\n y".repeat(LINE_LEN_MAX / 4));
    let many = "X: y\r\n".repeat(HEADERS_MAX);
    for (headers, flaw) in
        [(long, Malformed::LineTooLong), (folded, Malformed::LineTooLong), (many, Malformed::TooManyHeaders)]
    {
        let text = format!("A b SIP/2.0\r\n{headers}Content-Length: 2\r\n\r\n12345");
        let lexed = lex(text.as_bytes()).unwrap();
        assert_eq!((lexed.flaw, lexed.body), (Some(flaw), &b"12"[..]));
        assert!(lexed.fields.len() <= HEADERS_MAX + 1);
    }
    // The one with the most that is taken has no flaw.
    let most = format!("A b SIP/2.0\r\n{}\r\n", "X: y\r\n".repeat(HEADERS_MAX));
    assert_eq!(lex(most.as_bytes()).unwrap().flaw, None);
    let lengths = format!("A b SIP/2.0\r\n{}\r\n", "l: 0\r\n".repeat(10 * HEADERS_MAX));
    assert!(lex(lengths.as_bytes()).unwrap().fields.len() <= HEADERS_MAX + 8);
}

#[test]
fn a_broken_rule_is_noted() {
    for (headers, expected) in [
        ("no colon", Malformed::HeaderLine),
        ("a b: c", Malformed::HeaderLine),
        (": c", Malformed::HeaderLine),
        ("X: a\rTo: b", Malformed::ControlByte),
        ("l: -1", Malformed::LengthInvalid),
        ("l: 1\r\nContent-Length: 2", Malformed::LengthConflict),
        ("l: 1", Malformed::Truncated),
    ] {
        let text = format!("A b SIP/2.0\r\n{headers}\r\n\r\n");
        assert_eq!(lexed(&text).flaw, Some(expected), "{headers}");
    }
}

#[test]
fn the_first_line_says_what_ends_the_others() {
    // Written by hand: LF, and CRLF as well.
    let message = lexed("A b SIP/2.0\nX-A: a\r\nTo: c\n d\n\nbody");
    assert_eq!((value(&message, Name::Other), value(&message, Name::To)), ("a".to_owned(), "c d".to_owned()));
    assert_eq!((message.body, message.flaw), (b"body".as_slice(), None));
    // Elsewhere a line feed alone ends neither a line nor the headers: what follows it is no header and no message.
    for text in [
        "A b SIP/2.0\r\nX-A: a\nTo: c\r\n\r\nbody",
        "A b SIP/2.0\r\nX-A: a\n\nTo: c\r\n\r\nbody",
        "A b SIP/2.0\r\nX-A: a\n\r\nTo: c\r\n\r\nbody",
        "A b SIP/2.0\r\nX-A: a\r\n\nTo: c\r\n\r\nbody",
    ] {
        let message = lexed(text);
        assert_eq!((message.body, message.flaw.is_some()), (b"body".as_slice(), true), "{text:?}");
        assert!(message.fields.iter().all(|field| !field.value.contains(['\r', '\n'])), "{text:?}");
    }
    assert_eq!(lex(b"A b SIP/2.0\r\nX-A: a\n\n").unwrap_err(), Malformed::Unterminated);
}

/// All but the tab.
fn controls() -> impl Iterator<Item = char> {
    (0..b' ').chain([0x7f]).map(char::from).filter(|&letter| letter != '\t')
}

#[test]
fn a_control_byte_is_a_flaw_and_stands_in_no_value() {
    for control in controls() {
        for value in
            [format!("a{control}b"), format!("{control}"), format!("\"{control}\""), format!("\\{control}")]
        {
            let text = format!("A b SIP/2.0\r\nX-A: {value}\r\nTo: c\r\n\r\nbody");
            // It would end a line there.
            if value.ends_with('\r') || value.ends_with('\n') {
                continue;
            }
            let message = lexed(&text);
            let expected = value.replace(control, " ");
            assert_eq!(message.fields[0].value, expected.trim(), "{text:?}");
            assert_eq!((message.fields.len(), message.flaw), (2, Some(Malformed::ControlByte)), "{text:?}");
            assert_eq!(message.body, b"body");
        }
    }
    let spaced = lexed("A b SIP/2.0\r\nX-A: a\tb\r\n\r\n");
    assert_eq!((value(&spaced, Name::Other), spaced.flaw), ("a\tb".to_owned(), None));
}

#[test]
fn a_control_byte_may_be_quoted_and_becomes_a_space() {
    for control in controls().filter(|control| !matches!(control, '\r' | '\n')) {
        let text = format!("A b SIP/2.0\r\nTo: \"BEL:\\{control}\" <sip:a@b>\r\n\r\n");
        let message = lexed(&text);
        assert_eq!((value(&message, Name::To), message.flaw), ("\"BEL:\\ \" <sip:a@b>".to_owned(), None));
    }
}

#[test]
fn a_control_byte_in_the_first_line_is_a_flaw() {
    for control in controls().filter(|&control| control != '\n') {
        for line in [
            format!("A{control} b SIP/2.0"),
            format!("A b{control}c SIP/2.0"),
            format!("SIP/2.0 200 O{control}K"),
        ] {
            let text = format!("{line}\r\nTo: c\r\n\r\n");
            assert_eq!(lexed(&text).flaw, Some(Malformed::ControlByte), "{text:?}");
        }
    }
}

#[test]
fn latin_1_survives() {
    let message = lex(b"A b SIP/2.0\r\nFrom: Andr\xe9 <sip:a@b>\r\n\r\n").unwrap();
    assert_eq!(message.fields[0].value, "Andr\u{e9} <sip:a@b>");
}
