//! Decides where a call goes: a pure, total function from a snapshot and an attempt, which explains itself.
//!
//! Calls from customers pass these rules in this order: connector, termination, allow-list, encryption, credentials,
//! called number, calling region, premium, caller, on-net, and then carrier links or, for a number of another connector,
//! its home and origination. Calls from carriers pass: link, inventory, carrier of the number, home, origination. The first
//! rule that refuses ends it. How many calls there may be is not asked here: see [`limits`](crate::limits).

mod attempt;
mod caller;
mod decision;
mod delivery;
mod explain;
mod identify;
mod inbound;
mod order;
mod outbound;
mod trail;

use crate::{
    reason::Reason,
    snapshot::{Side, Snapshot},
};

pub use attempt::{Attempt, Credentials, Offer};
pub use caller::{Caller, CallerOrigin};
pub use decision::{
    Decision, Inbound, LinkTarget, OnNet, Outbound, Outcome, Reject, RouteTarget, TARGETS_MAX,
};
pub use trail::{Rule, Step, Verdict};

use trail::Trail;

/// Decides. The same arguments, the same random numbers included, always give the same decision.
///
/// `random` gives a number below its argument; it is asked only where weights are drawn.
pub fn decide(snapshot: &Snapshot, attempt: &Attempt<'_>, mut random: impl FnMut(u32) -> u32) -> Decision {
    let mut trail = Trail::default();
    let outcome = match attempt.side {
        Side::Carrier => inbound::decide(snapshot, attempt, &mut random, &mut trail),
        Side::Customer => outbound::decide(snapshot, attempt, &mut random, &mut trail),
    };
    let outcome = outcome.unwrap_or_else(|reason: Reason| {
        Outcome::Reject(Reject { connector: trail.connector, reason, status: reason.status() })
    });
    Decision { outcome, trace: trail.steps }
}
