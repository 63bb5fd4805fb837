//! Too many calls at a time: which ones are refused before anything is spent on them.
//!
//! A call that cannot be served well is refused at once, with 503 and when to come back. That costs a tenth of a
//! call, keeps nothing, and leaves no record: whoever is refused so has not been here. Calls that are there, copies of
//! what was taken, and calls for help are never refused for load.

use std::num::NonZeroU32;
use std::time::Duration;

use sip::Request;
use sip::flow::Flow;
use trunk::Dialled;
use trunk::limits::Bucket;

use crate::desk::{Desk, begins_call};

/// How much there is.
#[derive(Default)]
pub(crate) struct Load {
    bucket: Bucket,
    /// Whether more comes than is worked off.
    pub(crate) is_high: bool,
}

impl Load {
    /// Gives back the place of a call that was only asked to log in: it comes again at once, and counts then.
    pub(crate) fn forgo(&mut self, max: Option<NonZeroU32>) {
        max.into_iter().for_each(|max| self.bucket.put_back(max));
    }
}

/// Takes a request, unless it begins a call for which there is no room at this moment.
pub(crate) fn take(desk: &mut Desk, request: Request, flow: Flow) {
    let now = desk.now.elapsed;
    let may_wait =
        begins_call(&request) && !is_for_help(&request) && !desk.transactions.knows(&request, &flow);
    if may_wait && !admits(desk, now) {
        let seconds = retry_after_s(desk.setup.limits.retry_after_s, now);
        return desk.transactions.refuse_for_now(request, &flow, seconds);
    }
    desk.transactions.receive_request(now, request, flow);
}

fn admits(desk: &mut Desk, now: Duration) -> bool {
    let Load { bucket, is_high } = &mut desk.load;
    let max = desk.setup.limits.calls_per_second_max;
    !*is_high && max.is_none_or(|max| bucket.take(max, burst(max), now).is_ok())
}

/// As many calls may come at once: what comes in a tenth of a second, or a hundred, so that whoever comes last is not
/// served too late.
fn burst(max: NonZeroU32) -> NonZeroU32 {
    const ANYWAY: NonZeroU32 = NonZeroU32::new(100).expect("a hundred is more than none");
    let tenth = NonZeroU32::new(max.get() / 10).map_or(ANYWAY, |tenth| tenth.max(ANYWAY));
    max.min(tenth)
}

fn is_for_help(request: &Request) -> bool {
    let number = request.uri().parts().dialled();
    number.is_some_and(|number| Dialled::parse(&number) == Dialled::Emergency)
}

/// Spreads those who are refused in one second over as many as they are to wait: together they would be too many again.
fn retry_after_s(least: u32, now: Duration) -> u32 {
    let spread = now.subsec_millis().checked_rem(least.saturating_add(1)).unwrap_or_default();
    least.saturating_add(spread)
}
