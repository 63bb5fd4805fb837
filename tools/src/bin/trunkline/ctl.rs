//! `trunkline ctl`: looks into a running media process, and opens sessions for the lab.

mod lab;
mod table;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use control::{Request, Response, SessionId};
use loadgen::node::{Node, WINDOW_MAX};
use serde_json::{Value, json};

use crate::Outcome;
use table::Table;

/// Look into a running media process.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The control socket of the process.
    #[arg(long, value_name = "SOCKET")]
    control: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args, Clone, Copy)]
struct Form {
    /// Print one JSON object instead.
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// List the sessions, and what each relayed.
    Sessions(Form),
    /// Show all counters: packets, why some were dropped, and what the driver says.
    Stats(Form),
    /// Show how many ports each realm has and uses.
    Ports(Form),
    /// Show what each worker does.
    Workers(Form),
    /// Open sessions between two ends of a lab, and print a line for each: source port, leased port.
    LabOpen(lab::Arguments),
    /// End sessions.
    Close {
        /// The sessions, by their numbers; all of them if none is named.
        #[arg(value_name = "ID")]
        sessions: Vec<u64>,
        #[command(flatten)]
        form: Form,
    },
}

pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let mut node = Node::connect(&arguments.control)?;
    let (text, value, form) = match &arguments.command {
        Command::Sessions(form) => sessions(&mut node, *form)?,
        Command::Stats(form) => stats(&mut node, *form)?,
        Command::Ports(form) => ports(&mut node, *form)?,
        Command::Workers(form) => workers(&mut node, *form)?,
        Command::LabOpen(arguments) => lab::open(&mut node, arguments)?,
        Command::Close { sessions, form } => close(&mut node, sessions, *form)?,
    };
    let mut stdout = io::stdout().lock();
    if form.json {
        writeln!(stdout, "{value}")?
    } else {
        write!(stdout, "{text}")?
    }
    Ok(ExitCode::SUCCESS)
}

/// What a command prints: for people, for programs, and for whom this time.
type Answer = Result<(String, Value, Form), Box<dyn std::error::Error>>;

fn unexpected(response: &Response) -> Box<dyn std::error::Error> {
    format!("the media process answered something else: {response:?}").into()
}

fn sessions(node: &mut Node, form: Form) -> Answer {
    let ids: Vec<SessionId> = node.sessions()?.iter().map(|state| state.session).collect();
    let mut table = Table::new(&[
        "session",
        "epoch",
        "worker",
        "side",
        "port",
        "remote",
        "packets",
        "lost",
        "dropped",
        "jitter ms",
        "mos",
    ]);
    let mut values = Vec::new();
    for answer in node.ask_all(ids.into_iter().map(Request::Describe), WINDOW_MAX)? {
        // A session that ended meanwhile is none to list.
        let Response::Session { state, remotes, summary } = answer else { continue };
        let id = state.session.0;
        let sides = [("a", state.ports.a), ("b", state.ports.b)];
        let mut side_values = serde_json::Map::new();
        for (((name, port), remote), from) in sides.into_iter().zip(remotes).zip(summary.from) {
            let remote = remote.map(|remote| remote.to_string());
            let (jitter_ms, mos) = (f64::from(from.jitter_us) / 1000.0, f64::from(from.mos_x100) / 100.0);
            table.row([
                id.to_string(),
                state.epoch.0.to_string(),
                state.worker.to_string(),
                name.to_owned(),
                port.to_string(),
                remote.clone().unwrap_or_else(|| "-".to_owned()),
                from.packets.to_string(),
                from.lost.to_string(),
                from.dropped.to_string(),
                format!("{jitter_ms:.1}"),
                format!("{mos:.2}"),
            ]);
            side_values.insert(
                name.to_owned(),
                json!({
                    "port": port.to_string(), "remote": remote, "packets": from.packets, "bytes": from.bytes,
                    "rtcp_packets": from.rtcp_packets, "lost": from.lost, "duplicates": from.duplicates,
                    "reordered": from.reordered, "dropped": from.dropped, "bad_tags": from.bad_tags,
                    "jitter_ms": jitter_ms, "mos": mos,
                }),
            );
        }
        values.push(json!({
            "session": id, "epoch": state.epoch.0, "worker": state.worker, "sides": side_values,
        }));
    }
    Ok((table.to_string(), json!({ "sessions": values }), form))
}

fn stats(node: &mut Node, form: Form) -> Answer {
    let response = node.ask(Request::Statistics)?;
    let Response::Statistics(counts) = response else { return Err(unexpected(&response)) };
    let mut table = Table::new(&["counter", "value"]);
    let mut values = serde_json::Map::new();
    for count in counts {
        table.row([count.name.clone(), count.value.to_string()]);
        values.insert(count.name, count.value.into());
    }
    Ok((table.to_string(), Value::Object(values), form))
}

fn ports(node: &mut Node, form: Form) -> Answer {
    let response = node.ask(Request::Realms)?;
    let Response::Realms(realms) = response else { return Err(unexpected(&response)) };
    let mut table = Table::new(&["realm", "address", "ports", "leased", "resting", "free"]);
    let mut values = Vec::new();
    for realm in realms {
        let count = u32::from(realm.last_port) - u32::from(realm.first_port) + 1;
        let free = count.saturating_sub(realm.leased).saturating_sub(realm.quarantined);
        table.row([
            realm.realm.as_str().to_owned(),
            realm.address.to_string(),
            format!("{}-{}", realm.first_port, realm.last_port),
            realm.leased.to_string(),
            realm.quarantined.to_string(),
            free.to_string(),
        ]);
        values.push(json!({
            "realm": realm.realm.as_str(), "address": realm.address.to_string(), "first_port": realm.first_port,
            "last_port": realm.last_port, "leased": realm.leased, "resting": realm.quarantined, "free": free,
        }));
    }
    Ok((table.to_string(), json!({ "realms": values }), form))
}

fn workers(node: &mut Node, form: Form) -> Answer {
    let response = node.ask(Request::Workers)?;
    let Response::Workers(workers) = response else { return Err(unexpected(&response)) };
    let mut table = Table::new(&[
        "worker",
        "cpu",
        "driver",
        "sessions",
        "received",
        "forwarded",
        "dropped",
        "system calls",
        "turns",
    ]);
    let mut values = Vec::new();
    for (number, worker) in workers.into_iter().enumerate() {
        table.row([
            number.to_string(),
            worker.cpu.map_or_else(|| "any".to_owned(), |cpu| cpu.to_string()),
            worker.driver.clone(),
            worker.sessions.to_string(),
            worker.received.to_string(),
            worker.forwarded.to_string(),
            worker.dropped.to_string(),
            worker.system_calls.to_string(),
            worker.turns.to_string(),
        ]);
        values.push(json!({
            "worker": number, "cpu": worker.cpu, "driver": worker.driver, "sessions": worker.sessions,
            "received": worker.received, "forwarded": worker.forwarded, "dropped": worker.dropped,
            "system_calls": worker.system_calls, "turns": worker.turns,
        }));
    }
    Ok((table.to_string(), json!({ "workers": values }), form))
}

fn close(node: &mut Node, named: &[u64], form: Form) -> Answer {
    let ids: Vec<SessionId> = match named {
        [] => node.sessions()?.iter().map(|state| state.session).collect(),
        named => named.iter().copied().map(SessionId).collect(),
    };
    let summaries = node.close_all(ids.iter().copied(), WINDOW_MAX)?;
    let unknown: Vec<u64> =
        ids.iter().zip(&summaries).filter(|(_, summary)| summary.is_none()).map(|(id, _)| id.0).collect();
    if !unknown.is_empty() {
        return Err(format!(
            "close: wanted sessions of this process, found none with the numbers {unknown:?}"
        )
        .into());
    }
    let closed = summaries.len();
    Ok((format!("closed {closed}\n"), json!({ "closed": closed }), form))
}
