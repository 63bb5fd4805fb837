//! `trunkline provision`: replaces and shows connectors, numbers and carriers.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use settings::provision::{self, Applied, HostDisk};
use trunk::records::Records;
use trunk::snapshot::Snapshot;

use crate::{Outcome, faults};

/// Replace or show what is provisioned: connectors, groups, numbers, carriers, credentials.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Replace what is provisioned with what the files say; what they do not say is gone after.
    Apply {
        /// The files.
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// The data directory.
        #[arg(long = "data", value_name = "DIR", default_value = DATA)]
        data_dir: PathBuf,
        /// Say what would change, and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// Print one JSON object instead.
        #[arg(long)]
        json: bool,
    },
    /// Show what is provisioned.
    Show {
        /// The data directory.
        #[arg(long = "data", value_name = "DIR", default_value = DATA)]
        data_dir: PathBuf,
        /// Print one JSON object instead.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    match &arguments.command {
        Command::Apply { files, data_dir, dry_run, json } => {
            let plan = provision::plan(files, data_dir);
            let applied = plan.and_then(|plan| match dry_run {
                true => Ok(plan.applied),
                false => plan.commit(&mut HostDisk),
            });
            match applied {
                Ok(applied) => tell(&applied, *dry_run, *json),
                Err(faults) => faults::tell(&faults, *json),
            }
        }
        Command::Show { data_dir, json } => match provision::load(data_dir) {
            Ok(records) => show(&records, *json),
            Err(faults) => faults::tell(&faults, *json),
        },
    }
}

fn tell(applied: &Applied, is_dry: bool, is_json: bool) -> Outcome {
    let mut stdout = io::stdout().lock();
    let Applied { added, changed, removed, unchanged } = applied;
    if is_json {
        let value = json!({
            "ok": true, "dry_run": is_dry, "added": added, "changed": changed, "removed": removed,
            "unchanged": unchanged,
        });
        writeln!(stdout, "{value}")?;
    } else {
        writeln!(stdout, "{applied}{}", if is_dry { " (dry run: nothing was done)" } else { "" })?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(records: &Records, is_json: bool) -> Outcome {
    let mut stdout = io::stdout().lock();
    if is_json {
        let mut value = serde_json::to_value(records)?;
        withhold(&mut value);
        writeln!(stdout, "{value}")?;
        return Ok(ExitCode::SUCCESS);
    }
    if records.zone.is_empty() {
        writeln!(stdout, "nothing is provisioned; type: trunkline provision apply FILE")?;
        return Ok(ExitCode::SUCCESS);
    }
    let snapshot = Snapshot::build(records)?;
    for carrier in snapshot.carriers() {
        writeln!(stdout, "carrier {}: {}", carrier.id, carrier.name)?;
    }
    for link in snapshot.links() {
        writeln!(stdout, "link {} of {}: {}, priority {}", link.id, link.carrier, link.peer, link.priority)?;
    }
    for connector in snapshot.connectors() {
        let host = snapshot.outbound_host_name(&connector.id);
        let encryption = if connector.require_encryption { ", encrypted" } else { "" };
        writeln!(stdout, "voice connector {}: {host}{encryption}", connector.name)?;
    }
    for group in snapshot.groups() {
        let items = snapshot.connectors_of(group).map(|(connector, _)| connector.name.to_string());
        writeln!(stdout, "group {} {}: {}", group.id, group.name, items.collect::<Vec<_>>().join(", "))?;
    }
    for number in &records.phone_numbers {
        let homes = number.associations.iter().map(|association| association.value.as_str());
        let homes = homes.collect::<Vec<_>>().join(", ");
        writeln!(stdout, "number {}: {:?} {homes}", number.e164_phone_number, number.status)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes out the hashes of passwords, which let whoever reads them log in.
fn withhold(value: &mut Value) {
    match value {
        Value::Object(pairs) => {
            pairs.remove("ha1");
            pairs.values_mut().for_each(withhold);
        }
        Value::Array(values) => values.iter_mut().for_each(withhold),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

/// Where the appliance keeps its data if nothing is configured.
pub(crate) const DATA: &str = "/var/lib/trunkline";
