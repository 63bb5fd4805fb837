//! Somebody no longer wants what it has asked for.

use control::SideName;

use crate::call::{Call, Phase};
use crate::desk::Desk;
use crate::flow::bye;
use crate::summary::End;

/// The CANCEL of a leg has come, and was answered.
pub(crate) fn received(desk: &mut Desk, call: &mut Call, leg: SideName) {
    match call.phase {
        Phase::Naming | Phase::Opening | Phase::Seeking => {
            // The caller gave up: nobody has refused anything.
            let end = End::completed("487 Request Terminated");
            bye::reject(desk, call, 487, end);
        }
        Phase::Answered => {
            // A change is taken back at the other leg; its answer tells whether it came in time.
            let asks = call.leg(leg.other()).asks.filter(|_| call.leg(leg).asked.is_some());
            if let Some(client) = asks {
                desk.transactions.cancel(desk.now.elapsed, client, None);
            }
        }
        Phase::Over => {}
    }
}
