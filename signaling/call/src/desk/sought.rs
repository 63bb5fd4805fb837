//! Who is sought, and where: a call that comes back from a host to which it is just being offered goes in a circle.

use std::collections::HashMap;
use std::net::SocketAddr;

use trunk::E164;

/// What is offered to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Errand {
    /// Where it listens. Several peers may share a host, and call each other through us.
    pub(crate) host: SocketAddr,
    pub(crate) called: E164,
    pub(crate) caller: Option<E164>,
}

/// All errands under way, and how many calls have each.
#[derive(Debug, Default)]
pub(crate) struct Sought(HashMap<Errand, u32>);

impl Sought {
    pub(crate) fn begin(&mut self, errand: Errand) {
        let count = self.0.entry(errand).or_insert(0);
        *count = count.saturating_add(1);
    }

    pub(crate) fn end(&mut self, errand: Errand) {
        let Some(count) = self.0.get_mut(&errand) else { return };
        *count = count.saturating_sub(1);
        if *count == 0 {
            self.0.remove(&errand);
        }
    }

    pub(crate) fn contains(&self, errand: &Errand) -> bool {
        self.0.contains_key(errand)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
