//! Gives every receive queue to exactly one worker.

use std::cmp::Reverse;

use crate::{
    nic::Nic,
    plan::{OwnedQueue, Worker},
};

/// Deals the queues of each card to the workers of its node, or to all when none is there: always to the one
/// that has the fewest, so that cards share the workers evenly.
pub(super) fn deal(nics: &[Nic], workers: &mut [Worker]) {
    for nic in nics {
        for queue in &nic.rx {
            let is_local = |worker: &Worker| nic.node().is_none_or(|node| node == worker.node);
            let owner =
                workers.iter_mut().min_by_key(|worker| (Reverse(is_local(worker)), worker.queues.len()));
            let Some(owner) = owner else { return };
            owner.queues.push(OwnedQueue { nic: nic.name.clone(), queue: queue.id });
        }
    }
}
