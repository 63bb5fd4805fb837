//! A message, read as far as a call needs it and no further: what is compared and copied, where it stands.
//!
//! It is no parser of SIP: it takes what the appliance may send, and answers `None` to what it cannot use.

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance<'m> {
    /// What it is.
    pub start: Start<'m>,
    /// The number and the method of CSeq.
    pub cseq: (u32, &'m [u8]),
    /// The value of Call-ID.
    pub call_id: &'m [u8],
    /// The value of To.
    pub to: &'m [u8],
    /// The URI of the first Contact.
    pub contact: Option<&'m [u8]>,
    /// Whether it says when to come back.
    pub has_retry_after: bool,
    /// The bytes behind the headers.
    pub body: &'m [u8],
    whole: &'m [u8],
}

/// The first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start<'m> {
    /// A request: its method and the user part of its URI.
    Request(&'m [u8], &'m [u8]),
    /// A response: its status.
    Response(u16),
}

/// Which headers an answer repeats (RFC 3261 sections 8.2.6.2 and 12.1.1).
const REPEATED: [&[u8]; 6] = [b"Via", b"From", b"To", b"Call-ID", b"CSeq", b"Record-Route"];

impl<'m> Glance<'m> {
    /// Reads a message.
    #[must_use]
    pub fn read(message: &'m [u8]) -> Option<Self> {
        let head_len = head_len(message)?;
        let (head, body) = message.split_at(head_len);
        let mut lines = lines(head);
        let mut glance = Self {
            start: read_start(lines.next()?)?,
            cseq: (0, b""),
            call_id: b"",
            to: b"",
            contact: None,
            has_retry_after: false,
            body,
            whole: message,
        };
        for (name, value) in lines.filter_map(field) {
            if is(name, b"Call-ID", b'i') {
                glance.call_id = value;
            } else if is(name, b"To", b't') {
                glance.to = value;
            } else if name.eq_ignore_ascii_case(b"CSeq") {
                let space = value.iter().position(|byte| *byte == b' ')?;
                let number = core::str::from_utf8(&value[..space]).ok()?.parse().ok()?;
                glance.cseq = (number, value[space..].trim_ascii());
            } else if is(name, b"Contact", b'm') && glance.contact.is_none() {
                glance.contact = Some(inside_brackets(value));
            } else if name.eq_ignore_ascii_case(b"Retry-After") {
                glance.has_retry_after = true;
            }
        }
        let is_whole = !glance.call_id.is_empty() && !glance.to.is_empty() && !glance.cseq.1.is_empty();
        is_whole.then_some(glance)
    }

    /// Returns all of the message.
    #[must_use]
    pub const fn whole(&self) -> &'m [u8] {
        self.whole
    }

    /// Returns the tag of To.
    #[must_use]
    pub fn to_tag(&self) -> Option<&'m [u8]> {
        const TAG: &[u8] = b";tag=";
        let at = self.to.windows(TAG.len()).position(|bytes| bytes == TAG)?;
        let tag = &self.to[at + TAG.len()..];
        let end = tag.iter().position(|byte| matches!(byte, b';' | b' ' | b'>'));
        Some(&tag[..end.unwrap_or(tag.len())])
    }

    /// Returns the header lines that an answer repeats, with their ends; that of To is told by the mark.
    pub fn repeated(&self) -> impl Iterator<Item = (bool, &'m [u8])> + use<'m> {
        let head = &self.whole[..self.whole.len() - self.body.len()];
        lines(head).skip(1).filter_map(|line| {
            let (name, _) = field(line)?;
            let short = |long: &[u8]| match long {
                b"Via" => b'v',
                b"From" => b'f',
                b"To" => b't',
                b"Call-ID" => b'i',
                _ => 0,
            };
            let is_repeated = REPEATED.iter().any(|long| is(name, long, short(long)));
            is_repeated.then(|| (is(name, b"To", b't'), line))
        })
    }
}

/// Returns how many bytes a message of a stream has, as soon as its headers are there.
///
/// # Errors
///
/// If it does not say how many.
pub fn framed_len(bytes: &[u8]) -> Result<Option<usize>, &'static str> {
    let Some(head_len) = head_len(bytes) else { return Ok(None) };
    let mut fields = lines(&bytes[..head_len]).filter_map(field);
    let value = fields.find_map(|(name, value)| is(name, b"Content-Length", b'l').then_some(value));
    let len = value.and_then(|value| core::str::from_utf8(value).ok()?.parse::<usize>().ok());
    len.map(|len| Some(head_len + len)).ok_or("wanted a Content-Length")
}

fn head_len(message: &[u8]) -> Option<usize> {
    message.windows(4).position(|bytes| bytes == b"\r\n\r\n").map(|at| at + 4)
}

fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end).take_while(|line| !line.is_empty())
}

fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    Some((line[..colon].trim_ascii_end(), line[colon + 1..].trim_ascii()))
}

fn is(name: &[u8], long: &[u8], short: u8) -> bool {
    name.eq_ignore_ascii_case(long) || (name.len() == 1 && name[0].eq_ignore_ascii_case(&short))
}

fn read_start(line: &[u8]) -> Option<Start<'_>> {
    if let Some(rest) = line.strip_prefix(b"SIP/2.0 ") {
        return core::str::from_utf8(rest.get(..3)?).ok()?.parse().ok().map(Start::Response);
    }
    let mut words = line.split(|byte| *byte == b' ');
    let (method, uri) = (words.next()?, words.next()?);
    let user = uri.strip_prefix(b"sip:").or_else(|| uri.strip_prefix(b"sips:"))?;
    let at = user.iter().position(|byte| *byte == b'@').unwrap_or(0);
    Some(Start::Request(method, &user[..at]))
}

fn inside_brackets(value: &[u8]) -> &[u8] {
    let Some(open) = value.iter().position(|byte| *byte == b'<') else { return value };
    let inside = &value[open + 1..];
    let close = inside.iter().position(|byte| *byte == b'>');
    &inside[..close.unwrap_or(inside.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\n\
        v: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKb\r\nf: <sip:a@b>;tag=1\r\nTo: \"x\" <sip:c@d>;tag=9f;x=y\r\n\
        i: 1f-ab@127.0.0.1\r\nCSeq: 1 INVITE\r\nContact: \"d\" <sip:e@f:5060>;q=1\r\nServer: s\r\n\
        Content-Length: 4\r\n\r\nbody";

    #[test]
    fn what_a_call_needs_is_found() {
        let glance = Glance::read(ANSWER).unwrap();
        assert_eq!(glance.start, Start::Response(200));
        assert_eq!((glance.cseq, glance.call_id), ((1, &b"INVITE"[..]), &b"1f-ab@127.0.0.1"[..]));
        assert_eq!((glance.to_tag(), glance.contact), (Some(&b"9f"[..]), Some(&b"sip:e@f:5060"[..])));
        assert_eq!((glance.has_retry_after, glance.body), (false, &b"body"[..]));
        assert_eq!(glance.repeated().count(), 6, "two Vias, From, To, Call-ID and CSeq");
        let request =
            b"BYE sip:+1206@192.0.2.1:5060 SIP/2.0\r\nTo: <sip:x@y>\r\nCall-ID: 7\r\nCSeq: 2 BYE\r\n\r\n";
        let glance = Glance::read(request).unwrap();
        assert_eq!((glance.start, glance.to_tag()), (Start::Request(b"BYE", b"+1206"), None));
    }

    #[test]
    fn broken_messages_are_none() {
        for len in 0..ANSWER.len() - 4 {
            assert_eq!(Glance::read(&ANSWER[..len]), None, "{len} bytes");
        }
        for text in ["\r\n\r\n", "x\r\n\r\n", "SIP/2.0 20\r\n\r\n", "A sip:b@c SIP/2.0\r\nCSeq: x y\r\n\r\n"]
        {
            assert_eq!(Glance::read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_stream_is_cut_where_messages_end() {
        assert_eq!(framed_len(&ANSWER[..40]), Ok(None));
        assert_eq!(framed_len(ANSWER), Ok(Some(ANSWER.len())));
        assert!(framed_len(b"SIP/2.0 200 OK\r\n\r\n").is_err());
    }
}
