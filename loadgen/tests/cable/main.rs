//! Sides without sockets, over a virtual cable: the generator at one end, a stand-in for the media process at the other.

use std::io::Write;
use std::process::Command;

use serde_json::Value;

use stand_in::{Fault, StandIn};
use veth::{FAR_IPV4, FAR_IPV6, NEAR, NEAR_IPV4, NEAR_IPV6, Veth};

#[expect(dead_code, reason = "the tests of the command use more of it")]
#[path = "../command/stand_in.rs"]
mod stand_in;
#[path = "../../../dataplane/netio/tests/contract/veth.rs"]
mod veth;

#[test]
fn packets_of_a_packet_socket_pass_in_both_versions_of_ip() {
    for (near, far) in [(NEAR_IPV4, FAR_IPV4), (NEAR_IPV6, FAR_IPV6)] {
        let Some((code, report)) = verdict("packet", near, far, Fault::None) else { return };
        assert_eq!((code, &report["received"]), (0, &200.into()), "{report}");
        assert_eq!(report["side"], "packet");
    }
}

#[test]
fn a_packet_that_is_dropped_is_missed_by_a_packet_socket_as_well() {
    let Some((code, report)) = verdict("packet", NEAR_IPV4, FAR_IPV4, Fault::DropOne) else { return };
    assert_eq!((code, &report["lost"]), (1, &1.into()), "{report}");
}

#[test]
fn a_packet_socket_speaks_for_addresses_that_nobody_has() {
    let Some((code, report)) = verdict("packet", "192.0.2.77", FAR_IPV4, Fault::None) else { return };
    assert_eq!((code, &report["received"]), (0, &200.into()), "{report}");
}

#[test]
fn forged_packets_come_from_other_addresses_and_ports_and_every_one_is_dropped() {
    for (near, far) in [(NEAR_IPV4, FAR_IPV4), (NEAR_IPV6, FAR_IPV6)] {
        let attack = ["--forge", "2", "--suite-b", "AES_CM_128_HMAC_SHA1_80"];
        let Some((code, report)) = attacked("packet", near, far, Fault::None, &attack) else { return };
        assert_eq!((code, &report["received"]), (0, &200.into()), "{report}");
        assert_eq!(report["forgery"]["device"]["dropped"], 400, "{report}");
        assert!(report["forgery"]["sent_by_kind"]["stranger"].as_u64() > Some(50), "{report}");
    }
}

#[test]
fn packets_past_the_kernel_pass() {
    let Some((code, report)) = verdict("xdp", NEAR_IPV4, FAR_IPV4, Fault::None) else { return };
    assert_eq!((code, &report["received"]), (0, &200.into()), "{report}");
    assert_eq!(report["side"], "afxdp");
}

/// Runs the command at one end of a cable; none if there can be no cable here.
fn verdict(side: &str, near: &str, far: &str, fault: Fault) -> Option<(i32, Value)> {
    attacked(side, near, far, fault, &[])
}

/// The same with more arguments.
fn attacked(side: &str, near: &str, far: &str, fault: Fault, more: &[&str]) -> Option<(i32, Value)> {
    let veth = match Veth::new(1) {
        Ok(veth) => veth,
        Err(lacking) => {
            writeln!(std::io::stderr(), "SKIPPED: side {side}: {lacking}").expect("stderr is open");
            return None;
        }
    };
    veth.introduce();
    // A thread starts in the network namespace of the one that started it, and so does a process.
    let stand_in = veth.at_far_end(|| StandIn::start_at(far.parse().expect("an address"), fault));
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(["media", "--side", side, "--interface", NEAR, "--address", near, "--control"]);
    command.arg(stand_in.path()).args(["--flows", "2", "--seconds", "1", "--json"]).args(more);
    let output = command.output().expect("the command runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    let report =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {complaint}"));
    Some((output.status.code().expect("it ends by itself"), report))
}
