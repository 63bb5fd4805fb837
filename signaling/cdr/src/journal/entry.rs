//! One entry of the journal, as bytes.
//!
//! ```text
//! len u32 | crc u32 | kind u8 | id 16 bytes | fields ... | zeros up to a multiple of 8
//! ```
//!
//! The length counts from the kind to the last field, the CRC32C covers the same; numbers are little-endian, texts have
//! their length before them. An entry says the whole state of its call, not what has changed, so that one that is lost
//! is made good by the next.

use crc_fast::CrcAlgorithm::Crc32Iscsi;

use crate::record::{Begin, Disposition, Outcome, Status, write_json, write_key};
use crate::transaction_id::TransactionId;

/// What the bytes of an entry say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entry<'a> {
    /// A call is open.
    Call { begin: Box<Begin>, answer_time_ms: Option<u64> },
    /// A call has ended, and this is its record.
    Ended(Ended<'a>),
}

/// A record with its name, frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended<'a> {
    pub(crate) id: TransactionId,
    pub(crate) end_time_ms: u64,
    pub(crate) key: &'a str,
    pub(crate) json: &'a [u8],
}

/// Where an entry was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found<'a> {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) entry: Entry<'a>,
}

/// Adds the state of an open call.
pub(crate) fn write_call(bytes: &mut Vec<u8>, begin: &Begin, answer_time_ms: Option<u64>) {
    sealed(bytes, CALL, begin.transaction_id, |bytes| {
        bytes.extend_from_slice(&begin.start_time_ms.to_le_bytes());
        // Both are always there, so that the entry of an answer is as long as that of the beginning.
        bytes.push(u8::from(answer_time_ms.is_some()));
        bytes.extend_from_slice(&answer_time_ms.unwrap_or(0).to_le_bytes());
        bytes.push(match begin.disposition {
            Disposition::Origination => 0,
            Disposition::Termination => 1,
        });
        for text in [
            begin.aws_account_id.as_str(),
            begin.call_id.as_str(),
            begin.voice_connector_id.as_str(),
            begin.from_number.as_str(),
            begin.to_number.as_str(),
        ] {
            write_text(bytes, text);
        }
        bytes.push(u8::from(begin.sip_auth_user.is_some()));
        write_text(bytes, begin.sip_auth_user.as_ref().map_or("", |user| user.as_str()));
        // Nothing, where it is the same: the customer's own INVITE.
        let is_same = begin.invite_call_id == begin.call_id;
        write_text(bytes, if is_same { "" } else { begin.invite_call_id.as_str() });
    });
}

/// Adds the record of a call that has ended.
pub(crate) fn write_ended(
    bytes: &mut Vec<u8>,
    begin: &Begin,
    answer_time_ms: Option<u64>,
    outcome: &Outcome,
) {
    let mut key = String::with_capacity(160);
    write_key(&mut key, begin);
    sealed(bytes, ENDED, begin.transaction_id, |bytes| {
        bytes.extend_from_slice(&outcome.end_time_ms.to_le_bytes());
        write_text(bytes, &key);
        write_json(bytes, begin, answer_time_ms, outcome);
    });
}

/// The most that another state of this call takes, and its record, whichever connector takes it and however it ends.
pub(crate) fn lens_max(begin: &Begin, scratch: &mut Vec<u8>) -> (u64, u64) {
    let begin = Begin { voice_connector_id: WIDEST.into(), ..begin.clone() };
    scratch.clear();
    write_call(scratch, &begin, None);
    let call_len = scratch.len() as u64;
    scratch.clear();
    let outcome = Outcome { status: Status::RateLimited, status_message: "".into(), end_time_ms: u64::MAX };
    write_ended(scratch, &begin, Some(0), &outcome);
    // 128 bytes of message, each of them a control character that takes six.
    (call_len, scratch.len() as u64 + 128 * 6)
}

/// Finds the next entry that is whole, at `at` or behind. What lies between is damaged, or was never written.
pub(crate) fn next(bytes: &[u8], mut at: usize) -> Option<Found<'_>> {
    loop {
        if let Some((entry, end)) = read(bytes, at) {
            return Some(Found { start: at, end, entry });
        }
        at += ALIGNMENT;
        at += blank_len(bytes.get(at..)?)? / ALIGNMENT * ALIGNMENT;
    }
}

/// How many zeros there are before anything else: space that was never written is zeros by the million.
fn blank_len(bytes: &[u8]) -> Option<usize> {
    let is_written = |block: &[u8]| block != &BLANK[..block.len()];
    let block = bytes.chunks(BLANK.len()).position(is_written)? * BLANK.len();
    Some(block + bytes[block..].iter().position(|&byte| byte != 0)?)
}

/// How many bytes there are up to the last that is not zero.
pub(crate) fn written_len(bytes: &[u8]) -> usize {
    let is_written = |block: &[u8]| block != &BLANK[..block.len()];
    let Some(block) = bytes.rchunks(BLANK.len()).position(is_written) else { return 0 };
    let len = bytes.len() - block * BLANK.len();
    bytes[..len].iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1)
}

fn read(bytes: &[u8], at: usize) -> Option<(Entry<'_>, usize)> {
    let mut head = Reader(bytes.get(at..at.checked_add(HEAD_LEN)?)?);
    let (len, crc) = (head.u32()? as usize, head.u32()?);
    if len == 0 || len > ENTRY_MAX - HEAD_LEN {
        return None;
    }
    let body_at = at + HEAD_LEN;
    let body = bytes.get(body_at..body_at + len)?;
    if checksum(body) != crc {
        return None;
    }
    let end = (body_at + len).next_multiple_of(ALIGNMENT);
    Some((parse(body)?, end))
}

fn parse(body: &[u8]) -> Option<Entry<'_>> {
    let mut reader = Reader(body);
    let kind = reader.u8()?;
    let id = TransactionId::from_bytes(reader.take(16)?.try_into().ok()?);
    match kind {
        CALL => parse_call(id, &mut reader),
        ENDED => {
            let end_time_ms = reader.u64()?;
            let key = reader.text()?;
            Some(Entry::Ended(Ended { id, end_time_ms, key, json: reader.0 }))
        }
        _ => None,
    }
}

fn parse_call<'a>(transaction_id: TransactionId, reader: &mut Reader<'_>) -> Option<Entry<'a>> {
    let start_time_ms = reader.u64()?;
    let is_answered = reader.u8()? == 1;
    let answer_time_ms = Some(reader.u64()?).filter(|_time_ms| is_answered);
    let disposition = match reader.u8()? {
        0 => Disposition::Origination,
        1 => Disposition::Termination,
        _ => return None,
    };
    let mut begin = Begin {
        transaction_id,
        start_time_ms,
        disposition,
        aws_account_id: reader.text()?.into(),
        call_id: reader.text()?.into(),
        invite_call_id: "".into(),
        voice_connector_id: reader.text()?.into(),
        from_number: reader.text()?.into(),
        to_number: reader.text()?.into(),
        sip_auth_user: match (reader.u8()?, reader.text()?) {
            (0, _) => None,
            (_, user) => Some(user.into()),
        },
    };
    begin.invite_call_id = match reader.text()? {
        "" => begin.call_id.clone(),
        text => text.into(),
    };
    Some(Entry::Call { begin: Box::new(begin), answer_time_ms })
}

fn sealed(bytes: &mut Vec<u8>, kind: u8, id: TransactionId, fields: impl FnOnce(&mut Vec<u8>)) {
    let start = bytes.len();
    bytes.extend_from_slice(&[0; HEAD_LEN]);
    bytes.push(kind);
    bytes.extend_from_slice(id.as_bytes());
    fields(bytes);
    let body = &bytes[start + HEAD_LEN..];
    let len = u32::try_from(body.len()).expect("all texts of an entry have their limits");
    let crc = checksum(body);
    bytes[start..start + 4].copy_from_slice(&len.to_le_bytes());
    bytes[start + 4..start + HEAD_LEN].copy_from_slice(&crc.to_le_bytes());
    bytes.resize(start + (bytes.len() - start).next_multiple_of(ALIGNMENT), 0);
    assert!(bytes.len() - start <= ENTRY_MAX, "an entry of {} bytes", bytes.len() - start);
}

fn write_text(bytes: &mut Vec<u8>, text: &str) {
    let len = u16::try_from(text.len()).expect("all texts of an entry have their limits");
    bytes.extend_from_slice(&len.to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

/// CRC32C of some bytes.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    // The library has one return type for all widths; the upper half is zero here.
    crc_fast::checksum(Crc32Iscsi, bytes) as u32
}

/// Takes values from the front of some bytes, as long as there are any.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        Some(*self.take(1)?.first()?)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    fn text(&mut self) -> Option<&'a str> {
        let len = self.u16()?;
        std::str::from_utf8(self.take(usize::from(len))?).ok()
    }
}

/// As long as an identifier may be, in characters that are escaped.
const WIDEST: &str = "\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\
    \u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\
    \u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}\u{1}";

static BLANK: [u8; 4_096] = [0; 4_096];

const CALL: u8 = 1;
const ENDED: u8 = 2;

const HEAD_LEN: usize = 8;
/// Entries begin at multiples of this, so that the next one is found behind damage without trying every byte.
const ALIGNMENT: usize = 8;
/// 708 bytes of text that all have to be escaped sixfold, 250 for the key, 400 for the names of the members.
pub(crate) const ENTRY_MAX: usize = 6 * 1_024;
