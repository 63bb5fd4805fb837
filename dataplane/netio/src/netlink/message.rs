//! The format of netlink: messages and attributes, from bytes that may be anything.

/// Every message and every attribute starts at a multiple of this (`NLMSG_ALIGNTO`, `RTA_ALIGNTO`).
const ALIGNMENT: usize = 4;
/// Length, type, flags, sequence number and sender: `struct nlmsghdr`.
const HEADER_BYTES: usize = 16;
/// Length and type: `struct rtattr`.
const ATTRIBUTE_HEADER_BYTES: usize = 4;
/// The two upper bits of an attribute's type are flags (`NLA_F_NESTED`, `NLA_F_NET_BYTEORDER`).
const ATTRIBUTE_TYPE_MASK: u16 = 0x3fff;

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    /// What it is about, such as `RTM_NEWLINK`.
    pub(super) kind: u16,
    pub(super) flags: u16,
    /// The sequence number of the request that it answers.
    pub(super) sequence: u32,
    pub(super) body: &'a [u8],
}

/// The messages of one datagram; they end where the bytes stop making sense.
pub(super) struct Messages<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let len = u32_at(self.0, 0)? as usize;
        let message = self.0.get(..len)?;
        let body = message.get(HEADER_BYTES..)?;
        let read = Message {
            kind: u16_at(message, 4)?,
            flags: u16_at(message, 6)?,
            sequence: u32_at(message, 8)?,
            body,
        };
        self.0 = self.0.get(len.next_multiple_of(ALIGNMENT)..).unwrap_or_default();
        Some(read)
    }
}

/// The attributes of a message, as type and value; they end where the bytes stop making sense.
pub(super) struct Attributes<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let len = usize::from(u16_at(self.0, 0)?);
        let kind = u16_at(self.0, 2)? & ATTRIBUTE_TYPE_MASK;
        let value = self.0.get(..len)?.get(ATTRIBUTE_HEADER_BYTES..)?;
        self.0 = self.0.get(len.next_multiple_of(ALIGNMENT)..).unwrap_or_default();
        Some((kind, value))
    }
}

/// Reads bytes of a fixed number.
pub(super) fn bytes_at<const N: usize>(bytes: &[u8], offset: usize) -> Option<[u8; N]> {
    bytes.get(offset..)?.first_chunk().copied()
}

/// Reads a number in the order of this machine, as netlink has them.
pub(super) fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    bytes_at(bytes, offset).map(u16::from_ne_bytes)
}

/// Reads a number in the order of this machine, as netlink has them.
pub(super) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes_at(bytes, offset).map(u32::from_ne_bytes)
}

/// Writes a request to list everything that `kind` is about; `body` is the fixed part, and attributes if any.
pub(super) fn dump_request(kind: u16, sequence: u32, body: &[u8]) -> Vec<u8> {
    request(kind, (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16, sequence, body)
}

/// Writes a message with these flags.
pub(super) fn request(kind: u16, flags: u16, sequence: u32, body: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(HEADER_BYTES + body.len());
    message.extend(((HEADER_BYTES + body.len()) as u32).to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    message.extend(sequence.to_ne_bytes());
    // The kernel knows the sender by its socket.
    message.extend(0u32.to_ne_bytes());
    message.extend(body);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_reads_back_as_one_message() {
        let request = dump_request(libc::RTM_GETROUTE, 7, &[1, 2, 3, 4]);
        let messages: Vec<_> = Messages(&request).collect();
        let flags = (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16;
        let expected = Message { kind: libc::RTM_GETROUTE, flags, sequence: 7, body: &[1, 2, 3, 4] };
        assert_eq!(messages, [expected]);
    }

    #[test]
    fn a_length_of_nothing_ends_the_messages_and_the_attributes() {
        assert_eq!(Messages(&[0; 64]).count(), 0);
        assert_eq!(Attributes(&[0; 64]).count(), 0);
    }

    #[test]
    fn a_length_beyond_the_bytes_ends_the_attributes() {
        let bytes = [5, 0, 1, 0, 9, 0, 0, 0, 200, 0, 2, 0, 1, 1, 1, 1];
        assert_eq!(Attributes(&bytes).collect::<Vec<_>>(), [(1, &[9u8][..])]);
    }
}
