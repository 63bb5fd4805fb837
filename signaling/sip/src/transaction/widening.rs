//! An INVITE that is too long for a datagram goes over a connection, and as a datagram all the same if there is none
//! (RFC 3261 section 18.1.1).

use core::time::Duration;
use std::rc::Rc;

use super::drive::bytes;
use super::entry::{Entry, InviteClient, Machine};
use super::event::{ClientId, Event};
use super::table::Slot;
use super::{Transactions, invite_client, key};
use crate::flow::{Destination, Target};
use crate::header::Name;

/// RFC 3261 section 18.1.1: the path carries 1,500 bytes as a rule, and 200 are kept for headers on the way.
pub(super) const DATAGRAM_LEN_MAX: usize = 1300;

/// The datagram that is sent if no connection can be had.
pub(super) struct Narrow {
    pub(super) to: Target,
    /// The Via that says so.
    pub(super) via: String,
}

/// Sends the INVITE of a transaction as a datagram that has gone over a connection so far; `false` if it has not, or if
/// somebody has answered.
pub(super) fn fall_back(all: &mut Transactions, now: Duration, slot: Slot) -> bool {
    let Some((narrow, wide, kept)) = take_narrow(all, slot) else { return false };
    let Some(written) = with_via(&kept, &wide, &narrow.via) else { return false };
    let remote = narrow.to.remote;
    let destination = Destination::Target(narrow.to);
    let key = key::destination(&all.secret, &destination);
    all.table.redirect(slot, destination, key);
    all.events.push_back(Event::Narrowed { id: ClientId(slot), remote });
    all.carry_out(now, slot, written.into(), invite_client::START);
    true
}

/// Takes what is needed for the datagram, and has the INVITE remember its Via.
fn take_narrow(all: &mut Transactions, slot: Slot) -> Option<(Box<Narrow>, String, Rc<[u8]>)> {
    let Entry { machine: Machine::InviteClient(client), kept, .. } = all.table.get_mut(slot)? else {
        return None;
    };
    let InviteClient { state: invite_client::State::Calling, invite: Some(invite), narrow, .. } = client
    else {
        return None;
    };
    let (narrow, kept) = (narrow.take()?, kept.clone()?);
    let wide = invite.header(Name::Via)?.to_owned();
    invite.headers_mut().set_first(Name::Via, &*narrow.via);
    Some((narrow, wide, kept))
}

/// Writes a message once more, with another Via on top.
fn with_via(message: &[u8], before: &str, after: &str) -> Option<Rc<[u8]>> {
    let at = memchr::memmem::find(message, before.as_bytes())?;
    let (front, rest) = message.split_at_checked(at)?;
    let rest = rest.get(before.len()..)?;
    bytes(|out| {
        out.extend_from_slice(front);
        out.extend_from_slice(after.as_bytes());
        out.extend_from_slice(rest);
        Ok(())
    })
    .ok()
}
