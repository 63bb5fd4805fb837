//! A file holds one idea; beyond 800 lines it holds several.

use crate::finding::{Exception, Finding};
use crate::house::House;

pub(super) fn check(house: &House) -> Vec<Finding> {
    let sources = house.files.iter().filter(|file| file.code.is_some());
    sources
        .filter_map(|file| {
            let lines = file.text.lines().count();
            judge(&file.path, lines).map(|finding| finding.unless_excepted(&file.path, &EXCEPTED))
        })
        .collect()
}

fn judge(path: &str, lines: usize) -> Option<Finding> {
    let advice = "give each of its ideas a file";
    if lines > LINES_MAX {
        Some(Finding::new(path, LINES_MAX + 1, format!("{lines} lines, {LINES_MAX} are the limit"), advice))
    } else if lines > LINES_ASKED {
        Some(Finding::new(path, 1, format!("{lines} lines, {LINES_MAX} are the limit"), advice).into_notice())
    } else {
        None
    }
}

const LINES_MAX: usize = 800;

/// From here on one may ask whether it is still one idea.
const LINES_ASKED: usize = 500;

/// Tables and vectors, by path.
const EXCEPTED: [Exception; 0] = [];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    #[test]
    fn eight_hundred_lines_pass() {
        let sample = Sample::new().file("a.rs", &"\n".repeat(800)).file("long.md", &"\n".repeat(801));
        assert!(sample.faults(check).is_empty());
    }

    #[test]
    fn one_line_more_is_found() {
        let faults = Sample::new().file("a.rs", &"\n".repeat(801)).faults(check);
        assert_eq!(faults, ["a.rs:801: 801 lines, 800 are the limit"]);
    }
}
