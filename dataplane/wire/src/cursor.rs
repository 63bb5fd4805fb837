use core::mem;

use crate::WriteError;

/// Fills a caller's buffer from the front.
pub(crate) struct Cursor<'a> {
    room: &'a mut [u8],
    written: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(buffer: &'a mut [u8]) -> Self {
        Self { room: buffer, written: 0 }
    }

    /// Appends the bytes. After a refusal nothing more fits: half a format is never followed by its end.
    #[inline]
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let (target, room) =
            mem::take(&mut self.room).split_at_mut_checked(bytes.len()).ok_or(WriteError::NoRoom)?;
        target.copy_from_slice(bytes);
        self.room = room;
        self.written = self.written.saturating_add(bytes.len());
        Ok(())
    }

    /// Appends all of the items, and returns how many there were.
    pub(crate) fn put_each<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut put: impl FnMut(&mut Self, T) -> Result<(), WriteError>,
    ) -> Result<u8, WriteError> {
        let mut count: u8 = 0;
        for item in items {
            put(self, item)?;
            count = count.checked_add(1).ok_or(WriteError::TooMany)?;
        }
        Ok(count)
    }

    /// Appends zeros up to the next boundary of four bytes.
    pub(crate) fn fill_word(&mut self) -> Result<(), WriteError> {
        while self.written & 3 != 0 {
            self.put(&[0])?;
        }
        Ok(())
    }

    pub(crate) fn written(&self) -> usize {
        self.written
    }
}
