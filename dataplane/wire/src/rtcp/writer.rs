use super::compound::{COUNT, VERSION};
use super::{Packet, Unknown};
use crate::WriteError;
use crate::cursor::Cursor;

/// Writes packets one behind the other into a caller's buffer.
///
/// A packet that is refused leaves the ones before it as they are.
#[derive(Debug)]
pub struct Writer<'a> {
    buffer: &'a mut [u8],
    len: usize,
}

impl<'a> Writer<'a> {
    /// Begins at the front of the buffer.
    pub fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, len: 0 }
    }

    /// Returns how many bytes have been written.
    pub fn finish(self) -> usize {
        self.len
    }

    /// Appends a packet as it was parsed.
    ///
    /// # Errors
    /// Those of the method for its type.
    pub fn packet(&mut self, packet: &Packet<'_>) -> Result<(), WriteError> {
        match packet {
            Packet::Application(application) => self.application(application),
            Packet::Feedback(feedback) => self.feedback(feedback),
            Packet::Goodbye(goodbye) => self.goodbye(goodbye.sources(), goodbye.reason),
            Packet::ReceiverReport(report) => {
                self.receiver_report(report.ssrc, report.reports.iter(), report.extension)
            }
            Packet::SenderReport(report) => {
                self.sender_report(report.ssrc, &report.info, report.reports.iter(), report.extension)
            }
            Packet::SourceDescription(description) => {
                self.source_description(description.chunks().map(|chunk| (chunk.ssrc, chunk.items())))
            }
            Packet::Unknown(Unknown { packet_type, count, body }) => self.frame(*packet_type, |cursor| {
                cursor.put(body.as_flattened())?;
                Ok(*count)
            }),
        }
    }

    /// Appends one packet: `write_body` writes what follows the first word, and returns what goes into its count.
    pub(super) fn frame(
        &mut self,
        packet_type: u8,
        write_body: impl FnOnce(&mut Cursor<'_>) -> Result<u8, WriteError>,
    ) -> Result<(), WriteError> {
        let room = self.buffer.get_mut(self.len..).unwrap_or_default();
        let (first_word, room) = room.split_first_chunk_mut().ok_or(WriteError::NoRoom)?;
        let mut body = Cursor::new(room);
        let count = write_body(&mut body)?;
        if count > COUNT {
            return Err(WriteError::TooMany);
        }
        let words = u16::try_from(body.written() >> 2).map_err(|_| WriteError::TooLong)?;
        let [l0, l1] = words.to_be_bytes();
        *first_word = [VERSION << 6 | count, packet_type, l0, l1];
        self.len = self.len.saturating_add(first_word.len()).saturating_add(body.written());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtcp::{Compound, Form};
    use crate::rtp::Ssrc;

    #[test]
    fn a_refused_packet_leaves_those_before_it_as_they_are() {
        let mut buffer = [0xee; 64];
        let mut writer = Writer::new(&mut buffer);
        writer.receiver_report(Ssrc(1), [], &[]).unwrap();
        assert_eq!(writer.goodbye([Ssrc(1); 32], None), Err(WriteError::NoRoom));
        writer.goodbye([Ssrc(1)], None).unwrap();
        let len = writer.finish();
        assert_eq!(len, 16);
        let compound = Compound::parse(&buffer[..len], Form::Compound).unwrap();
        assert!(compound.packets().all(|packet| packet.is_ok()));
    }

    #[test]
    fn a_packet_counts_at_most_31_parts() {
        let mut buffer = [0; 2048];
        let mut writer = Writer::new(&mut buffer);
        assert_eq!(writer.goodbye([Ssrc(1); 31], None), Ok(()));
        assert_eq!(writer.goodbye([Ssrc(1); 32], None), Err(WriteError::TooMany));
        assert_eq!(writer.goodbye([Ssrc(1); 256], None), Err(WriteError::TooMany));
    }
}
