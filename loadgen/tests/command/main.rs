//! The command from outside: over loopback, with a small stand-in for the media process.

mod stand_in;

use std::process::{Command, Output};
use std::time::Duration;

use control::{Request, Response, SessionId};
use loadgen::node::Node;
use serde_json::Value;

use stand_in::{Fault, StandIn};

/// Two sessions both ways, 50 packets each: 200 in all.
const SHORT: [&str; 6] = ["--flows", "2", "--seconds", "1", "--json", "--ptime=20"];

fn loadgen(stand_in: &StandIn, arguments: &[&str]) -> Output {
    let control = stand_in.path().to_str().expect("a path of letters");
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(["media", "--control", control]).args(arguments);
    command.output().expect("the command runs")
}

/// Runs the command against a device with a fault; returns its exit code and what it printed.
fn verdict(fault: Fault, arguments: &[&str]) -> (i32, Value) {
    let stand_in = StandIn::start(fault);
    let output = loadgen(&stand_in, &[&SHORT, arguments].concat());
    let text = String::from_utf8(output.stdout).expect("text");
    let complaint = String::from_utf8(output.stderr).expect("text");
    let report = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{complaint}"));
    assert_eq!(stand_in.sessions(), 0, "the command closes its sessions");
    (output.status.code().expect("it ends by itself"), report)
}

#[test]
fn two_hundred_packets_through_a_device_without_fault_pass() {
    let (code, report) = verdict(Fault::None, &[]);
    assert_eq!((code, &report["verdict"]), (0, &Value::from("PASS")), "{report}");
    assert_eq!((&report["sent"], &report["received"]), (&200.into(), &200.into()));
    for direction in report["directions"].as_array().expect("a list") {
        assert_eq!(direction["received"], 100);
        assert_eq!(direction["device"]["packets"], 100, "the device's own account stands beside ours");
        assert!(direction["latency_ns"]["max"].as_u64() >= direction["transit_ns"]["p50"].as_u64());
    }
}

#[test]
fn one_way_sends_from_side_a_alone() {
    // On the address of the device our ports are beside its own.
    let (code, report) = verdict(Fault::None, &["--one-way", "--address", "127.0.0.1"]);
    assert_eq!((code, &report["sent"]), (0, &100.into()), "{report}");
    assert_eq!(report["directions"][0]["direction"], "a_to_b");
    assert!(report["directions"][1].is_null());
}

#[test]
fn protected_media_passes_through_a_device_that_has_the_keys() {
    let suites = ["--suite-a", "AES_CM_128_HMAC_SHA1_80", "--suite-b", "AEAD_AES_256_GCM", "--rtcp-mux"];
    let (code, report) = verdict(Fault::None, &suites);
    assert_eq!((code, &report["received"]), (0, &200.into()), "{report}");
}

#[test]
fn a_device_that_drops_one_packet_fails() {
    let (code, report) = verdict(Fault::DropOne, &[]);
    assert_eq!((code, &report["lost"]), (1, &1.into()), "{report}");
    assert_eq!(report["reasons"][0], "lost 1 (0.5000 %, 0 % allowed)");
    assert_eq!(verdict(Fault::DropOne, &["--loss-max", "1"]).0, 0, "unless so much is allowed");
}

#[test]
fn a_device_that_flips_one_byte_fails() {
    let (code, report) = verdict(Fault::FlipOne, &["--loss-max", "50"]);
    assert_eq!((code, &report["reasons"][0]), (1, &"corrupt 1".into()), "{report}");
    assert_eq!(report["lost"], 0);
}

#[test]
fn a_device_that_repeats_one_packet_fails() {
    let (code, report) = verdict(Fault::RepeatOne, &["--loss-max", "50"]);
    assert_eq!((code, &report["reasons"][0]), (1, &"duplicates 1".into()), "{report}");
}

#[test]
fn a_device_that_swaps_two_flows_fails() {
    let (code, report) = verdict(Fault::SwapFlows, &["--loss-max", "50", "--one-way"]);
    assert_eq!((code, &report["reasons"][0]), (1, &"misdelivered 2".into()), "{report}");
}

#[test]
fn forged_packets_that_are_dropped_pass_and_are_told_by_kind_and_seed() {
    for suite in ["none", "AES_CM_128_HMAC_SHA1_80"] {
        let attack = ["--forge", "2", "--seed", "7", "--suite-a", suite];
        let (code, report) = verdict(Fault::None, &attack);
        assert_eq!((code, &report["received"]), (0, &200.into()), "{report}");
        let forgery = &report["forgery"];
        assert_eq!((&forgery["seed"], &forgery["factor"]), (&7.into(), &2.0.into()));
        assert_eq!((&forgery["sent"], &forgery["forged_delivered"]), (&400.into(), &0.into()));
        assert_eq!(forgery["device"]["dropped_by_reason"]["wrong_source"], 400, "{report}");
        let replays = forgery["sent_by_kind"]["replay"].as_u64().expect("a number");
        assert_eq!(replays > 0, suite != "none", "{report}");
    }
}

#[test]
fn a_device_that_passes_on_one_forged_packet_fails() {
    let (code, report) = verdict(Fault::PassForged, &["--forge", "1", "--loss-max", "50"]);
    assert_eq!((code, &report["reasons"][0]), (1, &"forged packets delivered 1".into()), "{report}");
    assert_eq!(report["forgery"]["forged_delivered"], 1);
}

#[test]
fn a_device_whose_books_do_not_account_for_all_packets_fails() {
    let (code, report) = verdict(Fault::Forget, &["--forge", "1"]);
    let expected = "device dropped 199 packets of 200 forged ones that reached it";
    assert!(
        code == 1 && report["reasons"].as_array().is_some_and(|reasons| reasons.contains(&expected.into())),
        "{report}"
    );
}

#[test]
fn people_are_told_how_to_repeat_an_attack() {
    let stand_in = StandIn::start(Fault::None);
    let output = loadgen(&stand_in, &["--flows", "1", "--seconds", "1", "--forge", "0.5"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("forged: 50 sent, 0 delivered (--forge 0.5 --seed "),
        "{text}"
    );
    assert!(text.contains("device, dropped by reason: wrong_source 50"), "{text}");
}

#[test]
fn a_device_without_ports_is_told_with_what_to_do() {
    let stand_in = StandIn::start(Fault::NoPorts);
    let output = loadgen(&stand_in, &SHORT);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        complaint.contains("session 2 of 2: refused: ports_exhausted; ask for fewer --flows"),
        "{complaint}"
    );
    assert_eq!(stand_in.sessions(), 0, "the first session is closed again");
}

#[test]
fn an_interrupted_run_closes_its_sessions_and_says_how_far_it_came() {
    let stand_in = StandIn::start(Fault::None);
    let control = stand_in.path().to_str().expect("a path of letters");
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(["media", "--control", control, "--seconds", "3600", "--flows", "2"]);
    let child = command.stdout(std::process::Stdio::piped()).spawn().expect("the command runs");
    stand_in.await_packets(10);
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill is there").success());
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("note: stopped after"), "{text}");
    assert_eq!(stand_in.sessions(), 0);
}

#[test]
fn a_search_ends_with_a_rate() {
    let stand_in = StandIn::start(Fault::None);
    let search =
        ["--search", "--low", "100", "--high", "400", "--repeats", "1", "--rates-max", "2", "--flows", "2"];
    let output =
        loadgen(&stand_in, &[&search[..], &["--seconds", "1", "--json", "--late-max", "60000"]].concat());
    let report: Value = serde_json::from_slice(&output.stdout).expect("an object");
    assert_eq!(
        (output.status.code(), report["tried"].as_array().map(Vec::len)),
        (Some(0), Some(2)),
        "{report}"
    );
    assert_eq!(report["packets_per_second"], 250);
}

#[test]
fn wrong_commands_are_told_why() {
    let stand_in = StandIn::start(Fault::None);
    for (arguments, expected) in [
        (&["--address", "8.8.8.8"][..], "--i-own-this-network"),
        (&["--payload", "39"], "wanted 40 to"),
        (&["--suite-a", "ROT13"], "AEAD_AES_128_GCM"),
        (&["--side", "packet"], "--interface"),
        (&["--realm", "other"], "realm_unknown; name another --realm"),
        (&["--loss-max", "101"], "wanted 0 to 100"),
        (&["--forge", "20.5"], "wanted 0.001 to 20"),
        (&["--forge", "2", "--search"], "cannot be used with"),
        (&["--seed", "2"], "--forge"),
        (&["--rate", "5", "--ptime", "5"], "cannot be used with"),
    ] {
        let output = loadgen(&stand_in, arguments);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(complaint.starts_with("loadgen: ") && complaint.contains(expected), "{complaint}");
    }
}

#[test]
fn a_missing_socket_is_told_with_what_to_start() {
    let error = Node::connect("nowhere/media.sock").err().expect("nobody listens there").to_string();
    assert!(error.contains("nowhere/media.sock") && error.contains("trunkline media"), "{error}");
}

#[test]
fn thousands_of_sessions_are_listed_in_order_and_closed() {
    let stand_in = StandIn::start(Fault::None);
    let mut node = Node::connect(stand_in.path()).expect("it listens");
    let ids = || (0..1_000).map(SessionId);
    let granted = node.apply_all(ids().map(stand_in::spec), 64).expect("it answers");
    assert!(granted.iter().all(Result::is_ok) && granted.len() == 1_000);
    let listed: Vec<_> = node.sessions().expect("it answers").iter().map(|state| state.session).collect();
    assert_eq!(listed, ids().collect::<Vec<_>>());
    let answer = node.ask(Request::Describe(SessionId(7))).expect("it answers");
    assert!(matches!(answer, Response::Session { state, .. } if state.session == SessionId(7)));
    let summaries = node.close_all(ids().chain([SessionId(5_000)]), 64).expect("it answers");
    assert_eq!(summaries.iter().filter(|summary| summary.is_some()).count(), 1_000);
    assert_eq!(summaries.last(), Some(&None), "one is unknown");
    assert_eq!(node.sessions().expect("it answers"), []);
}

#[test]
fn events_come_between_answers_and_none_is_no_error() {
    let stand_in = StandIn::start(Fault::None);
    let mut node = Node::connect(stand_in.path()).expect("it listens");
    assert_eq!(node.next_event(Duration::from_millis(1)).expect("it is there"), None);
    node.ask(Request::Subscribe).expect("it answers");
    // The stand-in tells of each session that is closed.
    node.apply_all([stand_in::spec(SessionId(3))], 1).expect("it answers");
    node.close_all([SessionId(3)], 1).expect("it answers");
    let event = node.next_event(Duration::from_secs(9)).expect("it is there");
    assert_eq!(event, Some(control::Event::MediaTimeout { session: SessionId(3) }));
}

#[test]
fn a_process_that_hangs_up_is_told() {
    let stand_in = StandIn::start(Fault::HangUp);
    let mut node = Node::connect(stand_in.path()).expect("it listens");
    let error = node.ask(Request::Statistics).expect_err("it hangs up").to_string();
    assert!(error.contains("closed the connection"), "{error}");
}
