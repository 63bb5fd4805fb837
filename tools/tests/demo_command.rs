//! The commands that prove and list what there is.

use std::process::{Command, Output};

use serde_json::Value;

#[test]
fn the_demo_proves_that_media_arrive_and_attacks_do_not_in_every_suite() {
    let output = trunkline(&["demo", "--fast", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["verdict"], "PASS", "{report:#}");
    assert!(output.status.success());
    let checks = report["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 8 * 2);
    assert!(checks.iter().all(|check| check["ok"] == true));
    assert_eq!(checks[15]["name"], "AEAD_AES_256_GCM attacks");
}

#[test]
fn the_demo_shows_a_line_for_each_suite_and_says_what_is_not_there_yet() {
    let output = trunkline(&["demo", "--fast"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("not part of it yet: signaling and the relay\n"), "{text}");
    assert_eq!(text.matches(" ok: 306 of 306 packets bit for bit across a rollover; ").count(), 8, "{text}");
    assert!(text.contains("PASS: 16 of 16 checks"), "{text}");
}

#[test]
fn suites_are_listed_with_both_spellings_and_their_lengths() {
    let text = String::from_utf8(trunkline(&["suites"]).stdout).unwrap();
    let line = text.lines().find(|line| line.starts_with("AES_256_CM_HMAC_SHA1_32")).unwrap();
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!(words, ["AES_256_CM_HMAC_SHA1_32", "32", "14", "4", "10", "AES_CM_256_HMAC_SHA1_32"]);
    assert!(text.contains("engine: "), "{text}");

    let listed: Value = serde_json::from_slice(&trunkline(&["suites", "--json"]).stdout).unwrap();
    assert_eq!(listed["suites"].as_array().unwrap().len(), 8);
    assert_eq!(listed["suites"][6]["name"], "AEAD_AES_128_GCM");
    assert_eq!(listed["suites"][6]["also_written"], Value::Null);
}

#[test]
fn who_asks_for_nothing_or_for_something_unknown_gets_help() {
    let help = trunkline(&["--help"]);
    assert!(help.status.success());
    let output = trunkline(&[]);
    assert_eq!(output.status.code(), Some(2));
    let output_of_unknown = trunkline(&["dmeo"]);
    assert_eq!(output_of_unknown.status.code(), Some(2));
    let message = String::from_utf8(output_of_unknown.stderr).unwrap();
    assert!(message.starts_with("trunkline: unrecognized subcommand 'dmeo'\n"), "{message}");
    for text in [help.stdout, output.stderr, message.into_bytes()] {
        let text = String::from_utf8(text).unwrap();
        for command in ["demo", "srtp", "suites", "First steps:"] {
            assert!(text.contains(command), "{text}");
        }
    }
}

fn trunkline(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trunkline")).args(words).output().expect("the command runs")
}
