//! Which node a session comes to, and when it is asked.

use core::cmp::Reverse;
use core::time::Duration;

use control::SessionId;

use super::Ledger;
use crate::event::Refusal;
use crate::node::{Node, Task};
use crate::wish::{Stage, Wish};

impl Ledger {
    /// Finds a node for a session that none has, among those that it has not tried; `otherwise` is why it is refused if
    /// there is none.
    pub(super) fn place(&mut self, now: Duration, session: SessionId, otherwise: Refusal) {
        let Some(wish) = self.wishes.get_mut(&session) else { return };
        let Some(realms) = wish.newest().map(|kept| kept.realms.clone()) else { return };
        let untried = |(place, node): &(usize, &Node)| node.is_up() && wish.tried & bit(*place) == 0;
        let mut otherwise = otherwise;
        let mut best = None;
        for (place, node) in self.nodes.iter().enumerate().filter(untried) {
            if node.opens_waiting >= self.settings.opens_waiting_max {
                otherwise = Refusal::QueueFull;
                continue;
            }
            // A node without the realm comes last, and says so itself. Of two with the same room the first is taken.
            best = best.max(Some((node.capacity.free(&realms), Reverse(place))));
        }
        let Some((_, Reverse(place))) = best else {
            self.drop_opening(session, otherwise);
            return;
        };
        wish.node = place;
        if wish.next.is_none() {
            wish.next = wish.take_newest();
        }
        wish.tried |= bit(place);
        self.nodes[place].capacity.note_open();
        self.enqueue(now, session);
    }

    fn drop_opening(&mut self, session: SessionId, reason: Refusal) {
        self.wishes.remove(&session);
        self.count_sessions();
        self.refuse(session, reason);
    }

    /// Puts a session into the queue of its node, if there is something to ask and the node can be asked. Otherwise it
    /// is asked when the answer before has come, or when the node is met.
    pub(super) fn enqueue(&mut self, now: Duration, session: SessionId) {
        let Some(wish) = self.wishes.get_mut(&session) else { return };
        let Some(node) = self.nodes.get_mut(wish.node).filter(|node| node.is_up()) else { return };
        if wish.wants_to_ask() && !core::mem::replace(&mut wish.is_queued, true) {
            node.opens_waiting += usize::from(wish.stage == Stage::Opening);
            node.queue.push_back(Task::Apply(session));
        }
        let place = wish.node;
        self.pump(now, place);
    }

    /// Notes that a wish that is dropped waits no longer; the queue finds out by itself.
    pub(super) fn leave_queue(&mut self, wish: &Wish) {
        if let Some(node) = self.nodes.get_mut(wish.node) {
            node.opens_waiting -= usize::from(wish.is_queued && wish.stage == Stage::Opening);
        }
    }

    /// Asks as much as there is room for, in order.
    pub(super) fn pump(&mut self, now: Duration, place: usize) {
        let node = &mut self.nodes[place];
        while node.link_up().is_some_and(|link| link.has_room()) {
            let Some(task) = node.queue.pop_front() else { break };
            match task {
                Task::Close(session) => {
                    if let Some(link) = node.link_up() {
                        link.close(now, session);
                    }
                }
                Task::Apply(session) => {
                    let wish = self.wishes.get_mut(&session).filter(|wish| wish.node == place);
                    let Some(wish) = wish else { continue };
                    if !core::mem::take(&mut wish.is_queued) {
                        continue;
                    }
                    node.opens_waiting -= usize::from(wish.stage == Stage::Opening);
                    if let (Some(asked), Some(link)) = (wish.ask(), node.link_up()) {
                        link.apply(now, asked);
                    }
                }
            }
        }
    }

    /// Asks how a node is, and once more for what it could not do.
    pub(super) fn ping(&mut self, now: Duration, place: usize) {
        let node = &mut self.nodes[place];
        node.ping_at = now + Node::PING_INTERVAL;
        node.close_again();
        if let Some(link) = node.link_up() {
            link.ping(now);
        }
    }
}

/// The bit of a node among those that were tried.
pub(super) fn bit(place: usize) -> u64 {
    1 << place
}
