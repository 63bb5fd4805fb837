//! The command `loadgen calls` from outside: over loopback, with a small proxy in the place of the appliance.

mod proxy;

use std::process::{Command, Output};

use serde_json::Value;

use proxy::{Fault, Proxy};

fn loadgen(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.arg("calls").args(arguments).output().expect("the command runs")
}

/// Makes calls through a device with a fault, 40 of them unless told otherwise; returns exit code and report.
fn verdict(fault: Fault, arguments: &[&str]) -> (i32, Value) {
    let proxy = Proxy::start(fault);
    let (server, carrier) = (proxy.server.to_string(), proxy.carrier.to_string());
    let pid = std::process::id().to_string();
    let fixed = ["--server", &server, "--carrier", &carrier, "--host", "c.example", "--pid", &pid, "--json"];
    // A loaded machine is late, and no test here is about that.
    let short = ["--seconds", "1", "--hold", "50", "--patience", "2", "--late-max", "60000"];
    let rate: &[&str] = if arguments.contains(&"--rate") { &[] } else { &["--rate", "40"] };
    let output = loadgen(&[&fixed, &short[..], rate, arguments].concat());
    let (text, complaint) = (output.stdout, String::from_utf8_lossy(&output.stderr));
    let report = serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{error}: {complaint}"));
    (output.status.code().expect("it ends by itself"), report)
}

fn reasons(report: &Value) -> String {
    report["reasons"].to_string()
}

#[test]
fn calls_through_a_device_without_fault_pass_and_are_timed() {
    let (code, report) = verdict(Fault::None, &["--transit-max", "60000"]);
    assert_eq!((code, &report["verdict"]), (0, &"PASS".into()), "{report}");
    for count in ["attempts", "answered", "completed"] {
        assert_eq!(report[count], 40, "{report}");
    }
    for time in ["transit_ns", "dial_ns", "ack_ns", "bye_ns"] {
        assert_eq!(report[time]["count"], 40, "{time}: {report}");
    }
    assert!(report["dial_ns"]["p50"].as_u64() > report["transit_ns"]["p50"].as_u64());
    assert!(report["device"]["us_per_call"].as_f64().is_some_and(|us| us > 0.0), "{report}");
}

#[test]
fn an_invite_that_is_lost_is_sent_again() {
    let (code, report) = verdict(Fault::LoseOne, &["--transit-max", "60000"]);
    assert_eq!((code, &report["resent"], &report["completed"]), (0, &1.into(), &40.into()), "{report}");
}

#[test]
fn a_device_that_refuses_one_call_fails() {
    let (code, report) = verdict(Fault::RefuseOne, &[]);
    assert_eq!((code, &report["refused"]["486"]), (1, &1.into()), "{report}");
    assert!(reasons(&report).contains("1 refused, 0 lost, 0 not ended"), "{report}");
    assert_eq!(verdict(Fault::RefuseOne, &["--loss-max", "2.5", "--transit-max", "60000"]).0, 0);
}

#[test]
fn a_device_that_never_ends_one_call_fails() {
    let (code, report) = verdict(Fault::KeepOne, &[]);
    assert_eq!((code, &report["answered"]), (1, &40.into()), "{report}");
    assert!(reasons(&report).contains("0 refused, 0 lost, 1 not ended"), "{report}");
}

#[test]
fn a_device_that_says_nothing_loses_all_calls() {
    let (code, report) = verdict(Fault::Silent, &[]);
    assert_eq!((code, &report["lost"]), (1, &40.into()), "{report}");
    assert!(report["resent"].as_u64() >= Some(40), "{report}");
}

#[test]
fn a_device_that_takes_too_long_fails() {
    let (code, report) = verdict(Fault::Slow, &["--transit-max", "10", "--rate", "10"]);
    assert_eq!((code, &report["completed"]), (1, &10.into()), "{report}");
    assert!(reasons(&report).contains("10.0 ms allowed"), "{report}");
}

#[test]
fn beyond_its_rate_a_device_may_refuse_if_it_says_when_to_come_back() {
    let (code, report) = verdict(Fault::Shed, &["--rated", "10"]);
    assert_eq!((code, &report["answered"], &report["shed"]), (0, &10.into(), &30.into()), "{report}");
    assert_eq!(report["shedding_ns"]["count"], 30);
    let (code, report) = verdict(Fault::Shed, &["--rated", "20"]);
    assert!(code == 1 && reasons(&report).contains("wanted 19.0"), "{report}");
    let (code, report) = verdict(Fault::Shed, &[]);
    assert!(code == 1 && reasons(&report).contains("30 calls were refused for load"), "{report}");
    let (code, report) = verdict(Fault::ShedForGood, &["--rated", "10"]);
    assert_eq!((code, &report["refused"]["503"]), (1, &30.into()), "{report}");
}

#[test]
fn calls_that_stay_are_all_up_together() {
    let (code, report) = verdict(Fault::None, &["--concurrent", "40", "--transit-max", "60000"]);
    let concurrent = &report["device"]["concurrent"];
    assert_eq!((code, &concurrent["calls"], &report["completed"]), (0, &40.into(), &40.into()), "{report}");
    assert!(concurrent["bytes_per_call"].is_u64(), "{report}");
}

#[test]
fn calls_that_talk_stay_until_the_others_are_over() {
    // The proxy passes descriptions on as they are, so that both ends speak to each other.
    let (code, report) = verdict(Fault::None, &["--talk", "3", "--transit-max", "60000"]);
    assert_eq!(
        (code, &report["completed"], &report["talk"]["calls"]),
        (0, &40.into(), &3.into()),
        "{report}"
    );
    assert!(report["talk"]["sent"].as_u64() >= Some(60), "{report}");
    assert_eq!(report["talk"]["received"], report["talk"]["sent"]);
}

#[test]
fn a_search_ends_with_a_rate() {
    let search = ["--search", "--low", "20", "--high", "24", "--transit-max", "60000"];
    let proxy = Proxy::start(Fault::None);
    let (server, carrier) = (proxy.server.to_string(), proxy.carrier.to_string());
    let fixed =
        ["--server", &server, "--carrier", &carrier, "--host", "c.example", "--seconds", "1", "--json"];
    let output = loadgen(&[&fixed, &search[..], &["--hold", "50", "--late-max", "60000"]].concat());
    let report: Value = serde_json::from_slice(&output.stdout).expect("an object");
    assert_eq!((output.status.code(), &report["verdict"]), (Some(0), &"PASS".into()), "{report}");
    assert!(report["calls_per_second"].as_u64() >= Some(22), "{report}");
}

#[test]
fn wrong_commands_are_told_why() {
    let device = ["--server", "127.0.0.1:5060", "--host", "c.example", "--carrier", "127.0.0.2:0"];
    for (arguments, expected) in [
        (&[][..], "--server"),
        (&["--start", "--trunkline", "nowhere/trunkline"], "name it with --trunkline"),
        (&["--start", "--pid", "1"], "cannot be used with"),
        (&[&device[..], &["--pbx", "tls"]].concat(), "--root"),
        (&[&device[..], &["--address", "8.8.8.8"]].concat(), "--i-own-this-network"),
        (&[&device[..], &["--rate", "100000", "--seconds", "1000"]].concat(), "lower --rate"),
        (&[&device[..], &["--search", "--rated", "5"]].concat(), "cannot be used with"),
    ] {
        let output = loadgen(arguments);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(complaint.starts_with("loadgen: ") && complaint.contains(expected), "{complaint}");
    }
}
