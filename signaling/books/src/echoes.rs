//! Copies of INVITEs that a process before this one has heard.
//!
//! What is known of an attempt is written before it is answered. If the process ends in between, the caller has heard
//! nothing, and sends its INVITE again: to us. That is the same attempt, and has one record.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use cdr::{Begin, Disposition, OpenCall};

/// RFC 3261 section 17.1.1.2: an INVITE is repeated for 64 T1 at most.
const REPEATED_MAX: Duration = Duration::from_secs(32);

/// The attempts whose INVITE may come once more.
pub(crate) struct Echoes {
    heard: HashMap<(String, Disposition), Heard>,
    until: Instant,
}

/// An attempt of a process before this one.
struct Heard {
    begin: Begin,
    is_open: bool,
}

/// What the copy of an INVITE belongs to.
pub(crate) enum Echo {
    /// An attempt that has not ended: it goes on.
    Open(Begin),
    /// One that was refused, and has its record.
    Refused,
}

impl Echoes {
    /// Takes what a journal tells after a restart: calls that are open, and attempts that have ended without an answer.
    /// Returns the calls whose INVITE cannot come again, too.
    pub(crate) fn new(open: Vec<OpenCall>, unanswered: Vec<Begin>, now_ms: u64) -> (Self, Vec<OpenCall>) {
        let mut echoes = Self { heard: HashMap::new(), until: Instant::now() + REPEATED_MAX };
        let may_repeat =
            |begin: &Begin| u128::from(now_ms.abs_diff(begin.start_time_ms)) < REPEATED_MAX.as_millis();
        for begin in unanswered.into_iter().filter(may_repeat) {
            echoes.heard.insert(key(&begin), Heard { begin, is_open: false });
        }
        let mut over = Vec::new();
        for call in open {
            if call.answer_time_ms.is_some() || !may_repeat(&call.begin) {
                over.push(call);
                continue;
            }
            let before = echoes.heard.insert(key(&call.begin), Heard { begin: call.begin, is_open: true });
            over.extend(before.and_then(Heard::into_open));
        }
        (echoes, over)
    }

    /// Tells what an attempt that begins is a copy of. Nothing is one twice.
    pub(crate) fn take(&mut self, begin: &Begin) -> Option<Echo> {
        let key = key(begin);
        let heard = self.heard.remove(&key)?;
        if !is_copy(begin, &heard.begin) {
            self.heard.insert(key, heard);
            return None;
        }
        Some(if heard.is_open { Echo::Open(heard.begin) } else { Echo::Refused })
    }

    /// Returns the calls that nobody has asked for again while that was possible.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<OpenCall> {
        if now < self.until { Vec::new() } else { self.drain() }
    }

    /// Returns all calls, and forgets them.
    pub(crate) fn drain(&mut self) -> Vec<OpenCall> {
        self.heard.drain().filter_map(|(_key, heard)| heard.into_open()).collect()
    }
}

impl Heard {
    fn into_open(self) -> Option<OpenCall> {
        self.is_open.then_some(OpenCall { begin: self.begin, answer_time_ms: None })
    }
}

fn key(begin: &Begin) -> (String, Disposition) {
    (begin.invite_call_id.as_str().to_owned(), begin.disposition)
}

/// Whoever knows the Call-ID of somebody else does not get its record. An inbound call may come to another connector of
/// its group than before.
fn is_copy(begin: &Begin, heard: &Begin) -> bool {
    let is_same_connector = begin.voice_connector_id == heard.voice_connector_id;
    begin.from_number == heard.from_number
        && begin.to_number == heard.to_number
        && (is_same_connector || begin.disposition == Disposition::Origination)
}

#[cfg(test)]
mod tests {
    use cdr::TransactionId;

    use super::*;

    const NOW_MS: u64 = 1_700_000_000_000;

    fn attempt(call_id: &str, start_time_ms: u64) -> Begin {
        Begin {
            aws_account_id: "123456789012".into(),
            transaction_id: TransactionId::new(start_time_ms, 7),
            call_id: call_id.into(),
            invite_call_id: call_id.into(),
            voice_connector_id: "headquarters0000000001".into(),
            from_number: "+12065550100".into(),
            to_number: "+12065550101".into(),
            disposition: Disposition::Termination,
            sip_auth_user: None,
            start_time_ms,
        }
    }

    fn open(begin: Begin) -> OpenCall {
        OpenCall { begin, answer_time_ms: None }
    }

    #[test]
    fn the_copy_of_an_invite_goes_on_with_its_attempt_once() {
        let before = attempt("a", NOW_MS - 500);
        let (mut echoes, over) = Echoes::new(vec![open(before.clone())], vec![attempt("b", NOW_MS)], NOW_MS);
        assert_eq!(over, []);
        let copy = attempt("a", NOW_MS + 200);
        assert!(matches!(echoes.take(&copy), Some(Echo::Open(begin)) if begin == before));
        assert!(echoes.take(&copy).is_none(), "the next one with this Call-ID is another attempt");
        assert!(matches!(echoes.take(&attempt("b", NOW_MS + 1)), Some(Echo::Refused)));
        assert_eq!(echoes.drain(), []);
    }

    #[test]
    fn others_with_the_same_call_id_are_no_copies() {
        let (mut echoes, _) = Echoes::new(vec![open(attempt("a", NOW_MS))], Vec::new(), NOW_MS);
        let others: [fn(&mut Begin); 4] = [
            |begin| begin.from_number = "+12065550199".into(),
            |begin| begin.to_number = "+12065550199".into(),
            |begin| begin.voice_connector_id = "branch0000000000000001".into(),
            |begin| begin.disposition = Disposition::Origination,
        ];
        for change in others {
            let mut other = attempt("a", NOW_MS);
            change(&mut other);
            assert!(echoes.take(&other).is_none());
        }
        assert_eq!(echoes.drain(), [open(attempt("a", NOW_MS))]);
    }

    #[test]
    fn an_inbound_call_may_come_to_another_connector_than_before() {
        let inbound = Begin { disposition: Disposition::Origination, ..attempt("a", NOW_MS) };
        let (mut echoes, _) = Echoes::new(vec![open(inbound.clone())], Vec::new(), NOW_MS);
        let copy = Begin { voice_connector_id: "branch0000000000000001".into(), ..inbound };
        assert!(matches!(echoes.take(&copy), Some(Echo::Open(_))));
    }

    #[test]
    fn calls_that_were_answered_or_began_long_ago_are_over_and_the_others_are_in_time() {
        let answered = OpenCall { begin: attempt("a", NOW_MS), answer_time_ms: Some(NOW_MS) };
        let (old, young) = (open(attempt("b", NOW_MS - 32_000)), open(attempt("c", NOW_MS - 31_999)));
        let twin = open(Begin { transaction_id: TransactionId::new(NOW_MS, 8), ..attempt("c", NOW_MS) });
        let calls = vec![answered.clone(), old.clone(), young.clone(), twin.clone()];
        let (mut echoes, over) = Echoes::new(calls, Vec::new(), NOW_MS);
        assert_eq!(over, [answered, old, young], "of two with one Call-ID, the later one is copied");
        assert_eq!(echoes.expire(Instant::now()), []);
        assert_eq!(echoes.expire(Instant::now() + REPEATED_MAX), [twin]);
    }
}
