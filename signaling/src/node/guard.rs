//! Who may speak to this node.

use std::net::IpAddr;
use std::sync::Arc;

use transport::Guard;
use trunk::snapshot::Snapshot;

/// Those whom a connector or a link of a carrier lists.
pub(super) struct Listed {
    snapshot: Arc<Snapshot>,
}

impl Listed {
    pub(super) const fn new(snapshot: Arc<Snapshot>) -> Self {
        Self { snapshot }
    }
}

impl Guard for Listed {
    fn knows(&self, source: IpAddr) -> bool {
        self.snapshot.lists(source)
    }

    fn is_host(&self, name: &str) -> bool {
        self.snapshot.connector_by_host(name).is_some()
    }
}
