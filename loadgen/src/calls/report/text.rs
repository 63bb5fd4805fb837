//! A report for people: counts, times, what the device used, notes, and the verdict.

use std::io::{self, Write};

use crate::calls::report::{Report, Verdict};
use crate::media::latency::{Latency, Quantiles};

const LABEL_WIDTH: usize = 26;

impl Report {
    /// Writes the report.
    ///
    /// # Errors
    ///
    /// If the output takes no more.
    pub fn write(&self, verdict: &Verdict, output: &mut impl Write) -> io::Result<()> {
        let Self { figures, observed, plan, protocol } = self;
        let seconds = observed.sending.as_secs_f64();
        writeln!(
            output,
            "{} calls, {} a second over {protocol}, in {seconds:.1} s",
            figures.attempts, plan.rate
        )?;
        let answered = format!("{} ({:.1} a second)", figures.answered, self.answered_per_second());
        line(output, "answered", &answered)?;
        line(output, "completed", &figures.completed.to_string())?;
        line(output, "503 with Retry-After", &figures.shed.to_string())?;
        for (status, count) in &figures.refused {
            line(output, &format!("refused with {status}"), &count.to_string())?;
        }
        line(output, "lost", &figures.lost.to_string())?;
        let again = format!("{} by us, {} by the device", figures.resent, figures.repeated);
        line(output, "sent again", &again)?;
        line(output, "strays", &figures.strays.to_string())?;
        if let Some(heard) = observed.talk {
            let text = format!("{} packets of {} in {} calls", heard.received, heard.sent, heard.calls);
            line(output, "heard", &text)?;
        }
        let times: [(&str, &Latency); 6] = [
            ("INVITE in to out us", &figures.transit),
            ("INVITE to 200 us", &figures.dial),
            ("200 to ACK us", &figures.ack),
            ("BYE to 200 us", &figures.bye),
            ("INVITE to 503 us", &figures.shedding),
            ("generator late us", &figures.lateness),
        ];
        for (label, latency) in times {
            let quantiles = latency.quantiles();
            if quantiles.count > 0 {
                line(output, label, &times_of(&quantiles))?;
            }
        }
        line(output, "generator: processor", &format!("{:.0} us a call", self.own_us()))?;
        self.write_device(output)?;
        for note in &verdict.notes {
            writeln!(output, "note: {note}")?;
        }
        write!(output, "{}: {} of {} calls", verdict.outcome.word(), figures.completed, figures.attempts)?;
        for reason in &verdict.reasons {
            write!(output, "; {reason}")?;
        }
        writeln!(output)
    }

    fn write_device(&self, output: &mut impl Write) -> io::Result<()> {
        if let (Some(share), Some(call_us)) = (self.share(), self.call_us()) {
            let text = format!("{:.1} % of a core, {call_us:.0} us a call", share * 100.0);
            line(output, "device: processor", &text)?;
            for (name, us) in self.threads_us() {
                let us = us.as_f64().unwrap_or_default();
                if us >= 0.5 {
                    line(output, &format!("  {name}"), &format!("{us:.1} us a call"))?;
                }
            }
        }
        if let (Some(up), Some(bytes)) = (self.observed.up, self.call_bytes()) {
            let text = format!(
                "{bytes} bytes a call, {:.0} MB for {} calls that are up",
                up.resident_bytes as f64 / 1e6,
                up.calls
            );
            line(output, "device: memory", &text)?;
            line(output, "device: while they are up", &format!("{:.1} % of a core", up.share * 100.0))?;
        }
        Ok(())
    }
}

fn line(output: &mut impl Write, label: &str, text: &str) -> io::Result<()> {
    writeln!(output, "{label:<LABEL_WIDTH$}{text}")
}

fn times_of(quantiles: &Quantiles) -> String {
    let Quantiles { p50, p90, p99, p999, max, .. } = quantiles;
    let us = |ns: &u64| *ns as f64 / 1e3;
    format!(
        "p50 {:.0}, p90 {:.0}, p99 {:.0}, p99.9 {:.0}, max {:.0}",
        us(p50),
        us(p90),
        us(p99),
        us(p999),
        us(max)
    )
}
