//! The first line of a message, read just far enough to turn away who has no business here.

use sip::lexer::LINE_LEN_MAX;

/// The longest first line by which somebody unknown is heard.
const INVITE_LEN_MAX: usize = 1024;

/// What the bytes of a message tell so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirstLine<'a> {
    /// It has not come as a whole.
    Pending,
    /// It is here.
    Whole(&'a [u8]),
}

/// Finds the first line behind the line ends that may precede it (RFC 3261 section 7.5).
pub(crate) fn first_line(bytes: &[u8]) -> FirstLine<'_> {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    let bytes = bytes.get(start..).unwrap_or_default();
    match bytes.iter().take(LINE_LEN_MAX).position(|&byte| byte == b'\n') {
        Some(end) => FirstLine::Whole(bytes.get(..end).unwrap_or_default().trim_ascii_end()),
        None if bytes.len() > LINE_LEN_MAX => FirstLine::Whole(bytes),
        None => FirstLine::Pending,
    }
}

/// Tells whether bytes say nothing: line ends, and the zeros by which some keep a NAT open.
pub(crate) fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0))
}

/// Tells a response from a request.
pub(crate) fn is_response(bytes: &[u8]) -> bool {
    bytes.get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"SIP/"))
}

/// Tells SIP from other protocols that scanners try, HTTP and TLS among them.
pub(crate) fn is_sip(line: &[u8]) -> bool {
    let version = line.rsplit(|&byte| byte == b' ').next().unwrap_or_default();
    is_response(line) || is_response(version)
}

/// Returns the host of the Request-URI of an INVITE, as it is written.
pub(crate) fn invited_host(line: &[u8]) -> Option<&str> {
    if line.len() > INVITE_LEN_MAX || !is_sip(line) {
        return None;
    }
    let rest = line.strip_prefix(b"INVITE ")?;
    let uri = rest.split(|&byte| byte == b' ').next()?;
    let colon = uri.iter().position(|&byte| byte == b':')?;
    let (scheme, rest) = (uri.get(..colon)?, uri.get(colon.saturating_add(1)..)?);
    if !scheme.eq_ignore_ascii_case(b"sip") && !scheme.eq_ignore_ascii_case(b"sips") {
        return None;
    }
    // RFC 3261 section 19.1.1: whatever the user part holds, it has no `@`.
    let host = match rest.iter().position(|&byte| byte == b'@') {
        Some(at) => rest.get(at.saturating_add(1)..)?,
        None => rest,
    };
    let end = match host {
        [b'[', ..] => host.iter().position(|&byte| byte == b']')?.saturating_add(1),
        _ => host.iter().position(|byte| matches!(byte, b':' | b';' | b'?')).unwrap_or(host.len()),
    };
    std::str::from_utf8(host.get(..end)?).ok().filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_an_invite_is_found_in_its_first_line() {
        for (uri, host) in [
            ("sip:+123@a.example", Some("a.example")),
            ("SIPS:+123;ext=1@a.example:5061;transport=tls", Some("a.example")),
            ("sip:a.example;lr", Some("a.example")),
            ("sip:u:p@A.example?Subject=x", Some("A.example")),
            ("sip:u@[2001:db8::1]:5060", Some("[2001:db8::1]")),
            ("sip:u@[2001:db8::1", None),
            ("sip:u@", None),
            ("tel:+123", None),
            ("a.example", None),
            ("sip:u@a\u{e4}.example", Some("a\u{e4}.example")),
        ] {
            assert_eq!(invited_host(format!("INVITE {uri} SIP/2.0").as_bytes()), host, "{uri}");
            for other in ["OPTIONS", "invite", "REGISTER", "INVITES"] {
                assert_eq!(invited_host(format!("{other} {uri} SIP/2.0").as_bytes()), None);
            }
            assert_eq!(invited_host(format!("INVITE {uri} HTTP/1.1").as_bytes()), None);
        }
        assert_eq!(invited_host(b"INVITE sip:\xff SIP/2.0"), None);
        let long = format!("INVITE sip:{}@a.example SIP/2.0", "x".repeat(1024));
        assert_eq!(invited_host(long.as_bytes()), None);
    }

    #[test]
    fn a_first_line_is_whole_once_its_end_has_come() {
        assert_eq!(first_line(b"\r\n\r\nINVITE x"), FirstLine::Pending);
        assert_eq!(first_line(b"\r\n"), FirstLine::Pending);
        assert_eq!(first_line(b"\r\nA b SIP/2.0\r\nX"), FirstLine::Whole(b"A b SIP/2.0"));
        assert_eq!(first_line(&[b'x'; LINE_LEN_MAX]), FirstLine::Pending);
        let long = [b'x'; LINE_LEN_MAX + 1];
        assert_eq!(first_line(&long), FirstLine::Whole(&long));
    }

    #[test]
    fn other_protocols_are_told_from_sip() {
        for line in ["SIP/2.0 200 OK", "OPTIONS sip:a SIP/2.0", "x y sip/3.0"] {
            assert!(is_sip(line.as_bytes()), "{line}");
        }
        for line in ["GET / HTTP/1.1", "\x16\x03\x01", "SSH-2.0-x", "", "SIP"] {
            assert!(!is_sip(line.as_bytes()), "{line}");
        }
        assert!(is_blank(b"\r\n\r\n\0\0") && is_blank(b"") && !is_blank(b"\r\nx"));
    }
}
