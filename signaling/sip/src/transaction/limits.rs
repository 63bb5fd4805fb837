//! How much there may be, and the answer that costs no memory when there is too much.

use rsip::Method;

use super::key;
use super::secret::Key;
use super::{Reason, Transactions};
use crate::flow::{Destination, Flow};
use crate::header::Name;
use crate::message::{Request, Response};

/// How much of what is kept at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// So many transactions, and a request that begins a call is refused.
    pub transactions_max: usize,
    /// So many more for requests of calls that are there: BYE, and whatever has a tag in To. Beyond them such a request
    /// is dropped, to be taken when it comes again.
    pub reserve_max: usize,
    /// So many server transactions of one host, and its next request that begins a call is refused.
    pub per_host_max: usize,
    /// So many bytes kept for copies, and a request that begins a call is refused.
    pub kept_bytes_max: usize,
    /// When to try again, in the answer to what is refused.
    pub retry_after_seconds: u32,
}

impl Default for Limits {
    /// What 1,000 calls a second need, three times: each leaves up to four transactions for 32 seconds, of which two
    /// keep half a kilobyte.
    fn default() -> Self {
        Self {
            transactions_max: 3 * 1000 * 32 * 4,
            reserve_max: 1000 * 32 * 2,
            per_host_max: 3 * 1000 * 32 * 4,
            kept_bytes_max: 3 * 1000 * 32 * 1024,
            retry_after_seconds: 5,
        }
    }
}

/// What is held, the transactions included that only wait for copies. After the last one all of it is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Transactions.
    pub transactions: usize,
    /// Places that they send to.
    pub destinations: usize,
    /// What requests and ACKs find them by.
    pub keys: usize,
    /// Hosts that they came from.
    pub hosts: usize,
    /// Wakings that are due some time, a few of them for nothing.
    pub wakings: usize,
    /// Bytes that are kept for copies.
    pub kept_bytes: usize,
}

/// Tells whether there is room for a request; what has none was answered, or dropped, and counted.
pub(super) fn admit(all: &mut Transactions, request: &Request, flow: &Flow, key: Key, host: Key) -> bool {
    let Limits { transactions_max, reserve_max, per_host_max, kept_bytes_max, .. } = all.limits;
    let len = all.table.len();
    if request.method() == Method::Bye || request.to_tag().is_some() {
        let room = len < transactions_max.saturating_add(reserve_max);
        if !room {
            all.counters.add(Reason::RequestOverflow);
        }
        return room;
    }
    let reason = if len >= transactions_max {
        Reason::RefusedFull
    } else if all.hosts.get(&host).is_some_and(|&count| count >= per_host_max) {
        Reason::RefusedHost
    } else if all.kept_bytes >= kept_bytes_max {
        Reason::RefusedBytes
    } else {
        return true;
    };
    all.counters.add(reason);
    refuse(all, request, flow, key, all.limits.retry_after_seconds);
    false
}

/// Answers that there is too much, and when to try again.
pub(super) fn refuse(all: &mut Transactions, request: &Request, flow: &Flow, key: Key, seconds: u32) {
    let response = Response::to_request(request, 503).with(Name::RetryAfter, seconds.to_string());
    stateless(all, response, flow, key);
}

/// Sends an answer that nobody remembers; its tag tells the ACK that belongs to it.
pub(super) fn stateless(all: &mut Transactions, response: Response, flow: &Flow, key: Key) {
    let response = response.with_to_tag(&all.secret.tag(key));
    let bytes = response.ok().and_then(|response| super::drive::bytes(|out| response.write(out)).ok());
    match bytes {
        Some(bytes) => all.transmit(Destination::Flow(flow.clone()), bytes),
        None => all.counters.add(Reason::Unwritable),
    }
}

/// Tells whether an ACK belongs to an answer that nobody remembers.
pub(super) fn is_ack_of_stateless(all: &Transactions, ack: &Request, flow: &Flow) -> bool {
    let key = key::transaction(&all.secret, ack, flow, Method::Invite);
    key.is_some_and(|key| ack.to_tag() == Some(&all.secret.tag(key)))
}
