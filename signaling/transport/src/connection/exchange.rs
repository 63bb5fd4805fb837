//! What an open connection does: messages in and out.

use std::io::{self, Read, Write};
use std::time::Instant;

use sip::Malformed;
use sip::framing::PONG;
use sip::lexer;
use sip::validate::{Rules, Verdict, validate};

use crate::arrival::Arrival;
use crate::connection::{Connection, End, Greeting, Progress, Stage, retry};
use crate::counters::{Count, Counters};
use crate::first_line::{FirstLine, first_line, is_blank, is_sip};
use crate::inbox::{Delivery, FEED_LEN_MAX};
use crate::turn::Turn;

/// Bytes that one connection may deliver in one turn.
const BYTES_PER_TURN: usize = 64 * 1024;

impl Connection {
    /// Messages in and out.
    pub(super) fn exchange(&mut self, turn: &mut Turn<'_>) -> Result<Progress, End> {
        let mut messages_left = turn.limits.messages_per_turn;
        let mut bytes_left = BYTES_PER_TURN;
        let progress = loop {
            let had = messages_left;
            if !self.deliver(turn, &mut messages_left)? {
                break Progress::More;
            }
            self.note_partial(had != messages_left, turn.now);
            if bytes_left < FEED_LEN_MAX {
                break Progress::More;
            }
            match self.read(turn.scratch)? {
                0 => break Progress::Blocked,
                len => {
                    bytes_left -= len;
                    self.inbox.feed(turn.scratch.get(..len).unwrap_or_default());
                    self.outbox.note_heard();
                }
            }
        };
        self.write(turn.now, turn.counters)?;
        Ok(progress)
    }

    /// Delivers whole messages; tells whether none is left.
    fn deliver(&mut self, turn: &mut Turn<'_>, messages_left: &mut usize) -> Result<bool, End> {
        if !self.check_greeting(turn)? {
            return Ok(true);
        }
        loop {
            if *messages_left == 0 {
                return Ok(false);
            }
            let flow = self.flow();
            let next = match self.inbox.next() {
                Ok(next) => next,
                Err(why) => {
                    self.refuse(why, turn);
                    return Err(End::Malformed);
                }
            };
            match next {
                None => return Ok(true),
                Some(Delivery::Message(bytes)) => {
                    turn.counters.add(Count::StreamReceived);
                    (turn.arrivals)(Arrival::Message { flow, bytes });
                }
                Some(Delivery::Ping) => {
                    turn.counters.add(Count::Ping);
                    self.push(None, PONG, turn.limits, turn.now)?;
                }
            }
            *messages_left -= 1;
            self.heard = turn.now;
        }
    }

    /// Tells who has sent something of which nobody knows where it ends: RFC 3261 section 18.3. That the answer arrives is
    /// not sure, as the connection is closed after it.
    fn refuse(&mut self, why: Malformed, turn: &mut Turn<'_>) {
        let mut answer = Vec::new();
        if let Ok(mut lexed) = lexer::lex(self.inbox.waiting()) {
            lexed.flaw = Some(why);
            let Verdict::Answer(refusal) = validate(&lexed, &Rules::TRUNK) else { return };
            // No dialog comes of it, so that nobody has to foresee the tag.
            let tag = format!("{:x}", self.id);
            let source = self.flow().remote;
            if refusal.write(&lexed, &tag, source, &mut answer).is_err() {
                return;
            }
        }
        if self.push(None, &answer, turn.limits, turn.now).is_ok() {
            let _ = self.write(turn.now, turn.counters);
        }
    }

    /// Tells whether messages may be delivered.
    fn check_greeting(&mut self, turn: &mut Turn<'_>) -> Result<bool, End> {
        match (self.greeting, first_line(self.inbox.waiting())) {
            (Greeting::Read, _) => Ok(true),
            (Greeting::Stranger { .. }, FirstLine::Pending) => Ok(false),
            (Greeting::Stranger { is_admitted }, FirstLine::Whole(line)) => {
                if !turn.gate.invites(turn.guard, line) {
                    return Err(End::Stranger);
                }
                if !is_admitted {
                    turn.gate.admit_stranger(turn.now).map_err(|_| End::StrangerThrottled)?;
                }
                turn.counters.add(Count::StrangerInvited);
                self.greeting = Greeting::Read;
                Ok(true)
            }
            (Greeting::Unread, FirstLine::Whole(line)) => {
                if !is_sip(line) {
                    return Err(End::NotSip);
                }
                self.greeting = Greeting::Read;
                Ok(true)
            }
            // What begins another protocol in bytes need not be waited for. Pings are answered, though.
            (Greeting::Unread, FirstLine::Pending) => {
                let waiting = self.inbox.waiting();
                let is_text =
                    |byte: &u8| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
                if waiting.iter().take(8).all(is_text) { Ok(is_blank(waiting)) } else { Err(End::NotSip) }
            }
        }
    }

    /// Notes since when a message has been coming in.
    fn note_partial(&mut self, is_delivered: bool, now: Instant) {
        if !self.inbox.is_partial() {
            self.partial = None;
        } else if is_delivered || self.partial.is_none() {
            self.partial = Some(now);
        }
    }

    /// Reads what fits; zero if there is nothing for now.
    fn read(&mut self, scratch: &mut [u8]) -> Result<usize, End> {
        let room = scratch.get_mut(..FEED_LEN_MAX).unwrap_or_default();
        let Stage::Open(session) = &mut self.stage else { return Ok(0) };
        let result = match session {
            Some(session) => session.read(&mut self.socket, room),
            None => retry(|| self.socket.read(room)),
        };
        match result {
            Ok(0) => Err(End::PeerClosed),
            Ok(len) => Ok(len),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(error) => Err(End::Broken(error.kind())),
        }
    }

    /// Writes what the socket takes.
    pub(crate) fn write(&mut self, now: Instant, counters: &mut Counters) -> Result<(), End> {
        match self.write_until_blocked(now, counters) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(End::Broken(error.kind())),
            Ok(()) => Ok(()),
        }
    }

    fn write_until_blocked(&mut self, now: Instant, counters: &mut Counters) -> io::Result<()> {
        let Stage::Open(session) = &mut self.stage else { return Ok(()) };
        loop {
            if let Some(session) = session {
                while session.write_some(&mut self.socket)? {
                    self.progress = now;
                }
                if self.is_encrypted {
                    self.is_encrypted = false;
                    let len = self.outbox.front().map_or(0, <[u8]>::len);
                    self.outbox.advance(len);
                    counters.add(Count::StreamSent);
                }
            }
            let Some(front) = self.outbox.front() else { return Ok(()) };
            match session {
                Some(session) => {
                    session.encrypt(front)?;
                    self.is_encrypted = true;
                }
                None => {
                    let len = retry(|| self.socket.write(front))?;
                    self.progress = now;
                    if self.outbox.advance(len) {
                        counters.add(Count::StreamSent);
                    }
                }
            }
        }
    }
}
