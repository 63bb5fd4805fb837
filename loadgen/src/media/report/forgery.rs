//! What was forged, what of it was delivered, and whether the device's books account for all of it.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::media::books::Books;
use crate::media::forgery::forger::Forger;
use crate::media::forgery::{Forgery, Kind};
use crate::media::report::Report;

/// What was forged in a run.
#[derive(Clone, Debug)]
pub struct ForgeryReport {
    /// How much, and from which seed.
    pub forgery: Forgery,
    /// Packets handed to our side of the network, by the numbers of their kinds.
    pub sent: [u64; Kind::ALL.len()],
    /// Packets that the device let pass.
    pub delivered: u64,
    /// What the device counted during the run.
    pub books: Option<Books>,
}

impl ForgeryReport {
    pub(super) fn new(forger: &Forger) -> Self {
        let (forgery, sent, delivered) = (forger.forgery(), forger.sent(), forger.delivered());
        Self { forgery, sent, delivered, books: None }
    }

    /// Returns how many packets were handed to our side of the network.
    #[must_use]
    pub fn sent_in_all(&self) -> u64 {
        self.sent.iter().sum()
    }

    /// Says what the device did wrong, beside what it did to the good packets.
    pub(super) fn reasons(&self, report: &Report) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.delivered > 0 {
            reasons.push(format!("forged packets delivered {}", self.delivered));
        }
        if report.losses.unsent > 0 {
            let unsent = report.losses.unsent;
            reasons.push(format!("{unsent} packets never left, and nobody can tell which; lower the rate"));
        }
        let good = report.total(|direction| direction.offered);
        reasons.extend(self.books.iter().flat_map(|books| audit(books, good, self.sent_in_all())));
        reasons
    }

    /// Says what one should know to read the numbers.
    pub(super) fn note(&self, report: &Report) -> Option<String> {
        let sent = report.total(|direction| direction.offered) + self.sent_in_all();
        let missing = sent.saturating_sub(self.books.as_ref()?.received);
        (missing > 0).then(|| format!("{missing} packets did not reach a worker of the device"))
    }

    pub(super) fn as_json(&self) -> Value {
        let sent: Map<_, _> = self.rows().map(|(word, count)| (word.to_owned(), count.into())).collect();
        json!({
            "factor": f64::from(self.forgery.factor.thousandths()) / 1e3,
            "seed": self.forgery.seed,
            "sent": self.sent_in_all(),
            "sent_by_kind": sent,
            "forged_delivered": self.delivered,
            "device": self.books.as_ref().map(|books| json!({
                "received": books.received,
                "forwarded": books.forwarded,
                "dropped": books.dropped,
                "unheard": books.unheard,
                "dropped_by_reason": books.reasons,
            })),
        })
    }

    pub(super) fn write(&self, output: &mut impl Write) -> io::Result<()> {
        let Forgery { factor, seed } = self.forgery;
        writeln!(
            output,
            "forged: {} sent, {} delivered (--forge {factor} --seed {seed})",
            self.sent_in_all(),
            self.delivered
        )?;
        writeln!(output, "forged by kind: {}", list(self.rows()))?;
        let Some(books) = &self.books else { return Ok(()) };
        let Books { received, forwarded, dropped, unheard, reasons } = books;
        writeln!(
            output,
            "device: {received} received, {forwarded} forwarded, {dropped} dropped, {unheard} not heard by a worker"
        )?;
        writeln!(
            output,
            "device, dropped by reason: {}",
            list(reasons.iter().map(|(word, count)| (&**word, *count)))
        )
    }

    fn rows(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Kind::ALL.into_iter().map(|kind| (kind.word(), self.sent[kind as usize]))
    }
}

/// Compares the device's books with what was sent: all of it came in, but for what the device knows to have missed, and
/// of that the good packets alone went on.
fn audit(books: &Books, good: u64, forged: u64) -> Vec<String> {
    let Books { received, forwarded, dropped, unheard, .. } = *books;
    let sent = good + forged;
    let expected = forged.saturating_sub(unheard);
    let mut reasons = Vec::new();
    if received > sent {
        reasons.push(format!("device received {received} packets of {sent} that were sent"));
    }
    if received + unheard < sent {
        reasons.push(format!(
            "device received {received} packets of {sent}, and knows of {unheard} that it missed"
        ));
    }
    if forwarded > good {
        reasons.push(format!("device forwarded {forwarded} packets, {good} of them good"));
    }
    if dropped < expected {
        reasons.push(format!("device dropped {dropped} packets of {expected} forged ones that reached it"));
    }
    if received != forwarded + dropped {
        reasons
            .push(format!("device received {received} packets, forwarded {forwarded} and dropped {dropped}"));
    }
    reasons
}

fn list<'w>(rows: impl Iterator<Item = (&'w str, u64)>) -> String {
    rows.map(|(word, count)| format!("{word} {count}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn books(received: u64, forwarded: u64, dropped: u64, unheard: u64) -> Books {
        Books { received, forwarded, dropped, unheard, ..Books::default() }
    }

    #[test]
    fn books_that_account_for_all_packets_are_in_order() {
        assert_eq!(audit(&books(300, 100, 200, 0), 100, 200), [""; 0]);
        assert_eq!(audit(&books(290, 100, 190, 10), 100, 200), [""; 0], "the kernel dropped ten forged ones");
        assert_eq!(audit(&books(300, 100, 200, 7), 100, 200), [""; 0], "it missed what was somebody else's");
    }

    #[test]
    fn books_that_do_not_are_told() {
        for (books, reason) in [
            (books(301, 100, 201, 0), "device received 301 packets of 300 that were sent"),
            (books(290, 100, 190, 9), "device received 290 packets of 300, and knows of 9 that it missed"),
            (books(300, 101, 199, 0), "device forwarded 101 packets, 100 of them good"),
            (books(300, 100, 199, 0), "device dropped 199 packets of 200 forged ones that reached it"),
            (books(300, 99, 200, 0), "device received 300 packets, forwarded 99 and dropped 200"),
        ] {
            let reasons = audit(&books, 100, 200);
            assert!(reasons.iter().any(|found| found == reason), "{reasons:?}");
        }
    }
}
