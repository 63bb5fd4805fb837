//! From a command line to a running media process, with everything that was decided on the way said aloud.

use std::error::Error;
use std::io::Write;

use control::Name;
use dataplane::node::{Config, Node, Place};
use dataplane::registry::Realm;
use dataplane::worker::Habits;
use netio::{Choice, DriverName, choose};
use numa::nic::Nic;
use numa::pin::Seats;
use numa::plan::{self, Plan, Wishes};
use numa::topology::Topology;

use super::Arguments;
use super::{ports, reserve};

/// The realm of `--address`.
const DEFAULT_REALM: &str = "default";

/// Starts the process, and writes what it has become.
pub(crate) fn start(arguments: Arguments, output: &mut impl Write) -> Result<Node, Box<dyn Error>> {
    let realms = realms(&arguments)?;
    if arguments.reserve_ports {
        reserve::reserve(&realms)?;
    }
    let topology = Topology::host()?;
    let plan = plan(&arguments, &topology)?;
    write!(output, "{}", plan.explain())?;
    let mut seats = Seats::new(&topology);
    let mut workers = Vec::new();
    for worker in &plan.workers {
        workers.push(Place { seat: Some(seats.claim(worker.cpu)?), node: Some(worker.node) });
    }
    let mut config = Config {
        realms,
        interface: arguments.interface.clone(),
        driver: arguments.driver.unwrap_or(DriverName::Mmsg),
        workers,
        sessions_max: arguments.sessions,
        frames: arguments.frames,
        quarantine_ms: arguments.quarantine_ms,
        habits: Habits { busy_poll: arguments.busy_poll, quality_interval_s: arguments.quality_interval },
        control: arguments.control.clone(),
    };
    let Choice { name, passed_over } = choose(arguments.driver, &config.setup());
    if let (true, Some(error)) =
        (arguments.require_driver && Some(name) != arguments.driver, passed_over.first())
    {
        return Err(error.to_string().into());
    }
    config.driver = name;
    let why = if Some(name) == arguments.driver { "as asked for" } else { "the fastest that works here" };
    writeln!(output, "driver {name}: {why}")?;
    for error in passed_over {
        writeln!(output, "note: {error}")?;
    }
    for Realm { name, address, first_port, last_port } in &config.realms {
        let count = u32::from(*last_port) - u32::from(*first_port) + 1;
        writeln!(
            output,
            "realm {}: {address} ports {first_port}-{last_port}, room for {} sides with RTCP ports or {count} with \
             rtcp-mux",
            name.as_str(),
            count / 2,
        )?;
    }
    writeln!(output, "sessions: {} at most", config.sessions_max)?;
    let control = config.control.display().to_string();
    let node = Node::start(config)?;
    for note in node.notes() {
        writeln!(output, "note: {note}")?;
    }
    writeln!(output, "control: {control}")?;
    Ok(node)
}

fn realms(arguments: &Arguments) -> Result<Vec<Realm>, Box<dyn Error>> {
    let mut realms = Vec::new();
    if let Some(address) = arguments.address {
        let name = Name::new(DEFAULT_REALM)?;
        realms.push(Realm {
            name,
            address,
            first_port: arguments.ports.first,
            last_port: arguments.ports.last,
        });
    }
    realms.extend(arguments.realms.iter().map(|realm| realm.0.clone()));
    ports::check(&realms)?;
    Ok(realms)
}

fn plan(arguments: &Arguments, topology: &Topology) -> Result<Plan, Box<dyn Error>> {
    let wishes = Wishes {
        busy_poll: arguments.busy_poll,
        cpus: arguments.cpus.clone(),
        workers: arguments.workers,
        ..Wishes::default()
    };
    let nics = match &arguments.interface {
        Some(interface) => vec![Nic::host(interface)?],
        None => Vec::new(),
    };
    Ok(plan::plan(topology, &nics, &wishes)?)
}
