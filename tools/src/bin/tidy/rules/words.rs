//! A file says nothing that holds on one machine only.

use crate::finding::Finding;
use crate::house::House;

pub(super) fn check(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in house.files.iter().filter(|file| file.is_written()) {
        for (line, number) in file.text.lines().zip(1..) {
            let words = WORDS.iter().filter(|word| word.is_in(line) && word.except != Some(&file.path));
            findings.extend(words.map(|word| Finding::new(&file.path, number, word.found, word.advice)));
        }
    }
    findings
}

struct Word {
    /// Put together from halves, so that this file passes its own rule.
    needle: &'static str,
    /// Counts only where a path may begin, not in the middle of one.
    begins_path: bool,
    /// The one file that may say it.
    except: Option<&'static str>,
    found: &'static str,
    advice: &'static str,
}

impl Word {
    fn is_in(&self, line: &str) -> bool {
        let in_path = |before: &str| {
            before
                .ends_with(|last: char| last.is_alphanumeric() || matches!(last, '_' | '-' | '.' | '~' | '}'))
        };
        line.match_indices(self.needle).any(|(at, _)| !self.begins_path || !in_path(&line[..at]))
    }
}

const fn path(needle: &'static str) -> Word {
    let advice = "write a path from the root of the repository, or take it as an argument";
    Word { needle, begins_path: true, except: None, found: "a path of a build machine", advice }
}

const fn host(needle: &'static str) -> Word {
    let advice = "name packages, not the hosts they come from: each machine has its own settings for these";
    Word { needle, begins_path: false, except: None, found: "the host of a package registry", advice }
}

const WORDS: [Word; 9] = [
    path(concat!("/wo", "rk/")),
    path(concat!("/ro", "ot/")),
    host(concat!("index.", "crates.io")),
    host(concat!("static.", "crates.io")),
    host(concat!("registry.", "npmjs")),
    host(concat!("pypi.", "org")),
    host(concat!("python", "hosted.org")),
    host(concat!("deb.", "debian.org")),
    Word {
        needle: concat!("../", "shared/"),
        begins_path: false,
        except: Some(".ci/run"),
        found: "a folder beside the repository",
        advice: "bring what is needed into the repository",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    #[test]
    fn paths_of_the_repository_pass() {
        let [work, root, ..] = &WORDS;
        let text = format!("a{} b-1{} https://crates.io/crates/x", work.needle, root.needle);
        assert!(Sample::new().file("a.md", &text).faults(check).is_empty());
    }

    #[test]
    fn every_word_is_found_in_every_kind_of_file() {
        for word in &WORDS {
            for path in ["a.rs", "a.md", "a.toml", "a.sh", "a.py", "a.yml"] {
                let sample = Sample::new().file(path, &format!("\n\"{}x\"", word.needle));
                assert_eq!(sample.faults(check), [format!("{path}:2: {}", word.found)]);
            }
        }
    }

    #[test]
    fn only_the_check_itself_may_look_beside_the_repository() {
        let [.., beside] = &WORDS;
        assert!(Sample::new().file(".ci/run", beside.needle).faults(check).is_empty());
        let [work, ..] = &WORDS;
        assert_eq!(Sample::new().file(".ci/run", work.needle).faults(check).len(), 1);
    }
}
