//! A file of the journal: its name, its head, and what is known of it while it is in use.

use std::sync::atomic::{AtomicBool, AtomicU64};

use super::entry::{Reader, checksum};

/// One file of the journal.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) number: u64,
    /// How much of it survives a loss of power, up to the end of an entry. The uploader reads no further.
    pub(crate) synced: AtomicU64,
    /// Nothing is added to it any more, and all that is to be read is synced.
    pub(crate) is_sealed: AtomicBool,
    /// Open calls whose latest state is here.
    pub(crate) open: AtomicU64,
    /// Records in it that are not at their destination.
    pub(crate) waiting: AtomicU64,
    /// Something in it could not be read: it is kept for those who want to know what.
    pub(crate) is_damaged: AtomicBool,
}

impl Segment {
    pub(crate) fn new(number: u64, synced: u64) -> Self {
        Self {
            number,
            synced: AtomicU64::new(synced),
            is_sealed: AtomicBool::new(false),
            open: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            is_damaged: AtomicBool::new(false),
        }
    }
}

/// What a file in the folder is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// A segment.
    Segment(u64),
    /// Which records of a segment are done.
    Done(u64),
}

impl Name {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (digits, kind) = name.split_once('.')?;
        let is_number = digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u64::from_str_radix(digits, 16).ok().filter(|_number| is_number)?;
        match kind {
            "segment" => Some(Self::Segment(number)),
            "done" => Some(Self::Done(number)),
            _ => None,
        }
    }

    pub(crate) fn file_name(self) -> String {
        match self {
            Self::Segment(number) => format!("{number:016x}.segment"),
            Self::Done(number) => format!("{number:016x}.done"),
        }
    }
}

/// The first bytes of a segment.
pub(crate) fn head(number: u64) -> [u8; HEAD_LEN] {
    let mut head = [0; HEAD_LEN];
    head[..8].copy_from_slice(MAGIC);
    head[8..12].copy_from_slice(&VERSION.to_le_bytes());
    head[12..20].copy_from_slice(&number.to_le_bytes());
    let crc = checksum(&head[..HEAD_LEN - 4]);
    head[HEAD_LEN - 4..].copy_from_slice(&crc.to_le_bytes());
    head
}

/// What the first bytes of a file say about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// A segment of this release.
    Ours,
    /// A segment of a later release.
    Newer(u32),
    /// A file that was being made when its maker died.
    Unmade,
    /// Something else, or damaged.
    Unreadable,
}

pub(crate) fn parse_head(bytes: &[u8], number: u64) -> Head {
    let Some(bytes) = bytes.get(..HEAD_LEN) else {
        return if bytes.iter().all(|&byte| byte == 0) { Head::Unmade } else { Head::Unreadable };
    };
    if bytes.iter().all(|&byte| byte == 0) {
        return Head::Unmade;
    }
    let (covered, crc) = bytes.split_at(HEAD_LEN - 4);
    let mut reader = Reader(covered);
    let (Some(magic), Some(version), Some(named)) = (reader.take(8), reader.u32(), reader.u64()) else {
        return Head::Unreadable;
    };
    if magic != MAGIC || checksum(covered).to_le_bytes() != crc {
        return Head::Unreadable;
    }
    if version > VERSION {
        return Head::Newer(version);
    }
    if named == number { Head::Ours } else { Head::Unreadable }
}

/// A mark in the done file: where in the segment the record is.
pub(crate) fn mark(offset: u64) -> [u8; MARK_LEN] {
    let offset = u32::try_from(offset).expect("segments are smaller than 4 GiB").to_le_bytes();
    let mut mark = [0; MARK_LEN];
    mark[..4].copy_from_slice(&offset);
    mark[4..].copy_from_slice(&checksum(&offset).to_le_bytes());
    mark
}

/// The records that a done file marks. A mark that is damaged is none: its record is uploaded once more, to find itself.
pub(crate) fn parse_marks(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.chunks_exact(MARK_LEN).filter_map(|mark| {
        let (offset, crc) = mark.split_at(4);
        let is_whole = checksum(offset).to_le_bytes() == crc;
        Some(u64::from(Reader(offset).u32()?)).filter(|_offset| is_whole)
    })
}

const MAGIC: &[u8; 8] = b"TLCDRSEG";
const VERSION: u32 = 1;
/// Magic, version, number, eight spare bytes, CRC32C: 8 + 4 + 8 + 8 + 4.
pub(crate) const HEAD_LEN: usize = 32;
/// Some 3,000 calls. Larger ones hold more of what is long done, smaller ones are made more often.
pub(crate) const SEGMENT_LEN: u64 = 4 << 20;
const MARK_LEN: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_whose_and_which() {
        let good = head(7);
        assert_eq!(parse_head(&good, 7), Head::Ours);
        assert_eq!(parse_head(&good, 8), Head::Unreadable);
        assert_eq!(parse_head(&[0; 32], 7), Head::Unmade);
        assert_eq!(parse_head(&[], 7), Head::Unmade);
        assert_eq!(parse_head(&good[..31], 7), Head::Unreadable);
        for at in 0..HEAD_LEN {
            let mut bad = good;
            bad[at] ^= 1;
            assert_eq!(parse_head(&bad, 7), Head::Unreadable, "byte {at}");
        }
    }

    #[test]
    fn a_later_format_is_told_from_damage() {
        let mut later = head(7);
        later[8] += 1;
        let crc = checksum(&later[..HEAD_LEN - 4]);
        later[HEAD_LEN - 4..].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(parse_head(&later, 7), Head::Newer(VERSION + 1));
    }

    #[test]
    fn names_are_exact() {
        let names = [Name::Segment(0xab), Name::Done(u64::MAX)];
        for name in names {
            assert_eq!(Name::parse(&name.file_name()), Some(name));
        }
        for name in
            ["lock", "1.segment", "00000000000000ab.segment.old", "+0000000000000ab.segment", "x.done"]
        {
            assert_eq!(Name::parse(name), None, "{name}");
        }
    }

    #[test]
    fn whole_marks_are_read_and_torn_or_damaged_ones_are_not() {
        let mut bytes = [mark(32), mark(4_000)].concat();
        assert_eq!(parse_marks(&bytes).collect::<Vec<_>>(), [32, 4_000]);
        assert_eq!(parse_marks(&bytes[..15]).collect::<Vec<_>>(), [32]);
        bytes[0] ^= 1;
        assert_eq!(parse_marks(&bytes).collect::<Vec<_>>(), [4_000]);
    }
}
