//! Messages out of what a connection receives, as the bytes that came.

use sip::Malformed;
use sip::framing::{Stream, Unit};

/// What a connection has received and not delivered yet.
///
/// [`Stream`] alone says where messages begin and end, but hands them out taken apart. Here the same bytes are kept
/// beside it, so that a message travels on as it came; both hold no more than what waits for its rest.
#[derive(Default)]
pub(crate) struct Inbox {
    stream: Stream,
    kept: Vec<u8>,
    /// How many of those kept were delivered.
    taken: usize,
}

/// What comes out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Delivery<'a> {
    /// A whole message.
    Message(&'a [u8]),
    /// The peer asks whether we are here.
    Ping,
}

/// What fits after everything was taken out: as much as a [`Stream`] takes then.
pub(crate) const FEED_LEN_MAX: usize = 16 * 1024;

/// A buffer that has grown beyond this is given back once it is empty: most messages are shorter.
const KEPT_LEN: usize = 8 * 1024;

impl Inbox {
    /// Takes bytes in, [`FEED_LEN_MAX`] at most, after all that could be taken out was.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.kept.drain(..self.taken.min(self.kept.len()));
        self.taken = 0;
        let fed = self.stream.feed(bytes);
        debug_assert_eq!(fed, bytes.len(), "everything was taken out before");
        self.kept.extend_from_slice(bytes);
    }

    /// Returns what was not delivered yet.
    pub(crate) fn waiting(&self) -> &[u8] {
        self.kept.get(self.taken..).unwrap_or_default()
    }

    /// Takes the next message or ping out; `None` when more has to come.
    ///
    /// # Errors
    /// `Malformed`: the connection has to be closed.
    pub(crate) fn next(&mut self) -> Result<Option<Delivery<'_>>, Malformed> {
        let before = self.stream.pending();
        let is_ping = match self.stream.next_unit()? {
            Some(Unit::Message(_)) => false,
            Some(Unit::Ping) => true,
            None => {
                self.skip(before);
                self.give_back();
                return Ok(None);
            }
        };
        let start = self.taken;
        self.skip(before);
        let message = self.kept.get(start..self.taken).unwrap_or_default();
        Ok(Some(if is_ping { Delivery::Ping } else { Delivery::Message(trim_start(message)) }))
    }

    /// Tells whether a message has begun and not ended. Line ends alone are no beginning.
    pub(crate) fn is_partial(&self) -> bool {
        !trim_start(self.waiting()).is_empty()
    }

    /// Follows what the stream has taken since so many bytes waited in it.
    fn skip(&mut self, before: usize) {
        self.taken = self.taken.saturating_add(before.saturating_sub(self.stream.pending()));
    }

    fn give_back(&mut self) {
        if self.stream.pending() == 0 && self.kept.capacity() > KEPT_LEN {
            *self = Self::default();
        }
    }
}

/// Passes over the line ends before a message (RFC 3261 section 7.5).
fn trim_start(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
    bytes.get(start.unwrap_or(bytes.len())..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "A b SIP/2.0\r\nX: 1\r\nl: 5\r\n\r\n\r\nabc";
    const SECOND: &str = "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n";

    fn take(inbox: &mut Inbox, found: &mut Vec<String>) {
        while let Some(delivery) = inbox.next().unwrap() {
            found.push(match delivery {
                Delivery::Message(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
                Delivery::Ping => "ping".to_owned(),
            });
        }
    }

    #[test]
    fn what_comes_out_is_what_came_in_however_it_was_cut() {
        let text = format!("\r\n{FIRST}\r\n{SECOND}{FIRST}\r\n\r\n{SECOND}");
        for step in 1..=text.len() {
            let (mut inbox, mut found) = (Inbox::default(), Vec::new());
            for chunk in text.as_bytes().chunks(step) {
                inbox.feed(chunk);
                take(&mut inbox, &mut found);
            }
            assert_eq!(found, [FIRST, SECOND, FIRST, "ping", SECOND], "{step}");
            assert!(inbox.waiting().is_empty() && !inbox.is_partial());
        }
    }

    #[test]
    fn line_ends_alone_are_no_beginning_of_a_message() {
        let (mut inbox, mut found) = (Inbox::default(), Vec::new());
        inbox.feed(b"\r\n");
        take(&mut inbox, &mut found);
        assert!(!inbox.is_partial());
        inbox.feed(b"A");
        take(&mut inbox, &mut found);
        assert!(inbox.is_partial() && found.is_empty());
    }

    #[test]
    fn a_long_message_does_not_keep_its_memory() {
        let (mut inbox, mut found) = (Inbox::default(), Vec::new());
        let body = "x".repeat(40_000);
        let text = format!("A b SIP/2.0\r\nl: 40000\r\n\r\n{body}");
        for chunk in text.as_bytes().chunks(FEED_LEN_MAX) {
            inbox.feed(chunk);
            take(&mut inbox, &mut found);
        }
        assert_eq!(found, [text]);
        assert_eq!(inbox.kept.capacity(), 0);
    }
}
