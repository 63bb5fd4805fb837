//! Says what is wrong in files: to people on standard error, to programs as one JSON object.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::{Value, json};
use settings::Faults;

use crate::{FAILURE, Outcome};

pub(crate) fn tell(faults: &Faults, is_json: bool) -> Outcome {
    if is_json {
        writeln!(io::stdout(), "{}", json!({ "ok": false, "faults": as_json(faults), "more": faults.more }))?;
    } else {
        writeln!(io::stderr(), "{faults}")?;
    }
    Ok(ExitCode::from(FAILURE))
}

fn as_json(faults: &Faults) -> Vec<Value> {
    let fault = |fault: &settings::Fault| {
        json!({
            "file": fault.file, "line": fault.line, "column": fault.column, "shown": fault.shown,
            "wanted": fault.wanted, "found": fault.found, "type": fault.advice,
        })
    };
    faults.list.iter().map(fault).collect()
}
