//! The text that Prometheus scrapes: exposition format 0.0.4.

use core::fmt::{self, Display, Write};

use super::description::{Description, Unit};
use super::snapshot::{Family, Sample, Snapshot, Value};

/// Writes all metrics of a snapshot.
pub(super) fn text(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    for family in snapshot.families() {
        // Writing into a String cannot fail.
        let _ = write_family(&mut text, family);
    }
    text
}

fn write_family(text: &mut String, family: &Family) -> fmt::Result {
    let description = family.description;
    let name = description.name;
    writeln!(text, "# HELP {name} {}", description.help().replace('\\', "\\\\").replace('\n', "\\n"))?;
    writeln!(text, "# TYPE {name} {}", description.kind.word())?;
    for sample in &family.samples {
        match &sample.value {
            Value::Number(number) => {
                let shown = Shown(*number, description.unit);
                writeln!(text, "{name}{} {shown}", LabelSet(description, sample, None))?;
            }
            Value::Distribution { counts, sum } => {
                write_distribution(text, description, sample, counts, *sum)?
            }
        }
    }
    Ok(())
}

/// Buckets are cumulative, and the last one holds all.
fn write_distribution(
    text: &mut String,
    description: &Description,
    sample: &Sample,
    counts: &[u64],
    sum: u64,
) -> fmt::Result {
    let name = description.name;
    let mut count = 0u64;
    let mut bounds = description.bounds.iter();
    for bucket in counts {
        count = count.saturating_add(*bucket);
        let bound = bounds.next().map(|bound| Shown(*bound, description.unit));
        let bound = bound.map_or_else(|| "+Inf".to_owned(), |bound| bound.to_string());
        writeln!(text, "{name}_bucket{} {count}", LabelSet(description, sample, Some(&bound)))?;
    }
    let labels = LabelSet(description, sample, None);
    writeln!(text, "{name}_sum{labels} {}", Shown(sum, description.unit))?;
    writeln!(text, "{name}_count{labels} {count}")
}

/// The labels of a sample, and the bound of a bucket. Words are constants of the program; they are escaped all the same.
struct LabelSet<'a>(&'a Description, &'a Sample, Option<&'a str>);

impl Display for LabelSet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = self.0.labels.iter().copied().zip(self.1.words);
        let mut before = "{";
        for (name, word) in labels.chain(self.2.map(|bound| ("le", bound))) {
            let word = word.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            write!(f, "{before}{name}=\"{word}\"")?;
            before = ",";
        }
        f.write_str(if before == "," { "}" } else { "" })
    }
}

/// A value in the basic unit: exactly, without a float and without zeros at the end.
struct Shown(u64, Unit);

impl Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = self.1.decimals();
        let digits = format!("{:0>1$}", self.0, decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{whole}{point}{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_exactly_in_their_basic_unit() {
        for (value, unit, shown) in [
            (0, Unit::Microseconds, "0"),
            (1, Unit::Microseconds, "0.000001"),
            (1_500_000, Unit::Microseconds, "1.5"),
            (2_000_000, Unit::Microseconds, "2"),
            (u64::MAX, Unit::Microseconds, "18446744073709.551615"),
            (441, Unit::Hundredths, "4.41"),
            (400, Unit::Hundredths, "4"),
            (100, Unit::Count, "100"),
            (u64::MAX, Unit::Bytes, "18446744073709551615"),
        ] {
            assert_eq!(Shown(value, unit).to_string(), shown);
        }
    }
}
