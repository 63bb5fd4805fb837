//! The path as it is signed: without detours, and encoded once more than it was sent.

use crate::Refusal;
use crate::percent;

/// Longer paths are refused: no operation comes near it.
const PATH_BYTES_MAX: usize = 8 * 1024;

/// Appends the canonical form of a path.
///
/// All services but S3 sign the path of the request line encoded again: `%2B` is signed as `%252B`. Empty segments and
/// `.` are left out and `..` takes back a segment (RFC 3986 section 5.2.4), for the signature alone: what the path
/// leads to is asked of the one that was sent.
pub(crate) fn write_canonical(path: &str, out: &mut Vec<u8>) -> Result<(), Refusal> {
    if !path.starts_with('/') {
        return Err(Refusal::unreadable("a target that begins with '/'", path));
    }
    if path.len() > PATH_BYTES_MAX {
        let found = format!("{} bytes", path.len());
        return Err(Refusal::unreadable("a path of 8192 bytes at most", &found));
    }
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    for segment in &segments {
        out.push(b'/');
        percent::encode(segment.as_bytes(), out);
    }
    if segments.is_empty() || path.ends_with('/') {
        out.push(b'/');
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(path: &str) -> Result<String, Refusal> {
        let mut out = Vec::new();
        write_canonical(path, &mut out)?;
        Ok(String::from_utf8(out).expect("escapes are letters"))
    }

    #[test]
    fn detours_are_left_out_and_escapes_escaped_again() {
        for (path, expected) in [
            ("/", "/"),
            ("//", "/"),
            ("/./", "/"),
            ("/a/../..", "/"),
            ("/a/b/..", "/a"),
            ("/a//b/./c/", "/a/b/c/"),
            ("/a/..b/...", "/a/..b/..."),
            ("/phone-numbers/%2B12065550100", "/phone-numbers/%252B12065550100"),
            ("/phone-numbers/+12065550100", "/phone-numbers/%2B12065550100"),
            ("/%2e%2E/%2f", "/%252e%252E/%252f"),
            ("/ሴ", "/%E1%88%B4"),
            ("/a b;c=d:e@f~g", "/a%20b%3Bc%3Dd%3Ae%40f~g"),
        ] {
            assert_eq!(canonical(path).as_deref(), Ok(expected), "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused_and_so_is_a_long_one() {
        for path in ["", "*", "http://example.com/", "a/b"] {
            assert!(matches!(canonical(path), Err(Refusal::Unreadable(_))), "{path}");
        }
        assert!(canonical(&"/a".repeat(PATH_BYTES_MAX / 2)).is_ok());
        let refusal = canonical(&"/ab".repeat(PATH_BYTES_MAX / 2)).expect_err("too long");
        assert_eq!(refusal.to_string(), "wanted a path of 8192 bytes at most, found '12288 bytes'");
    }
}
