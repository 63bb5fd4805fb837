use super::Writer;
use crate::cursor::Cursor;
use crate::rtp::Ssrc;
use crate::{Malformed, WriteError};

/// Who the sources are (RFC 3550 section 6.5).
#[derive(Clone, Copy, Debug, Eq)]
pub struct SourceDescription<'a> {
    count: u8,
    body: &'a [[u8; 4]],
}

impl<'a> SourceDescription<'a> {
    pub(super) fn parse(count: u8, body: &'a [[u8; 4]]) -> Result<Self, Malformed> {
        let mut rest = body;
        for _ in 0..count {
            (_, rest) = Chunk::parse(rest)?;
        }
        Ok(Self { count, body })
    }

    /// Returns the descriptions in their order: at most 31.
    pub fn chunks(&self) -> Chunks<'a> {
        Chunks { count: self.count, rest: self.body }
    }
}

impl PartialEq for SourceDescription<'_> {
    /// Compares what is said, without the bytes that fill the words.
    fn eq(&self, other: &Self) -> bool {
        self.chunks().eq(other.chunks())
    }
}

/// Walks the chunks of a source description.
#[derive(Clone, Debug)]
pub struct Chunks<'a> {
    count: u8,
    rest: &'a [[u8; 4]],
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.count = self.count.checked_sub(1)?;
        // All chunks were parsed once before, so that a refusal here cannot be.
        let (chunk, rest) = Chunk::parse(self.rest).ok()?;
        self.rest = rest;
        Some(chunk)
    }
}

impl core::iter::FusedIterator for Chunks<'_> {}

/// The description of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// The source.
    pub ssrc: Ssrc,
    items: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// Returns what is said about the source.
    pub fn items(&self) -> Items<'a> {
        Items { rest: self.items }
    }

    fn parse(words: &'a [[u8; 4]]) -> Result<(Self, &'a [[u8; 4]]), Malformed> {
        let (&ssrc, rest) = words.split_first().ok_or(Malformed::Truncated)?;
        let bytes = rest.as_flattened();
        let mut items = Items { rest: bytes };
        while items.next().is_some() {}
        // RFC 3550 section 6.5: a zero byte ends the list, and more of them fill the word it stands in.
        if items.rest.first() != Some(&END) {
            return Err(Malformed::Truncated);
        }
        let len = bytes.len().saturating_sub(items.rest.len());
        let words_used = (len >> 2).saturating_add(1);
        let items = bytes.get(..len).ok_or(Malformed::Truncated)?;
        let rest = rest.get(words_used..).ok_or(Malformed::Truncated)?;
        Ok((Self { ssrc: Ssrc(u32::from_be_bytes(ssrc)), items }, rest))
    }
}

/// Walks the items of a chunk, and stops before the first that is none.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let [kind, len, rest @ ..] = self.rest else {
            return None;
        };
        if *kind == END {
            return None;
        }
        let (text, rest) = rest.split_at_checked(usize::from(*len))?;
        self.rest = rest;
        Some(Item { kind: ItemKind(*kind), text })
    }
}

impl core::iter::FusedIterator for Items<'_> {}

/// One thing said about a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// What the text is.
    pub kind: ItemKind,
    /// The text, in UTF-8 if the peer keeps to the rules.
    pub text: &'a [u8],
}

/// Tells what an item of a source description is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ItemKind(pub u8);

impl ItemKind {
    /// The canonical name, which every compound carries.
    pub const CNAME: Self = Self(1);
}

impl Writer<'_> {
    /// Appends a source description: for each source, its items.
    ///
    /// # Errors
    /// [`WriteError::TooMany`] for more than 31 sources, [`WriteError::TooLong`] for a text of more than 255 bytes,
    /// [`WriteError::NoRoom`] when the buffer is too small.
    pub fn source_description<'a, Items: IntoIterator<Item = Item<'a>>>(
        &mut self,
        chunks: impl IntoIterator<Item = (Ssrc, Items)>,
    ) -> Result<(), WriteError> {
        self.frame(TYPE, |body| {
            body.put_each(chunks, |body, (ssrc, items)| {
                body.put(&ssrc.0.to_be_bytes())?;
                for item in items {
                    item.write(body)?;
                }
                body.put(&[END])?;
                body.fill_word()
            })
        })
    }
}

impl Item<'_> {
    fn write(&self, cursor: &mut Cursor<'_>) -> Result<(), WriteError> {
        let len = u8::try_from(self.text.len()).map_err(|_| WriteError::TooLong)?;
        cursor.put(&[self.kind.0, len])?;
        cursor.put(self.text)
    }
}

pub(super) const TYPE: u8 = 202;
const END: u8 = 0;

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::super::{Packet, golden};
    use super::*;

    /// Two sources: one with a name that ends at a word and so takes a word to end, one with nothing said about it.
    const TWO_SOURCES: [u8; 28] = [
        0x82, 202, 0, 6, //
        0, 0, 0, 1, 1, 2, b'a', b'b', 2, 2, b'c', b'd', 0, 0, 0, 0, //
        0, 0, 0, 2, 0, 0, 0, 0,
    ];

    #[test]
    fn each_source_has_its_items() {
        let Ok(Packet::SourceDescription(description)) = golden::only(&TWO_SOURCES) else {
            panic!("not a source description");
        };
        let chunks: Vec<_> =
            description.chunks().map(|chunk| (chunk.ssrc, chunk.items().collect::<Vec<_>>())).collect();
        let items =
            [Item { kind: ItemKind::CNAME, text: b"ab" }, Item { kind: ItemKind(2), text: b"cd" }].to_vec();
        assert_eq!(chunks, [(Ssrc(1), items), (Ssrc(2), Vec::new())]);
        assert_eq!(golden::written(&Packet::SourceDescription(description)), TWO_SOURCES);
    }

    #[test]
    fn a_source_that_is_counted_is_there_and_ended() {
        let without_end = [0x81, 202, 0, 2, 0, 0, 0, 1, 1, 2, b'a', b'b'];
        assert_eq!(golden::only(&without_end), Err(Malformed::Truncated));
        let text_too_long = [0x81, 202, 0, 2, 0, 0, 0, 1, 1, 3, b'a', b'b'];
        assert_eq!(golden::only(&text_too_long), Err(Malformed::Truncated));
        let second_missing = [0x82, 202, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0];
        assert_eq!(golden::only(&second_missing), Err(Malformed::Truncated));
    }

    #[test]
    fn a_text_has_at_most_255_bytes() {
        let mut buffer = [0; 300];
        let mut writer = Writer::new(&mut buffer);
        let item = |len| Item { kind: ItemKind::CNAME, text: &[b'a'; 256][..len] };
        assert_eq!(writer.source_description([(Ssrc(1), [item(256)])]), Err(WriteError::TooLong));
        assert_eq!(writer.source_description([(Ssrc(1), [item(255)])]), Ok(()));
        assert_eq!(writer.finish(), 4 + 4 + 2 + 255 + 3);
    }
}
