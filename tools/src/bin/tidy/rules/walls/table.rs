//! The wall table, as it stands in ARCHITECTURE.md.

/// The table's rows, and the line of its head.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) line: usize,
    pub(super) rows: Vec<Row>,
}

/// What one row says of its crates.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    pub(super) line: usize,
    pub(super) crates: Vec<String>,
    pub(super) permissions: Vec<Permission>,
    /// The single words of the third column, in lower case; phrases are left out.
    never: Vec<String>,
    pub(super) state: State,
}

/// An item of the second column; "nothing" is the absence of any.
#[derive(Debug, PartialEq)]
pub(super) enum Permission {
    /// Every crate of ours.
    Anything,
    /// Those in folders below the crate's own.
    ItsOwnRooms,
    /// The crate of this name.
    Named(String),
}

/// Whether the crates of a row exist.
#[derive(Debug, PartialEq)]
pub(super) enum State {
    Planned,
    Today,
}

/// How the table is written; the advice of every finding about its text.
pub(super) const GRAMMAR: &str = "write a table headed `| crate | may use of ours | must never see | state |`: \
    crates, by commas; `nothing`, `anything`, or by commas crates of the table and `its own rooms`; words and \
    phrases, by commas, of which single words are looked for among the packages; `today` or `planned`. What is in \
    parentheses or behind a colon is not read, and without the fourth column all crates are of today";

/// A line, and what is wrong with it.
pub(super) type Fault = (usize, String);

impl Table {
    pub(super) fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.crates.iter().any(|listed| listed == name))
    }
}

impl Row {
    /// Whether a package of this name is a word of the third column: `SIP` means `sip`, and `async_std` `async-std`.
    pub(super) fn never_sees(&self, package: &str) -> bool {
        self.never.iter().any(|word| word.replace('_', "-") == package.replace('_', "-"))
    }
}

/// Reads the first wall table of a document, or tells all that is wrong with it.
pub(super) fn parse(document: &str) -> Result<Table, Vec<Fault>> {
    let mut lines = document.lines().zip(1..).skip_while(|(line, _number)| !is_head(line));
    let Some((_head, line)) = lines.next() else {
        return Err(vec![(1, "there is no wall table".into())]);
    };
    let mut rows = Vec::new();
    let mut faults = Vec::new();
    for (text, line) in lines.skip(1).take_while(|(text, _line)| text.starts_with('|')) {
        match row(text, line) {
            Ok(row) => rows.push(row),
            Err(fault) => faults.push((line, fault)),
        }
    }
    let table = Table { line, rows };
    faults.extend(contradictions(&table));
    if faults.is_empty() { Ok(table) } else { Err(faults) }
}

fn is_head(line: &str) -> bool {
    matches!(
        cells(line).as_slice(),
        ["crate", "may use of ours", "must never see"]
            | ["crate", "may use of ours", "must never see", "state"]
    )
}

fn row(text: &str, line: usize) -> Result<Row, String> {
    let cells = cells(text);
    let (crates, may_use, never, state) = match cells.as_slice() {
        [crates, may_use, never] => (crates, may_use, never, &"today"),
        [crates, may_use, never, state] => (crates, may_use, never, state),
        _ => return Err(format!("a row of {} columns", cells.len())),
    };
    let crates = items(crates);
    if let Some(phrase) = crates.iter().find(|name| !is_word(name)) {
        return Err(format!("`{phrase}` is no name of a crate"));
    }
    let never = items(never).into_iter().filter(|item| is_word(item)).map(|word| word.to_lowercase());
    let state = match *state {
        "planned" => State::Planned,
        "today" => State::Today,
        other => return Err(format!("the state `{other}`")),
    };
    Ok(Row { line, crates, permissions: permissions(may_use)?, never: never.collect(), state })
}

fn permissions(cell: &str) -> Result<Vec<Permission>, String> {
    let items = items(cell);
    match items.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => return Err("an empty second column".into()),
        ["nothing"] => return Ok(Vec::new()),
        ["anything"] => return Ok(vec![Permission::Anything]),
        _ => {}
    }
    let permission = |item: String| match item.as_str() {
        "its own rooms" => Ok(Permission::ItsOwnRooms),
        "nothing" | "anything" => Err(format!("`{item}` beside other items")),
        name if is_word(name) => Ok(Permission::Named(item)),
        phrase => Err(format!("the permission `{phrase}`")),
    };
    items.into_iter().map(permission).collect()
}

/// Crates that are listed twice, or permitted but not listed.
fn contradictions(table: &Table) -> Vec<Fault> {
    let mut faults = Vec::new();
    for row in &table.rows {
        for name in &row.crates {
            let listed = table.rows.iter().flat_map(|row| &row.crates).filter(|listed| *listed == name);
            if listed.count() > 1 {
                faults.push((row.line, format!("`{name}` is listed more than once")));
            }
        }
        for permission in &row.permissions {
            if let Permission::Named(name) = permission
                && table.row(name).is_none()
            {
                faults.push((row.line, format!("`{name}` is permitted, but has no row")));
            }
        }
    }
    faults
}

fn cells(line: &str) -> Vec<&str> {
    let inner = line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|'));
    inner.map_or(Vec::new(), |inner| inner.split('|').map(str::trim).collect())
}

/// The items of a cell, without backticks and remarks.
fn items(cell: &str) -> Vec<String> {
    let mut text = String::new();
    let mut depth = 0_usize;
    for character in cell.chars().take_while(|character| *character != ':') {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '`' => {}
            other if depth == 0 => text.push(other),
            _ => {}
        }
    }
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_string).collect()
}

fn is_word(item: &str) -> bool {
    item.chars().all(|character| character.is_alphanumeric() || matches!(character, '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &str) -> Result<Table, Vec<Fault>> {
        parse(&format!(
            "# Walls\n\n| crate | may use of ours | must never see | state |\n|---|---|---|---|\n{rows}\n\nText."
        ))
    }

    fn fault(row: &str) -> String {
        let faults = table(row).unwrap_err();
        assert_eq!(faults[0].0, 5);
        faults[0].1.clone()
    }

    #[test]
    fn a_table_without_states_is_of_today() {
        let text = "| crate | may use of ours | must never see |\n|---|---|---|\n| `sip` | nothing | |\n";
        let row = &parse(text).unwrap().rows[0];
        assert_eq!((row.crates.as_slice(), &row.state), (["sip".to_string()].as_slice(), &State::Today));
    }

    #[test]
    fn remarks_are_not_read_and_phrases_are_no_packages() {
        let rows =
            "| a, b | its own rooms, a (keys, and more) | SIP, the clock, b: from outside, c | planned |";
        let expected = Row {
            line: 5,
            crates: vec!["a".into(), "b".into()],
            permissions: vec![Permission::ItsOwnRooms, Permission::Named("a".into())],
            never: vec!["sip".into(), "b".into()],
            state: State::Planned,
        };
        assert_eq!(table(rows).unwrap().rows, [expected]);
    }

    #[test]
    fn words_mean_packages_in_either_spelling() {
        let table = table("| a | nothing | SIP, async_std | today |").unwrap();
        assert!(table.rows[0].never_sees("sip") && table.rows[0].never_sees("async-std"));
        assert!(!table.rows[0].never_sees("sip-parser"));
    }

    #[test]
    fn rows_that_are_not_understood_are_told() {
        assert_eq!(fault("| a | nothing |"), "a row of 2 columns");
        assert_eq!(fault("| a and b | nothing | | today |"), "`a and b` is no name of a crate");
        assert_eq!(fault("| a | | | today |"), "an empty second column");
        assert_eq!(fault("| a | nothing, a | | today |"), "`nothing` beside other items");
        assert_eq!(fault("| a | most things | | today |"), "the permission `most things`");
        assert_eq!(fault("| a | nothing | | soon |"), "the state `soon`");
        assert_eq!(fault("| a, a | nothing | | today |"), "`a` is listed more than once");
        assert_eq!(fault("| a | b | | today |"), "`b` is permitted, but has no row");
    }
}
