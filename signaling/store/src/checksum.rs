//! Whether a document is what was written.

use crc_fast::{CrcAlgorithm, Digest};

use crate::document::{Key, Revision};

/// The sum over a document, where it is, and when it got there: what is moved or old is found like what is damaged.
pub(crate) fn of_document(kind: &str, id: &str, revision: Revision, body: Option<&[u8]>) -> i64 {
    let mut digest = Digest::new(CrcAlgorithm::Crc64Nvme);
    digest.update(&revision.0.to_be_bytes());
    digest.update(kind.as_bytes());
    // Neither a kind nor an id has a NUL.
    digest.update(&[0]);
    digest.update(id.as_bytes());
    digest.update(&[0, u8::from(body.is_some())]);
    digest.update(body.unwrap_or_default());
    digest.finalize().cast_signed()
}

/// The same over a key.
pub(crate) fn of_change(key: &Key, revision: Revision, body: Option<&[u8]>) -> i64 {
    of_document(key.kind.as_str(), &key.id, revision, body)
}

/// The sum over the text of a step.
pub(crate) fn of_text(text: &str) -> i64 {
    crc_fast::checksum(CrcAlgorithm::Crc64Nvme, text.as_bytes()).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_counts() {
        let sum = of_document("a", "b", Revision(1), Some(b"c"));
        assert_eq!(sum, of_document("a", "b", Revision(1), Some(b"c")));
        for other in [
            of_document("ab", "", Revision(1), Some(b"c")),
            of_document("a", "bc", Revision(1), Some(b"")),
            of_document("a", "b", Revision(2), Some(b"c")),
            of_document("a", "b", Revision(1), Some(b"d")),
            of_document("a", "b", Revision(1), Some(b"")),
            of_document("a", "b", Revision(1), None),
        ] {
            assert_ne!(sum, other);
        }
        assert_ne!(of_document("a", "b", Revision(1), Some(b"")), of_document("a", "b", Revision(1), None));
    }
}
