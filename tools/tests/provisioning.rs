//! The commands that check a configuration, provision, and say where a call goes.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::{env, fs, process};

use serde_json::Value;

fn trunkline(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trunkline")).args(words).output().expect("the command runs")
}

fn example(name: &str) -> String {
    format!("{}/deploy/example/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn folder(name: &str) -> PathBuf {
    env::temp_dir().join(format!("trunkline-{name}-{}", process::id()))
}

#[test]
fn the_examples_are_accepted() {
    let checked = trunkline(&["check", &example("trunkline.toml")]);
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    assert!(text(&checked.stdout).contains("sip: tls 192.0.2.10 port 5061\n"));
    assert!(text(&checked.stdout).contains("sip: logins by MD5, SHA-256, asked for with 401\n"));

    let data = folder("dry");
    let words = ["provision", "apply", &example("provisioning.toml"), "--dry-run", "--data"];
    let applied = trunkline(&[words.as_slice(), &[data.to_str().expect("a path of text")]].concat());
    assert!(applied.status.success(), "{}", text(&applied.stderr));
    assert!(text(&applied.stdout).contains("added 8, changed 0, removed 0, unchanged 0 (dry run"));
    assert!(!data.exists());
}

#[test]
fn what_is_wrong_is_told_to_people_and_to_programs() {
    let path = folder("wrong.toml");
    fs::write(&path, "[sip]\nchalenge = 401\n").expect("the folder can be written");
    let name = path.to_str().expect("a path of text");
    let told = trunkline(&["check", name]);
    assert_eq!(told.status.code(), Some(2));
    assert!(text(&told.stderr).contains(":2:1: wanted a key that is known here, found chalenge\n"));
    let told = trunkline(&["check", name, "--json"]);
    let value: Value = serde_json::from_slice(&told.stdout).expect("one JSON object");
    assert_eq!(
        (value["faults"][0]["line"].as_u64(), value["faults"][0]["type"].as_str()),
        (Some(2), Some("challenge"))
    );
    assert_eq!(told.status.code(), Some(2));
    fs::remove_file(path).expect("it was there");
}

#[test]
fn what_is_applied_is_shown_without_secrets_and_routed_by() {
    let data = folder("data");
    let name = data.to_str().expect("a path of text");
    assert!(
        trunkline(&["provision", "apply", &example("provisioning.toml"), "--data", name]).status.success()
    );
    let shown = text(&trunkline(&["provision", "show", "--data", name]).stdout);
    assert!(shown.contains("number +12065550101: Assigned headquarters0000000001\n"), "{shown}");
    let shown = text(&trunkline(&["provision", "show", "--data", name, "--json"]).stdout);
    assert!(shown.contains("SHA-256") && !shown.contains("ha1"), "{shown}");
    routes(&["--data", name]);
    fs::remove_dir_all(&data).expect("it was there");
}

#[test]
fn a_route_is_explained_before_anything_is_applied() {
    routes(&["--file", &example("provisioning.toml")]);
}

fn routes(place: &[&str]) {
    let route = |words: &[&str]| trunkline(&[&["route"], words, place].concat());
    let outbound = ["+14255550100", "--from", "+12065550101", "--connector", "headquarters0000000001"];
    let answer = route(&outbound);
    let said = text(&answer.stdout);
    assert!(answer.status.success(), "{said}{}", text(&answer.stderr));
    assert!(said.starts_with("assumed: logged in as headquarters\nyes  connector"), "{said}");
    assert!(said.contains("outbound: +14255550100, presents +12065550101\n"), "{said}");

    let inbound = ["+12065550101", "--from", "+14255550100", "--carrier", "north", "--json"];
    let value: Value = serde_json::from_slice(&route(&inbound).stdout).expect("one JSON object");
    assert_eq!(
        (value["outcome"].as_str(), value["targets"].as_array().map(Vec::len)),
        (Some("inbound"), Some(2))
    );

    let refused = route(&["4255550100", "--from", "+12065550101", "--source", "192.0.2.33"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stdout).contains("refused with 403: "), "{}", text(&refused.stdout));

    let unknown = route(&["+14255550100", "--from", "+12065550101", "--connector", "nobody"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("found nobody"), "{}", text(&unknown.stderr));
    let nobody = route(&["+14255550100", "--from", "+12065550101"]);
    assert_eq!(nobody.status.code(), Some(2));
}

#[test]
fn the_default_configuration_is_printed() {
    let printed = trunkline(&["check", "--default"]);
    assert!(printed.status.success() && text(&printed.stdout).contains("[sip]\n"));
}
