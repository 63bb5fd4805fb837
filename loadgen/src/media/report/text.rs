//! A report for people: a table with a column for each direction, notes, and the verdict.

use std::io::{self, Write};

use control::DirectionSummary;

use crate::media::latency::Quantiles;
use crate::media::report::{DirectionReport, Report, Verdict, percent};

/// What a row is called, and how its cells are written.
type Row = (&'static str, fn(&DirectionReport) -> String);

/// Our own counts.
const ROWS: [Row; 13] = [
    ("offered", |report| report.offered.to_string()),
    ("received", |report| report.received.to_string()),
    ("lost", |report| format!("{} ({:.4} %)", report.lost, percent(report.lost, report.offered))),
    ("duplicates", |report| report.duplicates.to_string()),
    ("reordered", |report| report.reordered.to_string()),
    ("corrupt", |report| report.corrupt.to_string()),
    ("misdelivered", |report| report.misdelivered.to_string()),
    ("overdue", |report| report.overdue.to_string()),
    ("jitter mean, max us", |report| {
        format!("{:.0}, {:.0}", report.jitter_mean_ns / 1e3, report.jitter_max_ns / 1e3)
    }),
    ("latency p50, p90 us", |report| pair(report.latency.p50, report.latency.p90)),
    ("latency p99, p99.9 us", |report| pair(report.latency.p99, report.latency.p999)),
    ("latency max us", |report| micros(report.latency.max)),
    ("transit p50, p99 us", |report| pair(report.transit.p50, report.transit.p99)),
];

/// What a row of the device's account is called, and which count stands in it.
type DeviceRow = (&'static str, fn(&DirectionSummary) -> u64);

const DEVICE_ROWS: [DeviceRow; 7] = [
    ("device: packets", |summary| summary.packets),
    ("device: lost", |summary| summary.lost),
    ("device: duplicates", |summary| summary.duplicates),
    ("device: reordered", |summary| summary.reordered),
    ("device: dropped", |summary| summary.dropped),
    ("device: bad tags", |summary| summary.bad_tags),
    ("device: jitter max us", |summary| summary.jitter_us.into()),
];

const LABEL_WIDTH: usize = 24;
const CELL_WIDTH: usize = 22;

impl Report {
    /// Writes the report.
    ///
    /// # Errors
    ///
    /// If the output takes no more.
    pub fn write(&self, verdict: &Verdict, output: &mut impl Write) -> io::Result<()> {
        let rate = self.pace.packets_per_second();
        let interval_ms = self.pace.interval_ns as f64 / 1e6;
        let (flows, side) = (self.pace.flows, self.side);
        writeln!(
            output,
            "{flows} flows, a packet each {interval_ms:.3} ms: {rate:.0} packets/s through {side}"
        )?;
        line(output, "", self.directions.iter().map(|report| report.direction.word().to_owned()))?;
        for (label, cell) in ROWS {
            line(output, label, self.directions.iter().map(cell))?;
        }
        if self.directions.iter().all(|report| report.device.is_some()) {
            for (label, count) in DEVICE_ROWS {
                let devices = self.directions.iter().filter_map(|report| report.device.as_ref());
                line(output, label, devices.map(|summary| count(summary).to_string()))?;
            }
        }
        let Quantiles { p50, p99, max, .. } = self.lateness;
        let late = [p50, p99, max].map(micros).join(", ");
        writeln!(output, "generator late p50, p99, max us: {late}")?;
        writeln!(output, "strays: {}, rtcp: {}", self.strays, self.reports)?;
        if let Some(forgery) = &self.forgery {
            forgery.write(output)?;
        }
        for note in &verdict.notes {
            writeln!(output, "note: {note}")?;
        }
        write!(
            output,
            "{}: {} sent, {} received",
            verdict.word(),
            self.sent(),
            self.total(|report| report.received)
        )?;
        for reason in &verdict.reasons {
            write!(output, "; {reason}")?;
        }
        writeln!(output)
    }
}

fn line(output: &mut impl Write, label: &str, cells: impl Iterator<Item = String>) -> io::Result<()> {
    write!(output, "{label:<LABEL_WIDTH$}")?;
    for cell in cells {
        write!(output, "{cell:>CELL_WIDTH$}")?;
    }
    writeln!(output)
}

fn pair(first: u64, second: u64) -> String {
    format!("{}, {}", micros(first), micros(second))
}

fn micros(ns: u64) -> String {
    format!("{:.0}", ns as f64 / 1e3)
}
