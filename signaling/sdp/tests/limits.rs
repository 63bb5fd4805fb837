//! Whatever is too much is refused, and what is just not too much is taken.

use sdp::{ATTRIBUTES_MAX, LINES_MAX, MEDIA_MAX, ParseError, SessionDescription, TEXT_LEN_MAX};

const HEAD: &str = "v=0\no=- 1 1 IN IP4 192.0.2.1\n";

fn parse(tail: &str) -> Result<SessionDescription, ParseError> {
    SessionDescription::parse(format!("{HEAD}{tail}").as_bytes())
}

fn wanted(tail: &str) -> &'static str {
    parse(tail).expect_err("it is too much").wanted
}

#[test]
fn attributes_are_counted_over_all_streams() {
    let lines = |count| format!("a=x\nm=audio 1 RTP/AVP 0\n{}", "a=y\n".repeat(count - 1));
    assert!(parse(&lines(ATTRIBUTES_MAX)).is_ok());
    assert_eq!(wanted(&lines(ATTRIBUTES_MAX + 1)), "at most 256 attributes");
}

#[test]
fn streams_are_counted() {
    assert!(parse(&"m=audio 1 RTP/AVP 0\n".repeat(MEDIA_MAX)).is_ok());
    assert_eq!(wanted(&"m=audio 1 RTP/AVP 0\n".repeat(MEDIA_MAX + 1)), "at most 16 streams");
}

#[test]
fn lines_are_counted_whatever_they_say() {
    assert!(parse(&"x=\n".repeat(LINES_MAX - 2)).is_ok());
    assert_eq!(wanted(&"x=\n".repeat(LINES_MAX - 1)), "at most 512 lines");
}

#[test]
fn formats_are_counted() {
    assert!(parse(&format!("m=audio 1 RTP/AVP{}", " 0".repeat(128))).is_ok());
    assert_eq!(wanted(&format!("m=audio 1 RTP/AVP{}", " 0".repeat(129))), "at most 128 formats");
}

#[test]
fn the_text_has_a_length() {
    let filled = |len: usize| format!("s={}", "x".repeat(len - HEAD.len() - 2));
    assert!(parse(&filled(TEXT_LEN_MAX)).is_ok());
    assert_eq!(wanted(&filled(TEXT_LEN_MAX + 1)), "at most 65,536 bytes");
}

#[test]
fn nothing_is_no_description() {
    for text in ["", "\r\n\r\n", "\0"] {
        let error = SessionDescription::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "line 1: wanted v=0, found: nothing");
    }
}
