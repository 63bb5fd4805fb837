//! The commands that prove and list what there is.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

#[test]
fn the_demo_proves_a_whole_call() {
    let output = trunkline(&["demo", "--fast", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["verdict"], "PASS", "{report:#}");
    assert!(output.status.success());
    let checks = report["checks"].as_array().unwrap();
    let names: Vec<_> = checks.iter().map(|check| check["name"].as_str().unwrap()).collect();
    let expected =
        ["start", "call", "audio", "audio back", "keys", "hold", "resume", "hang up", "record", "drained"];
    assert_eq!(names, expected);
    assert!(checks.iter().all(|check| check["ok"] == true));
}

#[test]
fn the_demo_carries_several_calls_and_writes_what_was_heard() {
    let wav = std::env::temp_dir().join(format!("heard-{}.wav", std::process::id()));
    let output = trunkline(&["demo", "--fast", "--calls", "3", "--wav", wav.to_str().unwrap()]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("3 of 3 answered: TLS with AES_CM_128_HMAC_SHA1_80 to UDP with RTP"), "{text}");
    assert!(text.contains("3 of 3 call detail records are right"), "{text}");
    assert!(text.contains("PASS: 10 of 10 checks"), "{text}");
    let sound = std::fs::read(&wav).unwrap();
    std::fs::remove_file(&wav).unwrap();
    assert!(sound.starts_with(b"RIFF") && sound.len() > 44 + 8000, "{} bytes", sound.len());
    // Not silence: somebody speaks as loudly as people do.
    let loudest = sound[44..].chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).max();
    assert!(loudest > Some(4000), "{loudest:?}");
}

#[test]
fn the_demo_can_be_repeated_in_its_folder() {
    let folder = std::env::temp_dir().join(format!("demo-again-{}", std::process::id()));
    for _ in 0..2 {
        let output = trunkline(&["demo", "--fast", "--json", "--data", folder.to_str().unwrap()]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["verdict"], "PASS", "{report:#}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_the_demo_cannot_write_is_told_before_it_begins() {
    let long = format!("/tmp/{}", "l".repeat(100));
    for (words, told) in [
        (["--data", "/proc/demo"], "--data /proc/demo: wanted a folder to write in"),
        (["--data", &long], "--data: wanted a path of 96 bytes at most"),
        (["--wav", "/tmp"], "--wav /tmp: wanted a file to write"),
    ] {
        let output = trunkline(&["demo", words[0], words[1], "--json"]);
        assert_eq!(output.status.code(), Some(2));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["verdict"], "FAIL");
        let detail = report["checks"][0]["detail"].as_str().unwrap();
        assert!(detail.starts_with(told), "{detail}");
    }
    let _ = std::fs::remove_dir(long);
}

#[test]
fn ctrl_c_ends_the_demo_at_once_and_leaves_nothing() {
    let started = Instant::now();
    let demo = Command::new(env!("CARGO_BIN_EXE_trunkline"))
        .args(["demo"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let folder = std::env::temp_dir().join(format!("trunkline-demo-{}", demo.id()));
    while !folder.join("signaling.log").exists() {
        assert!(started.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(5));
    }
    kill(Pid::from_raw(demo.id().cast_signed()), Signal::SIGINT).unwrap();
    let output = demo.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(!String::from_utf8(output.stdout).unwrap().contains("PASS"));
    assert!(!folder.exists());
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
