//! What is at hand during one trip of the loop.

use std::time::Instant;

use crate::arrival::{Arrival, Guard};
use crate::counters::Counters;
use crate::gate::Gate;
use crate::setup::Limits;
use crate::tls::Tls;

/// The clock, the law, and where things go; lent to whoever has its turn.
pub(crate) struct Turn<'a> {
    pub(crate) now: Instant,
    pub(crate) limits: &'a Limits,
    pub(crate) guard: &'a dyn Guard,
    pub(crate) gate: &'a mut Gate,
    pub(crate) counters: &'a mut Counters,
    pub(crate) tls: Option<&'a Tls>,
    /// Room for what is read, 64 KiB.
    pub(crate) scratch: &'a mut [u8],
    pub(crate) arrivals: &'a mut dyn FnMut(Arrival<'_>),
}
