//! What every driver must do, run on each of them over the real path.
//!
//! A [`Harness`](contract::harness::Harness) opens a driver and plays its peers. A driver joins with one line below;
//! what it needs and cannot have here is said with `SKIPPED:`.

mod contract {
    pub(crate) mod adoption;
    pub(crate) mod allocation;
    pub(crate) mod harness;
    pub(crate) mod leasing;
    pub(crate) mod link;
    pub(crate) mod memory;
    pub(crate) mod network;
    pub(crate) mod receiving;
    pub(crate) mod resources;
    pub(crate) mod sending;
    pub(crate) mod skip;
    pub(crate) mod sockets;
    pub(crate) mod veth;
    pub(crate) mod waiting;
}

use netio::{Afxdp, Mmsg, UringSklookup, UringSockets};

use contract::harness::Version;
use contract::memory::Queues;
use contract::network::{Cable, Loopback, Namespace};
use contract::sockets::Sockets;

/// Makes the tests of one driver.
macro_rules! contract {
    ($name:ident, $harness:ty, $version:expr, [$($room:ident: $($behaviour:ident)*;)*]) => {
        mod $name {
            use super::*;

            $($(
                #[test]
                fn $behaviour() {
                    contract::harness::run::<$harness>($version, contract::$room::$behaviour);
                }
            )*)*
        }
    };
    ($name:ident, $harness:ty, $version:expr) => {
        contract!($name, $harness, $version, [
            receiving:
                what_is_sent_is_received_with_its_source_and_port
                packets_of_a_port_keep_their_order
                what_a_batch_has_no_room_for_comes_later
                two_ports_do_not_mix
                payloads_of_every_size_arrive_whole
                a_packet_longer_than_a_frame_is_counted_only
                a_traffic_class_arrives
                a_port_that_is_not_leased_is_not_received;
            sending:
                a_packet_leaves_from_its_port_to_its_destination
                payloads_of_every_size_leave_whole
                a_traffic_class_leaves
                ten_thousand_packets_echo_without_loss
                a_port_that_is_not_leased_does_not_send
                a_packet_longer_than_the_path_takes_is_counted
                a_destination_of_the_other_family_is_unreachable
                nobody_at_the_destination_changes_nothing;
            leasing:
                after_a_release_nothing_is_received_and_the_port_is_free
                a_leased_port_is_refused_and_stays_leased
                a_port_of_another_program_is_refused
                an_unknown_address_is_refused
                a_thousand_ports_work_side_by_side
                leases_that_come_and_go_while_packets_flow_lose_none
                a_driver_moves_to_another_thread;
            waiting:
                no_wait_returns_at_once
                a_wait_ends_in_time
                a_waker_ends_a_wait_of_another_thread
                a_waker_called_before_ends_the_next_wait
                a_packet_ends_a_wait
                a_signal_does_not_end_a_wait
                a_packet_that_is_counted_only_does_not_end_a_wait;
            resources:
                frames_without_a_route_return
                a_driver_without_frames_recovers
                statistics_add_up
                nothing_is_allocated_once_warm
                full_batches_take_few_system_calls;
        ]);
    };
}

contract!(memory, Queues, Version::V4);
contract!(mmsg_ipv4, Sockets<Mmsg, Loopback>, Version::V4);
contract!(mmsg_ipv6, Sockets<Mmsg, Loopback>, Version::V6);
contract!(uring_sockets_ipv4, Sockets<UringSockets, Loopback>, Version::V4);
contract!(uring_sockets_ipv6, Sockets<UringSockets, Loopback>, Version::V6);
contract!(uring_sklookup_ipv4, Sockets<UringSklookup, Cable>, Version::V4);
contract!(uring_sklookup_ipv6, Sockets<UringSklookup, Cable>, Version::V6);
contract!(afxdp_ipv4, Sockets<Afxdp, Cable>, Version::V4);
contract!(afxdp_ipv6, Sockets<Afxdp, Cable>, Version::V6);

// What only drivers with a socket per port have.
contract!(mmsg_sockets, Sockets<Mmsg, Loopback>, Version::V4, [
    adoption: a_bound_socket_is_as_good_as_a_lease a_socket_of_another_port_is_refused;
    resources: what_the_kernel_loses_is_counted;
]);
contract!(uring_sockets_sockets, Sockets<UringSockets, Loopback>, Version::V4, [
    adoption: a_bound_socket_is_as_good_as_a_lease a_socket_of_another_port_is_refused;
    resources: what_the_kernel_loses_is_counted;
]);

// The loopback interface takes more than any frame holds; only one of our own can be made shorter.
contract!(mmsg_mtu_ipv4, Sockets<Mmsg, Namespace>, Version::V4, [
    sending: a_packet_longer_than_the_path_takes_is_counted payloads_of_every_size_leave_whole;
]);
contract!(mmsg_mtu_ipv6, Sockets<Mmsg, Namespace>, Version::V6, [
    sending: a_packet_longer_than_the_path_takes_is_counted payloads_of_every_size_leave_whole;
]);
contract!(uring_sockets_mtu_ipv4, Sockets<UringSockets, Namespace>, Version::V4, [
    sending: a_packet_longer_than_the_path_takes_is_counted payloads_of_every_size_leave_whole;
]);
contract!(uring_sockets_mtu_ipv6, Sockets<UringSockets, Namespace>, Version::V6, [
    sending: a_packet_longer_than_the_path_takes_is_counted payloads_of_every_size_leave_whole;
]);

/// Makes the tests of interfaces that fail and fill up.
macro_rules! link_contract {
    ($($name:ident: $driver:ty,)*) => {
        $(contract!($name, Sockets<$driver, Cable>, Version::V4, [
            link:
                a_link_that_goes_down_and_comes_back_is_used_again
                a_vanished_interface_is_counted_and_ends_leases
                a_full_queue_towards_the_network_is_counted;
        ]);)*
    };
}

link_contract!(mmsg_link: Mmsg, uring_sockets_link: UringSockets, uring_sklookup_link: UringSklookup,);

// Frames of AF_XDP wait in no queue of the kernel, and an interface that vanishes is an error: `tests/xdp.rs`.
contract!(afxdp_link, Sockets<Afxdp, Cable>, Version::V4, [
    link: a_link_that_goes_down_and_comes_back_is_used_again;
]);
