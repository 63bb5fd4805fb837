//! Messages in a stream: bytes in, whole messages and pings out (RFC 3261 section 18.3, RFC 5626 section 4.4.1).

use crate::error::Malformed;
use crate::lexer::{self, Lexed, MESSAGE_LEN_MAX};

/// The answer to a ping: one line end.
pub const PONG: &[u8] = b"\r\n";

/// What the next bytes of a stream are.
#[derive(Debug)]
pub enum Unit<'a> {
    /// A whole message.
    Message(Lexed<'a>),
    /// Two line ends: the peer wants [`PONG`].
    Ping,
}

/// What has come from a stream and was not taken yet.
///
/// After an error the stream is of no use: where the next message begins is not known.
#[derive(Debug, Default)]
pub struct Stream {
    bytes: Vec<u8>,
    /// What was taken; it is removed when more comes.
    taken: usize,
    /// How many bytes were searched for the end of the headers without finding it.
    searched: usize,
    /// Whether a bare line feed ends its lines, once the first has come: the same question as the lexer's.
    is_bare: Option<bool>,
    /// How long the message that is coming in will be, once its headers have come.
    needed: usize,
    failed: Option<Malformed>,
}

/// More is never kept than a message and what may come with its end in one read.
const BUFFER_LEN_MAX: usize = MESSAGE_LEN_MAX + 16 * 1024;

impl Stream {
    /// Makes a stream that nothing came from.
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), taken: 0, searched: 0, is_bare: None, needed: 0, failed: None }
    }

    /// Takes bytes in, as many as fit, and returns how many. Whoever feeds takes messages out until there is none,
    /// and then there is room for at least 16 KiB.
    pub fn feed(&mut self, bytes: &[u8]) -> usize {
        self.bytes.drain(..self.taken.min(self.bytes.len()));
        self.taken = 0;
        let room = BUFFER_LEN_MAX.saturating_sub(self.bytes.len());
        let fed = bytes.get(..room).unwrap_or(bytes);
        self.bytes.extend_from_slice(fed);
        fed.len()
    }

    /// Returns how many bytes wait for the rest of their message; a peer that lets it wait for long is to be left.
    pub fn pending(&self) -> usize {
        self.bytes.len().saturating_sub(self.taken)
    }

    /// Takes the next message or ping out; `None` when more has to come.
    ///
    /// # Errors
    /// `Malformed`: the connection has to be closed.
    pub fn next_unit(&mut self) -> Result<Option<Unit<'_>>, Malformed> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        match self.step() {
            Ok(Step::Wait) => Ok(None),
            Ok(Step::Ping(len)) => {
                self.take(len);
                Ok(Some(Unit::Ping))
            }
            Ok(Step::Message(len)) => {
                let start = self.taken;
                self.take(len);
                let message = self.bytes.get(start..self.taken).unwrap_or_default();
                // The head was read before to learn its length; it reads the same again.
                lexer::lex(message).map(|lexed| Some(Unit::Message(lexed)))
            }
            Err(error) => {
                self.failed = Some(error);
                Err(error)
            }
        }
    }

    fn take(&mut self, len: usize) {
        self.taken = self.taken.saturating_add(len);
        self.searched = 0;
        self.is_bare = None;
        self.needed = 0;
    }

    fn step(&mut self) -> Result<Step, Malformed> {
        if let Some(step) = self.skip_line_ends() {
            return Ok(step);
        }
        let bytes = self.bytes.get(self.taken..).unwrap_or_default();
        if bytes.len() < self.needed {
            return Ok(Step::Wait);
        }
        let Some(head_len) = head_len(bytes, self.searched, &mut self.is_bare) else {
            self.searched = bytes.len();
            return if bytes.len() > MESSAGE_LEN_MAX { Err(Malformed::TooLong) } else { Ok(Step::Wait) };
        };
        let (head, _) = lexer::lex_head(bytes.get(..head_len).unwrap_or_default())?;
        // RFC 3261 section 20.14: over a stream the header has to be there.
        let body_len = lexer::content_length(&head.fields)?.ok_or(Malformed::LengthMissing)?;
        let len = head_len.saturating_add(body_len);
        if len > MESSAGE_LEN_MAX {
            return Err(Malformed::TooLong);
        }
        self.needed = len;
        Ok(if bytes.len() < len { Step::Wait } else { Step::Message(len) })
    }

    /// Passes over line ends between messages; two of them together are a ping.
    fn skip_line_ends(&mut self) -> Option<Step> {
        loop {
            let bytes = self.bytes.get(self.taken..).unwrap_or_default();
            match bytes {
                [b'\r', b'\n', b'\r', b'\n', ..] => return Some(Step::Ping(4)),
                // It may be the first half of a ping.
                [] | [b'\r'] | [b'\r', b'\n'] | [b'\r', b'\n', b'\r'] => return Some(Step::Wait),
                [b'\r', b'\n', ..] => self.take(2),
                [b'\r' | b'\n', ..] => self.take(1),
                _ => return None,
            }
        }
    }
}

enum Step {
    Wait,
    Ping(usize),
    Message(usize),
}

/// Returns the length up to and with the empty line, if it has come; what was searched before is not searched again.
fn head_len(bytes: &[u8], searched: usize, is_bare: &mut Option<bool>) -> Option<usize> {
    // The end of the last search may hold the line end before the empty line.
    let from = searched.saturating_sub(3);
    memchr::memchr_iter(b'\n', bytes.get(from..)?).find_map(|at| {
        let at = from.saturating_add(at);
        let stands_alone = lexer::is_bare(bytes, at);
        let is_bare = *is_bare.get_or_insert(stands_alone);
        let end = match bytes.get(at.saturating_add(1)..)? {
            _ if !is_bare && stands_alone => return None,
            [b'\n', ..] if is_bare => 2_usize,
            [b'\r', b'\n', ..] => 3,
            _ => return None,
        };
        Some(at.saturating_add(end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "A b SIP/2.0\r\nX: 1\r\nl: 3\r\n\r\nabc";
    const SECOND: &str = "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n";

    fn bodies(stream: &mut Stream) -> Vec<String> {
        let mut found = Vec::new();
        while let Some(unit) = stream.next_unit().unwrap() {
            found.push(match unit {
                Unit::Message(lexed) => String::from_utf8(lexed.body.to_vec()).unwrap(),
                Unit::Ping => "ping".to_owned(),
            });
        }
        found
    }

    #[test]
    fn messages_come_out_whole_however_they_came_in() {
        let text = format!("\r\n\r\n{FIRST}{SECOND}\r\n{FIRST}\r\n\r\n");
        for step in 1..=text.len() {
            let mut stream = Stream::new();
            let mut found = Vec::new();
            for chunk in text.as_bytes().chunks(step) {
                assert_eq!(stream.feed(chunk), chunk.len());
                found.extend(bodies(&mut stream));
            }
            assert_eq!(found, ["ping", "abc", "", "abc", "ping"], "{step}");
            assert_eq!(stream.pending(), 0);
        }
    }

    #[test]
    fn without_a_length_nobody_knows_where_the_next_message_begins() {
        for (headers, expected) in [
            ("X: y", Malformed::LengthMissing),
            ("l: x", Malformed::LengthInvalid),
            ("l: 1\r\nl: 2", Malformed::LengthConflict),
            ("l: 65536", Malformed::TooLong),
            ("l: 99999999999", Malformed::LengthInvalid),
        ] {
            let mut stream = Stream::new();
            stream.feed(format!("A b SIP/2.0\r\n{headers}\r\n\r\n").as_bytes());
            assert_eq!(stream.next_unit().unwrap_err(), expected);
            assert_eq!(stream.next_unit().unwrap_err(), expected);
        }
    }

    #[test]
    fn a_line_feed_alone_ends_headers_only_where_it_ends_the_first_line() {
        let hidden = "A b SIP/2.0\r\nl: 0\r\nX: a\n\nC d SIP/2.0\nl: 0\r\n\r\n";
        let by_hand = "A b SIP/2.0\nl: 3\n\nabcA b SIP/2.0\nl: 1\r\n\r\nd";
        for (text, expected) in [(hidden, &[""][..]), (by_hand, &["abc", "d"])] {
            for step in 1..=text.len() {
                let (mut stream, mut found) = (Stream::new(), Vec::new());
                for chunk in text.as_bytes().chunks(step) {
                    stream.feed(chunk);
                    found.extend(bodies(&mut stream));
                }
                assert_eq!(
                    (found, stream.pending()),
                    (expected.iter().map(|&it| it.to_owned()).collect(), 0),
                    "{step}"
                );
            }
        }
    }

    #[test]
    fn a_message_that_never_ends_is_refused() {
        let mut stream = Stream::new();
        let mut fed = 0;
        while stream.next_unit().is_ok_and(|unit| unit.is_none()) {
            fed += stream.feed(&[b'x'; 4096]);
            assert!(fed <= BUFFER_LEN_MAX);
        }
        assert_eq!(stream.next_unit().unwrap_err(), Malformed::TooLong);
    }
}
