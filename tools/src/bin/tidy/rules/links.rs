//! A document that points at nothing misleads.

use crate::finding::Finding;
use crate::house::files::File;
use crate::house::{self, House};
use crate::markdown;

pub(super) fn check(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in house.files.iter().filter(|file| file.path.ends_with(".md")) {
        for (number, line) in markdown::prose(&file.text) {
            for target in markdown::link_targets(line).iter().filter(|target| is_dead(house, file, target)) {
                let found = format!("the link leads nowhere: {target}");
                findings.push(Finding::new(&file.path, number, found, "write it relative to this document"));
            }
            if !names_paths(file) || line.to_lowercase().contains("planned") {
                continue;
            }
            for path in
                markdown::code_spans(line).flat_map(expand).filter(|path| is_missing(house, file, path))
            {
                let found = format!("no such file: {path}");
                let advice =
                    "write its path from the root of the repository, or say on this line that it is planned";
                findings.push(Finding::new(&file.path, number, found, advice));
            }
        }
    }
    findings
}

fn is_dead(house: &House, file: &File, target: &str) -> bool {
    let target = target.split('#').next().unwrap_or(target);
    // An anchor in this document, or an address: `https:`, `mailto:`.
    if target.is_empty() || target.contains(':') {
        return false;
    }
    let folder = if target.starts_with('/') { "" } else { house::folder_of(&file.path) };
    !house::join(folder, target).is_some_and(|path| path.is_empty() || house.exists(&path))
}

/// Whether the paths in this document's code spans are meant to exist.
fn names_paths(file: &File) -> bool {
    file.path == "ARCHITECTURE.md" || file.path == "README.md" || file.path.ends_with("/README.md")
}

/// Paths as they are written for short: `relay/{source,rewrite}.rs` names two.
fn expand(span: &str) -> Vec<String> {
    let braces = span.find('{').zip(span.rfind('}')).filter(|(open, close)| open < close);
    match braces {
        Some((open, close)) => {
            let names = span[open + 1..close].split(',');
            names.map(|name| format!("{}{}{}", &span[..open], name.trim(), &span[close + 1..])).collect()
        }
        None => vec![span.to_string()],
    }
}

/// Whether this looks like a path in the repository and is not there: seen from the root, the document or its `src`.
fn is_missing(house: &House, file: &File, path: &str) -> bool {
    let looks_like_path = path.contains('/')
        && (path.ends_with(".rs") || path.ends_with(".md"))
        && !path.contains([' ', '*', '<', ':', '{', '}']);
    let folder = house::folder_of(&file.path);
    let from = ["", folder, &format!("{folder}/src")];
    looks_like_path
        && !from.iter().any(|from| house::join(from, path).is_some_and(|path| house.file(&path).is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    fn faults(path: &str, text: &str) -> Vec<String> {
        let sample = Sample::new().file("wire/src/rtp.rs", "").file("wire/src/rtcp/report.rs", "");
        sample.file("docs/a.md", "").file(path, text).faults(check)
    }

    #[test]
    fn links_and_paths_that_exist_pass() {
        let text = "[a](../docs/a.md#top) [b](src) [c](#here) [d](https://example.com/x.md) [e](/docs/a.md)\n\
                    `src/rtp.rs` `wire/src/rtp.rs` `rtcp/report.rs` `wire/src/{rtp,rtcp/report}.rs` `a*/b.rs`\n\
                    `src/later.rs` is planned.\n```\n[x](y.md) `z/z.rs`\n```\n";
        assert_eq!(faults("wire/README.md", text), [""; 0]);
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        for target in ["b.md", "../README.md", "../../out.md", "docs/a.md"] {
            let found = [format!("docs/x.md:2: the link leads nowhere: {target}")];
            assert_eq!(faults("docs/x.md", &format!("\n[a]({target})")), found);
        }
    }

    #[test]
    fn paths_of_missing_files_are_found_where_they_are_promises() {
        let text = "see `wire/src/{rtp,sdp}.rs`";
        assert_eq!(faults("ARCHITECTURE.md", text), ["ARCHITECTURE.md:1: no such file: wire/src/sdp.rs"]);
        assert!(faults("CHANGELOG.md", text).is_empty());
    }
}
