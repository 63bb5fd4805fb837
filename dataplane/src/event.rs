//! What a worker tells without being asked.

use std::collections::VecDeque;

use control::{Event, SessionId, SideName};
use netio::Endpoint;

use crate::digits::Digit;

/// Events that wait to be told, as many as there was made room for. What is more is counted, and told as an overflow.
pub(crate) struct Events {
    waiting: VecDeque<Event>,
    room: usize,
    lost: u64,
}

impl Events {
    pub(crate) fn with_room(room: usize) -> Self {
        Self { waiting: VecDeque::with_capacity(room), room, lost: 0 }
    }

    pub(crate) fn first_media(&mut self, session: SessionId, side: SideName, from: Endpoint) {
        self.push(Event::FirstMedia { session, side, from: from.into() });
    }

    pub(crate) fn digit(&mut self, session: SessionId, side: SideName, digit: Digit) {
        let Digit { event, duration } = digit;
        self.push(Event::Digit { session, side, event, duration });
    }

    /// Adds an event; false if it is lost.
    pub(crate) fn push(&mut self, event: Event) -> bool {
        let has_room = self.waiting.len() < self.room;
        if has_room {
            self.waiting.push_back(event);
        } else {
            self.lost += 1;
        }
        has_room
    }

    /// Takes the oldest event; behind the last one, how many were lost.
    pub(crate) fn pop(&mut self) -> Option<Event> {
        let overflow = || {
            let lost = core::mem::take(&mut self.lost);
            (lost > 0).then_some(Event::Overflow { lost })
        };
        self.waiting.pop_front().or_else(overflow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_is_counted_and_told_behind_the_rest() {
        let mut events = Events::with_room(2);
        let timeout = |number| Event::MediaTimeout { session: SessionId(number) };
        let pushed: Vec<bool> = (0..5).map(|number| events.push(timeout(number))).collect();
        assert_eq!(pushed, [true, true, false, false, false]);
        let told: Vec<Event> = core::iter::from_fn(|| events.pop()).collect();
        assert_eq!(told, [timeout(0), timeout(1), Event::Overflow { lost: 3 }]);
        assert_eq!(events.pop(), None);
    }
}
