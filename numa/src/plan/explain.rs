//! Puts a plan into words.

use std::fmt::{self, Write};

use crate::plan::{Plan, Reason, Worker};

impl Plan {
    /// Says, a line each, where every worker runs, what it receives and why, what is left, and every warning.
    pub fn explain(&self) -> String {
        let mut text = String::new();
        for (number, worker) in self.workers.iter().enumerate() {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "worker {number}: {}", line(worker));
        }
        let _ = writeln!(text, "left to the system: cpus {}", self.spare);
        for warning in &self.warnings {
            let _ = writeln!(text, "warning: {warning}");
        }
        text
    }
}

fn line(worker: &Worker) -> String {
    let Worker { cpu, node, package, siblings, why, .. } = worker;
    let why: Vec<String> = why.iter().map(Reason::to_string).collect();
    let why = why.join(", ");
    format!("cpu {cpu} (core {siblings}, package {package}, node {node}): {why}; {}", received(worker))
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Isolated => f.write_str("isolated"),
            Self::LastCore => f.write_str("no core left but the system's"),
            Self::Named => f.write_str("named by the operator"),
            Self::NicNode { nics } => write!(f, "on the node of {}", nics.join(", ")),
            Self::OwnCore => f.write_str("a core of its own"),
        }
    }
}

/// Lists the queues card by card: `receives eth0 queues 0, 4`.
fn received(worker: &Worker) -> String {
    if worker.queues.is_empty() {
        return "no receive queue of its own".to_owned();
    }
    let mut text = String::from("receives");
    let mut last = None;
    for owned in &worker.queues {
        let _ = match last == Some(&owned.nic) {
            true => write!(text, ", {}", owned.queue),
            false => write!(text, " {} queues {}", owned.nic, owned.queue),
        };
        last = Some(&owned.nic);
    }
    text
}
