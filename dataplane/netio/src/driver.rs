//! What a driver promises. The contract suite in `tests/contract.rs` holds each to it.

use core::time::Duration;

use crate::address::LocalPort;
use crate::error::{DriverError, LeaseError};
use crate::frame::{Batch, Frame};
use crate::waker::Waker;

/// A way to exchange UDP packets with the network, owned by one worker.
///
/// - Only leased ports are received; everything else stays with the kernel.
/// - A packet is received whole or not at all, in the order in which the network delivered it on its port.
/// - Nothing is dropped silently: [`Driver::statistics`] counts what could not be received or sent, by reason.
/// - After construction and the first leases, receiving and transmitting allocate nothing.
///
/// # Threads
///
/// A driver may be opened, and its first ports leased, by one thread and then move to another. The thread that first
/// receives or transmits keeps it: only that one may lease, release, receive and transmit from then on. io_uring
/// insists on it (`IORING_SETUP_SINGLE_ISSUER`) and fails with [`DriverError::Kernel`] otherwise. Only the [`Waker`] is
/// for everybody, always.
pub trait Driver {
    /// The name by which configuration, logs and metrics know the driver.
    const NAME: &'static str;

    /// Starts to receive on a port, and allows to send from it.
    ///
    /// # Errors
    ///
    /// If the port is in use, or no resource is left for it; nothing has changed then.
    fn lease(&mut self, port: LocalPort) -> Result<(), LeaseError>;

    /// Ends a lease. The port is free when this returns: others may have it, and so may the next lease. Packets that had
    /// arrived by then may still be received once, or are counted as foreign.
    fn release(&mut self, port: LocalPort);

    /// Adds received packets to the batch, as many as there are and as it has room for.
    ///
    /// Returns as soon as there is one, when the waker was called, or when `wait` is over. It returns with nothing
    /// before that only if it could not receive anything: because the batch is full, or the caller holds all frames.
    /// Signals and packets that are only counted do not end a wait. A wait of zero never sleeps.
    ///
    /// # Errors
    ///
    /// If the driver cannot work any more, such as after its interface vanished.
    fn receive(&mut self, batch: &mut Batch, wait: Duration) -> Result<(), DriverError>;

    /// Sends every frame that has a route and takes the others back; the batch is empty then.
    ///
    /// # Errors
    ///
    /// If the driver cannot work any more. A packet that could not be sent is no error but a count.
    fn transmit(&mut self, batch: &mut Batch) -> Result<(), DriverError>;

    /// Returns an empty frame to fill, for a packet that nobody sent; none if all are in use.
    fn allocate(&mut self) -> Option<Frame>;

    /// Returns what another thread calls to end a wait in [`Driver::receive`].
    fn waker(&self) -> Waker;

    /// Returns the counts so far. None of them ever falls.
    ///
    /// A driver on io_uring hears of a failure to send among the completions, which it may look at a turn later: `sent`
    /// lags so long.
    fn statistics(&self) -> Statistics;

    /// Returns what an operator should know once, at the start: what the driver was asked for and cannot do here, why, and
    /// what to type.
    fn notes(&self) -> &[String] {
        &[]
    }
}

/// Makes the struct and the list of its fields from the same lines, so that no count can be missing in metrics.
macro_rules! statistics {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// What a driver has done since it was opened, and what it could not do.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Statistics {
            $($(#[doc = $doc])+ pub $name: u64,)+
        }

        impl Statistics {
            /// Returns every count with its name, always in the same order.
            pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'static str, u64)> + use<> {
                [$((stringify!($name), self.$name)),+].into_iter()
            }
        }
    };
}

statistics! {
    /// Packets handed to the worker.
    received,
    /// Packets handed to the kernel or the NIC.
    sent,
    /// Packets that were given to the kernel to route because this driver, which writes whole frames, could not address
    /// them itself: their next hop is not known yet, or is this host.
    tx_by_kernel,
    /// Packets that arrived at a queue of this worker, and were handed to the worker that has leased their port.
    rx_handed_over,
    /// Received packets that were cut off because they did not fit a frame.
    rx_truncated,
    /// Received packets that were no UDP datagrams for a leased port after all, or were damaged.
    rx_foreign,
    /// Times that no buffer was free for receiving; packets may have been lost in the kernel.
    rx_no_buffer,
    /// Packets that the kernel says it dropped because nobody received them in time.
    rx_overflow,
    /// Packets not sent because the queue towards the network was full.
    tx_full,
    /// Packets not sent because there is no route or no neighbour.
    tx_unreachable,
    /// Packets not sent because they exceed the MTU.
    tx_too_long,
    /// Packets not sent because their port of origin is not leased.
    tx_not_leased,
    /// Packets not sent because the kernel refused them for another reason.
    tx_failed,
    /// System calls made to receive and to send.
    system_calls,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_is_listed_under_its_own_name() {
        let statistics =
            Statistics { received: 1, tx_by_kernel: 2, system_calls: 3, ..Statistics::default() };
        let listed: Vec<_> = statistics.iter().collect();
        assert_eq!(size_of::<Statistics>(), listed.len() * size_of::<u64>());
        let expected = [("received", 1), ("tx_by_kernel", 2), ("system_calls", 3)];
        assert!(listed.iter().filter(|(_, count)| *count > 0).eq(&expected));
    }
}
