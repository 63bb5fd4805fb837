//! The little of a Cargo.toml that `cargo metadata` does not tell: where a dependency stands, and what is said of it.

/// A line that invites a dependency.
#[derive(Debug, PartialEq)]
pub(crate) struct Guest {
    pub(crate) name: String,
    /// Counted from 1.
    pub(crate) line: usize,
    /// Whether a comment stands on the line directly above.
    pub(crate) has_reason: bool,
}

/// The dependencies of all kinds, `[dependencies.name]` and `[target.'...'.dependencies]` included.
pub(crate) fn guests(text: &str) -> Vec<Guest> {
    let mut guests = Vec::new();
    let mut in_dependencies = false;
    let mut depth = 0;
    let mut above = "";
    for (line, number) in text.lines().map(str::trim).zip(1..) {
        let has_reason = above.strip_prefix('#').is_some_and(|reason| !reason.trim().is_empty());
        above = line;
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let is_continued = depth > 0;
        depth += brackets(line);
        if is_continued {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            let header = header.split(']').next().unwrap_or(header);
            let (table, name) = header.rsplit_once('.').unwrap_or(("", header));
            // `[workspace.dependencies]` only settles versions: nobody is invited there.
            let is_of_house = header.starts_with("workspace.");
            in_dependencies = is_dependencies(name) && !is_of_house;
            if is_dependencies(table.rsplit('.').next().unwrap_or(table)) && !is_of_house {
                guests.push(Guest { name: unquoted(name), line: number, has_reason });
            }
        } else if in_dependencies {
            let name = line.split(['.', '=', ' ']).next().unwrap_or(line);
            guests.push(Guest { name: unquoted(name), line: number, has_reason });
        }
    }
    guests
}

fn is_dependencies(table: &str) -> bool {
    matches!(table, "build-dependencies" | "dependencies" | "dev-dependencies")
}

/// How many more brackets a line opens than it closes: lists may go on over lines. A table's header is balanced.
fn brackets(line: &str) -> i32 {
    let outside_of_strings = line.split('"').step_by(2);
    outside_of_strings
        .map(|part| part.split('#').next().unwrap_or(part))
        .flat_map(str::chars)
        .map(|character| match character {
            '[' | '{' => 1,
            ']' | '}' => -1,
            _ => 0,
        })
        .sum()
}

fn unquoted(name: &str) -> String {
    name.trim().trim_matches('"').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(name: &str, line: usize, has_reason: bool) -> Guest {
        Guest { name: name.into(), line, has_reason }
    }

    #[test]
    fn guests_of_all_kinds_are_found() {
        let text = "[dependencies]\n# Why.\na.workspace = true\nb = \"1\"\n\n[dev-dependencies.c]\nversion = \"1\"\n\
                    [target.'cfg(unix)'.build-dependencies]\n# Why.\nd = { version = \"1\" }\n";
        let expected =
            [guest("a", 3, true), guest("b", 4, false), guest("c", 6, false), guest("d", 10, true)];
        assert_eq!(guests(text), expected);
    }

    #[test]
    fn other_tables_and_continued_lists_are_not_guests() {
        let text = "[package]\nname = \"x\"\n[workspace.dependencies]\na = \"1\"\n[dependencies]\n# Why.\n\
                    b = { version = \"1\", features = [\n    \"c\",\n] }\n[lints]\nworkspace = true\n";
        assert_eq!(guests(text), [guest("b", 7, true)]);
    }

    #[test]
    fn brackets_in_a_comment_open_no_list() {
        assert_eq!(guests("[dependencies]\n# A \"b\" [c.\na = \"1\""), [guest("a", 3, true)]);
    }

    #[test]
    fn an_empty_comment_is_no_reason() {
        assert_eq!(guests("[dependencies]\n#\na = \"1\""), [guest("a", 3, false)]);
    }
}
