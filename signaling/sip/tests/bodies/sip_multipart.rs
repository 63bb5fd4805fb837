//! Holds for any bytes taken as a Content-Type in a line and a body behind it.

use sip::header::MediaType;
use sip::multipart::{PARTS_MAX, description, split};

pub(crate) fn check(bytes: &[u8]) {
    let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else { return };
    let (Ok(text), body) = (std::str::from_utf8(&bytes[..end]), &bytes[end + 1..]) else { return };
    let Ok(media_type) = MediaType::parse(text) else { return };
    let Ok(parts) = split(&media_type, body) else {
        assert!(description(&media_type, body).is_err());
        return;
    };
    assert!((1..=PARTS_MAX).contains(&parts.len()));
    let boundary = media_type.parameters.unquoted("boundary").expect("there are none without");
    let line = format!("--{}", boundary.trim_end_matches([' ', '\t']));
    let mut end = 0;
    for part in &parts {
        let start = part.body.as_ptr().addr() - body.as_ptr().addr();
        assert!(start >= end && start + part.body.len() <= body.len(), "parts follow each other");
        end = start + part.body.len();
        let is_boundary = |found: &[u8]| found.trim_ascii_end() == line.as_bytes();
        assert!(!part.body.split(|&byte| byte == b'\n').any(is_boundary), "one ends where the next begins");
    }
    if let Ok(Some(found)) = description(&media_type, body) {
        let span = found.as_ptr_range();
        let holds = |range: std::ops::Range<*const u8>| range.start <= span.start && span.end <= range.end;
        assert!(
            parts.iter().any(|part| holds(part.body.as_ptr_range())),
            "it is one of them, or in one of them"
        );
    }
}
