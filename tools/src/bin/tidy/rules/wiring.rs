//! What only wires rooms together stays small: when it grows, a room is missing.

use crate::finding::Finding;
use crate::house::House;

pub(super) fn check(house: &House) -> Vec<Finding> {
    // A path without such files has no lines, and so passes.
    WIRED.iter().filter_map(|&(path, lines_max)| judge(house, path, lines_max)).collect()
}

fn judge(house: &House, path: &str, lines_max: usize) -> Option<Finding> {
    let sources = house.files_below(path).filter(|file| file.code.is_some());
    let lines: usize = sources.map(|file| file.text.lines().count()).sum();
    let found = format!("{lines} lines in all, {lines_max} are the limit");
    (lines > lines_max).then(|| Finding::new(path, 1, found, "move what is more than wiring into a room"))
}

/// A folder (with `/`) or a file, and how many lines of Rust it may have in all.
const WIRED: [(&str, usize); 2] = [("signaling/src/", 1_500), ("dataplane/src/worker.rs", 300)];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    fn tree(engine_lines: usize, worker_lines: usize) -> Sample {
        let sample = Sample::new().file("signaling/src/lib.rs", &"\n".repeat(500));
        let sample = sample.file("signaling/src/engine/calls.rs", &"\n".repeat(engine_lines));
        let sample = sample.file("signaling/sip/src/lib.rs", &"\n".repeat(700));
        sample.file("dataplane/src/worker.rs", &"\n".repeat(worker_lines))
    }

    #[test]
    fn a_house_within_its_limits_or_not_yet_built_passes() {
        assert!(tree(1_000, 300).faults(check).is_empty());
        assert!(Sample::new().faults(check).is_empty());
    }

    #[test]
    fn one_line_more_is_found() {
        let found = [
            "dataplane/src/worker.rs:1: 301 lines in all, 300 are the limit",
            "signaling/src/:1: 1501 lines in all, 1500 are the limit",
        ];
        assert_eq!(tree(1_001, 301).faults(check), found);
    }
}
