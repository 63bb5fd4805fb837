//! `cargo tidy`: the law of the house, as a program.
//!
//! Everything the rules may look at is loaded once into a [`House`]; each rule is then one pure function from
//! the house to its [`Finding`]s, in a file of its own below `rules/`. To learn the law, read `rules.rs`.
#![forbid(unsafe_code)]

mod code;
mod date;
mod error;
mod finding;
mod house;
mod markdown;
mod rules;
#[cfg(test)]
mod sample;

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::date::Date;
use crate::error::Error;
use crate::finding::{Finding, Weight};
use crate::house::House;
use crate::rules::{RULES, Rule};

/// Checks the whole workspace against the law of the house.
#[derive(Parser)]
#[command(name = "cargo tidy")]
struct Command {
    /// The rules to run; all of them when none is named.
    rules: Vec<String>,
    /// Lists the rules, one sentence each, and checks nothing.
    #[arg(long)]
    list: bool,
    /// Prints notices too: what is near a limit, and what is excepted with a reason.
    #[arg(long)]
    notices: bool,
}

fn main() -> ExitCode {
    match run(&Command::parse(), &mut io::stdout().lock()) {
        Ok(Verdict::Clean) => ExitCode::SUCCESS,
        Ok(Verdict::Faulty) => ExitCode::from(1),
        Err(error) => {
            // Nothing is left to tell it to when stderr is closed as well.
            let _closed = writeln!(io::stderr(), "tidy: {error}");
            ExitCode::from(2)
        }
    }
}

/// What a run comes to; [`main`] turns it into an exit code.
#[derive(Debug, PartialEq)]
enum Verdict {
    Clean,
    Faulty,
}

fn run(command: &Command, output: &mut impl Write) -> Result<Verdict, Error> {
    if command.list {
        for rule in &RULES {
            writeln!(output, "{:14} {}", rule.name, rule.law)?;
        }
        return Ok(Verdict::Clean);
    }
    let chosen = choose(&command.rules)?;
    let root = workspace_root(&env::current_dir()?)?;
    let house = House::load(&root, Date::today())?;
    check(&house, &chosen, command.notices, output)
}

fn choose(names: &[String]) -> Result<Vec<&'static Rule>, Error> {
    if names.is_empty() {
        return Ok(RULES.iter().collect());
    }
    names
        .iter()
        .map(|name| {
            RULES
                .iter()
                .find(|rule| rule.name == name)
                .ok_or_else(|| Error::UnknownRule { name: name.clone() })
        })
        .collect()
}

/// Walks up from `folder` to the manifest that holds the workspace, so that tidy may be called from any room.
fn workspace_root(folder: &Path) -> Result<PathBuf, Error> {
    for candidate in folder.ancestors() {
        let manifest = candidate.join("Cargo.toml");
        if !manifest.is_file() {
            continue;
        }
        let text =
            std::fs::read_to_string(&manifest).map_err(|cause| Error::Read { path: manifest, cause })?;
        if text.lines().any(|line| line.trim() == "[workspace]") {
            return Ok(candidate.to_path_buf());
        }
    }
    Err(Error::NoWorkspace { folder: folder.to_path_buf() })
}

/// Runs the chosen rules and prints what they find, one line each, and a summary.
fn check(house: &House, chosen: &[&Rule], notices: bool, output: &mut impl Write) -> Result<Verdict, Error> {
    let mut faults = 0;
    for rule in chosen {
        let mut findings = (rule.check)(house);
        findings.sort();
        for Finding { path, line, weight, found, advice } in &findings {
            match weight {
                Weight::Fault => {
                    faults += 1;
                    writeln!(output, "{path}:{line}: {}: {found}; {advice}", rule.name)?;
                }
                Weight::Notice if notices => {
                    writeln!(output, "{path}:{line}: {} (notice): {found}; {advice}", rule.name)?;
                }
                Weight::Notice => {}
            }
        }
    }
    writeln!(output, "tidy: rules: {}, files: {}, findings: {faults}", chosen.len(), house.files.len())?;
    Ok(if faults == 0 { Verdict::Clean } else { Verdict::Faulty })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Sample, TemporaryFolder};

    #[test]
    fn the_findings_of_a_real_tree_name_path_line_and_rule() {
        let folder = TemporaryFolder::new();
        folder.write_workspace("wire");
        folder.write("wire/src/lib.rs", "#![forbid(unsafe_code)]\nmod util;\n");
        folder.write("wire/src/util.rs", "");
        let house = House::load(folder.path(), sample::TODAY).unwrap();
        let mut output = Vec::new();

        let verdict = check(&house, &choose(&["names".into()]).unwrap(), false, &mut output).unwrap();

        assert_eq!(verdict, Verdict::Faulty);
        let printed = String::from_utf8(output).unwrap();
        assert!(printed.contains("wire/src/util.rs:1: names: "), "{printed}");
        assert!(printed.ends_with("findings: 2\n"), "{printed}");
    }

    #[test]
    fn a_notice_is_printed_on_demand_and_fails_nothing() {
        let house = Sample::new().file("wire/src/lib.rs", &"\n".repeat(600)).house();
        let chosen = choose(&["file_size".into()]).unwrap();
        let (mut quiet, mut wordy) = (Vec::new(), Vec::new());

        assert_eq!(check(&house, &chosen, false, &mut quiet).unwrap(), Verdict::Clean);
        assert_eq!(check(&house, &chosen, true, &mut wordy).unwrap(), Verdict::Clean);

        assert!(!String::from_utf8(quiet).unwrap().contains("notice"));
        assert!(String::from_utf8(wordy).unwrap().starts_with("wire/src/lib.rs:1: file_size (notice): "));
    }

    #[test]
    fn the_list_has_a_sentence_for_every_rule() {
        let mut output = Vec::new();
        run(&Command { rules: Vec::new(), list: true, notices: false }, &mut output).unwrap();
        assert_eq!(String::from_utf8(output).unwrap().lines().count(), RULES.len());
    }

    #[test]
    fn an_unknown_rule_is_refused_and_a_known_one_is_not() {
        assert!(matches!(choose(&["wall".into()]), Err(Error::UnknownRule { .. })));
        assert_eq!(choose(&["walls".into()]).unwrap().len(), 1);
    }

    #[test]
    fn the_root_is_found_from_a_room_below_it_and_not_from_elsewhere() {
        let folder = TemporaryFolder::new();
        assert!(matches!(workspace_root(folder.path()), Err(Error::NoWorkspace { .. })));

        folder.write_workspace("wire");
        assert_eq!(workspace_root(&folder.path().join("wire/src")).unwrap(), folder.path());
    }
}
