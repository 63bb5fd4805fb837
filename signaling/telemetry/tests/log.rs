//! Lines as they are read: by people, by programs, and after somebody has tried to forge one.

use std::time::Duration;

use serde_json::Value;
use telemetry::log::{Format, Levels, Log};
use telemetry::{Hidden, Personal, say_to};

fn log(format: Format, levels: &str) -> Log<Vec<u8>> {
    Log::to_writer(format, levels.parse::<Levels>().expect("these are levels"), Vec::new())
}

fn written(log: Log<Vec<u8>>) -> String {
    String::from_utf8(log.finish()).expect("lines are text")
}

/// A line of text without its time.
fn one_text(said: impl FnOnce(&Log<Vec<u8>>)) -> String {
    let log = log(Format::Text, "debug");
    said(&log);
    let text = written(log);
    assert_eq!(text.matches('\n').count(), 1, "{text}");
    text.trim_end().split_once(' ').expect("the time stands first").1.to_owned()
}

fn one_json(said: impl FnOnce(&Log<Vec<u8>>)) -> Value {
    let log = log(Format::Json, "debug");
    said(&log);
    let text = written(log);
    assert_eq!(text.matches('\n').count(), 1, "{text}");
    serde_json::from_str(&text).expect("a line is an object")
}

#[test]
fn a_line_has_its_fields_in_the_order_in_which_they_were_said() {
    let said = |log: &Log<Vec<u8>>| {
        let reason = format_args!("{} {}", "no", "answer").to_string();
        say_to!(
            log,
            Warn,
            "node is down",
            node = "media-1",
            sessions = 12_usize,
            reason = reason,
            again = true
        );
    };
    assert_eq!(
        one_text(said),
        "WARN telemetry: node is down node=media-1 sessions=12 reason=\"no answer\" again=true"
    );
    let object = one_json(said);
    assert_eq!(object["level"], "WARN");
    assert_eq!(object["room"], "telemetry");
    assert_eq!(object["message"], "node is down");
    assert_eq!((&object["node"], &object["sessions"]), (&Value::from("media-1"), &Value::from(12)));
    assert_eq!((&object["reason"], &object["again"]), (&Value::from("no answer"), &Value::from(true)));
    let time = object["time"].as_str().expect("it is a text");
    assert!(time.len() == "2026-01-01T00:00:00.000Z".len() && time.ends_with('Z'), "{time}");
}

#[test]
fn a_peer_cannot_forge_a_line_or_move_the_cursor() {
    let agent =
        "x\" level=ERROR\n2026-01-01T00:00:00.000Z ERROR cdr: lost\r\u{1b}[2J\u{7f}\u{85}\u{2028}\u{202e}\\";
    let line = one_text(|log| say_to!(log, Info, "call", agent = agent));
    assert_eq!(
        line,
        "INFO telemetry: call agent=\"x\\\" level=ERROR\\n2026-01-01T00:00:00.000Z ERROR cdr: \
         lost\\r\\u001b[2J\\u007f\\u0085\\u2028\\u202e\\\\\""
    );
    assert_eq!(one_json(|log| say_to!(log, Info, "call", agent = agent))["agent"], agent);
}

#[test]
fn a_long_value_is_cut_and_says_so() {
    let long = "a".repeat(10_000);
    let line = one_text(|log| say_to!(log, Info, "call", agent = long));
    assert!(line.ends_with("a…\"") && line.len() < 1_200, "{} bytes", line.len());
}

#[test]
fn secrets_are_never_written_and_numbers_in_full_only_for_debugging() {
    let password = Hidden::new("sesame");
    let caller = Personal("+49301234567");
    let above = one_text(|log| say_to!(log, Info, "call", password = password, caller = caller));
    assert_eq!(above, "INFO telemetry: call password=… caller=…67");
    let debug = one_text(|log| say_to!(log, Debug, "call", password = password, caller = caller));
    assert_eq!(debug, "DEBUG telemetry: call password=… caller=+49301234567");
}

#[test]
fn what_a_room_does_not_say_costs_no_value() {
    let mut asked = 0;
    let mut ask = || {
        asked += 1;
        asked
    };
    let log = log(Format::Text, "debug,telemetry=warn");
    say_to!(log, Info, "not wanted", number = ask());
    say_to!(log, Error, "wanted", number = ask());
    let text = written(log);
    assert!(text.ends_with("ERROR telemetry: wanted number=1\n") && text.lines().count() == 1, "{text}");
}

#[test]
fn absent_values_durations_and_addresses_are_told() {
    let from: std::net::SocketAddr = "[2001:db8::1]:5060".parse().expect("an address");
    let line = one_text(|log| {
        let (wait, nothing) = (Duration::from_millis(1500), None::<u32>);
        say_to!(log, Debug, "answer", wait = wait, nothing = nothing, from = from, empty = "");
    });
    assert_eq!(
        line,
        "DEBUG telemetry: answer wait=1.500000s nothing=none from=[2001:db8::1]:5060 empty=\"\""
    );
}

#[test]
fn what_was_said_is_written_when_the_process_ends() {
    let finish = telemetry::log::start(Format::Text, "error".parse().expect("a level"));
    telemetry::say!(Info, "nobody wants to read this", number = 1);
    assert!(telemetry::log::started().is_some());
    drop(finish);
}
