//! What to do after a connection was made: the sessions that should be, compared with those that are.

use core::cmp::Ordering;

use crate::session::{Epoch, SessionId};

/// What is to be done about each session; every one is in exactly one list, in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// As wished: nothing is to be done.
    pub adopt: Vec<SessionId>,
    /// Media follows an earlier wish: apply the one that holds.
    pub update: Vec<SessionId>,
    /// Media follows a later wish, of this epoch, than we remember: apply ours with a higher epoch still, or it is
    /// refused.
    pub ahead: Vec<(SessionId, Epoch)>,
    /// Media does not know it: apply it, and expect new ports.
    pub recreate: Vec<SessionId>,
    /// Nobody wishes it: close it.
    pub orphaned: Vec<SessionId>,
}

/// Compares the sessions that should be with those that are, in one pass. Both come in ascending order.
pub fn reconcile(
    wanted: impl Iterator<Item = (SessionId, Epoch)>,
    present: impl Iterator<Item = (SessionId, Epoch)>,
) -> Reconciliation {
    let mut result = Reconciliation::default();
    let mut present = ascending(present).peekable();
    for (session, wish) in ascending(wanted) {
        while let Some((orphan, _)) = present.next_if(|(found, _)| *found < session) {
            result.orphaned.push(orphan);
        }
        let Some((_, epoch)) = present.next_if(|(found, _)| *found == session) else {
            result.recreate.push(session);
            continue;
        };
        match epoch.cmp(&wish) {
            Ordering::Less => result.update.push(session),
            Ordering::Equal => result.adopt.push(session),
            Ordering::Greater => result.ahead.push((session, epoch)),
        }
    }
    result.orphaned.extend(present.map(|(orphan, _)| orphan));
    result
}

fn ascending(sessions: impl Iterator<Item = (SessionId, Epoch)>) -> impl Iterator<Item = (SessionId, Epoch)> {
    let mut last = None;
    sessions.inspect(move |(session, _)| {
        let before = last.replace(*session);
        debug_assert!(before < Some(*session), "sessions come in ascending order: {before:?}, {session:?}");
    })
}
