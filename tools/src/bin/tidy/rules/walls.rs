//! Walls are Cargo dependencies: what the wall table of ARCHITECTURE.md says is what the manifests do.

mod table;

use crate::finding::Finding;
use crate::house::House;
use crate::house::packages::{Package, Purpose, trail};

use table::{Permission, Row, State, Table};

pub(super) fn check(house: &House) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        house.packages.ours().flat_map(|member| runtimes(house, member)).collect();
    findings.extend(house.packages.ours().flat_map(|member| leaves(house, member)));
    let text = house.file(ARCHITECTURE).map_or("", |file| file.text.as_str());
    match table::parse(text) {
        Ok(table) => {
            findings.extend(existence(house, &table));
            for member in house.packages.ours() {
                let Some(row) = table.row(&member.name) else { continue };
                findings.extend(direct(house, member, row));
                findings.extend(unseen(house, member, row));
            }
        }
        Err(faults) => {
            let faults = faults.into_iter();
            findings
                .extend(faults.map(|(line, found)| Finding::new(ARCHITECTURE, line, found, table::GRAMMAR)));
        }
    }
    findings
}

/// The table lists every crate of ours, and says truly which exist.
fn existence(house: &House, table: &Table) -> Vec<Finding> {
    let is_ours = |name: &str| house.packages.ours().any(|member| member.name == name);
    let mut findings = Vec::new();
    for row in &table.rows {
        for name in &row.crates {
            let (found, advice) = match (&row.state, is_ours(name)) {
                (State::Planned, true) => ("is planned in the table, but exists", "write `today` in its row"),
                (State::Today, false) => {
                    ("is in the table, but does not exist", "write `planned` in its row")
                }
                (State::Planned, false) | (State::Today, true) => continue,
            };
            findings.push(Finding::new(ARCHITECTURE, row.line, format!("`{name}` {found}"), advice));
        }
    }
    for member in house.packages.ours().filter(|member| table.row(&member.name).is_none()) {
        let found = format!("`{}` is not in the wall table", member.name);
        findings.push(Finding::new(ARCHITECTURE, table.line, found, "give it a row"));
    }
    findings
}

/// What a crate declares, for every platform and feature, is permitted. Tests may use what they need.
fn direct(house: &House, member: &Package, row: &Row) -> Vec<Finding> {
    let ours = declared(house, member).filter(|(_used, purpose)| *purpose != Purpose::Test);
    let foreign =
        ours.filter(|(used, _purpose)| !row.permissions.iter().any(|one| permits(one, member, used)));
    let findings = foreign.map(|(used, _purpose)| {
        Finding::new(
            &member.manifest(),
            house.dependency_line(member, &used.name),
            format!("`{}` uses `{}`, which its wall forbids", member.name, used.name),
            format!("do without it, or open the wall in {ARCHITECTURE}:{} and say why there", row.line),
        )
    });
    findings.collect()
}

fn permits(permission: &Permission, member: &Package, used: &Package) -> bool {
    match permission {
        Permission::Anything => true,
        Permission::ItsOwnRooms => {
            let house = format!("{}/", member.folder.as_deref().unwrap_or_default());
            used.folder.as_deref().is_some_and(|room| room.starts_with(&house))
        }
        Permission::Named(name) => *name == used.name,
    }
}

/// Some of ours are at the top of the house: nothing may stand on them, tests included.
fn leaves(house: &House, member: &Package) -> Vec<Finding> {
    let used = declared(house, member).map(|(used, _purpose)| used);
    let leaves = used.filter(|used| LEAVES.contains(&used.name.as_str()));
    let findings = leaves.map(|used| {
        Finding::new(
            &member.manifest(),
            house.dependency_line(member, &used.name),
            format!("`{}` uses `{}`, which nobody may depend on, not even in tests", member.name, used.name),
            "move what is needed into a room",
        )
    });
    findings.collect()
}

/// The dependencies of a crate that are crates of ours.
fn declared<'a>(house: &'a House, member: &'a Package) -> impl Iterator<Item = (&'a Package, Purpose)> {
    member.dependencies.iter().filter_map(|dependency| {
        let used = house.packages.ours().find(|used| used.name == dependency.name)?;
        Some((used, dependency.purpose))
    })
}

/// What a crate must never see does not come in through others either.
fn unseen(house: &House, member: &Package, row: &Row) -> Vec<Finding> {
    let mut findings = Vec::new();
    for chain in house.packages.chains(member, &[Purpose::Normal], |_package| true) {
        let (Some(first), Some(last)) = (chain.first(), chain.last()) else { continue };
        if row.never_sees(&last.name) {
            findings.push(Finding::new(
                &member.manifest(),
                house.dependency_line(member, &first.name),
                format!("`{}` sees `{}`: {}", member.name, last.name, trail(member, &chain)),
                format!("do without `{}`, or change the wall in {ARCHITECTURE}:{}", first.name, row.line),
            ));
        }
    }
    findings
}

/// An async runtime comes in only through the crates that may hold one.
fn runtimes(house: &House, member: &Package) -> Vec<Finding> {
    let is_door = |package: &Package| RUNTIME_DOORS.contains(&package.name.as_str());
    if is_door(member) {
        return Vec::new();
    }
    let chains =
        house.packages.chains(member, &[Purpose::Build, Purpose::Normal], |package| !is_door(package));
    let mut findings = Vec::new();
    for chain in chains {
        let (Some(first), Some(last)) = (chain.first(), chain.last()) else { continue };
        if RUNTIMES.contains(&last.name.as_str()) {
            findings.push(Finding::new(
                &member.manifest(),
                house.dependency_line(member, &first.name),
                format!("`{}` brings in an async runtime: {}", member.name, trail(member, &chain)),
                format!("do without it: only {} may", RUNTIME_DOORS.join(", ")),
            ));
        }
    }
    findings
}

const ARCHITECTURE: &str = "ARCHITECTURE.md";

/// Crates that nothing may depend on.
const LEAVES: [&str; 2] = ["benches", "tools"];

const RUNTIMES: [&str; 3] = ["async-std", "smol", "tokio"];

/// What waits for disks, databases and web clients may wait in a runtime; what handles calls and packets may not.
const RUNTIME_DOORS: [&str; 4] = ["api", "cdr", "signaling", "store"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    /// A house of three crates, with the given rows between its own.
    fn house(rows: &str) -> Sample {
        let table = format!(
            "| crate | may use of ours | must never see | state |\n|---|---|---|---|\n\
             | wire, crypto | nothing | each other | today |\n{rows}| tools | anything | being depended upon | today |\n"
        );
        let sample = Sample::new().member("wire", "dataplane/wire").member("crypto", "crypto");
        sample.member("tools", "tools").file(ARCHITECTURE, &table)
    }

    #[test]
    fn what_the_table_permits_passes() {
        let rows =
            "| dataplane | its own rooms, crypto (keys) | tokio | today |\n| sip | nothing | | planned |\n";
        let sample = house(rows).member("dataplane", "dataplane").uses("dataplane", "wire");
        let sample = sample.uses("dataplane", "crypto").uses("tools", "dataplane");
        assert!(sample.uses_for(Purpose::Test, "wire", "crypto").faults(check).is_empty());
    }

    #[test]
    fn a_dependency_through_a_wall_is_found_at_its_line() {
        let manifest = "[package]\nname = \"wire\"\n\n[dependencies]\ncrypto.workspace = true\n";
        let sample = house("").uses("wire", "crypto").file("dataplane/wire/Cargo.toml", manifest);
        let found = ["dataplane/wire/Cargo.toml:5: `wire` uses `crypto`, which its wall forbids"];
        assert_eq!(sample.faults(check), found);
        let sample = house("").uses_for(Purpose::Build, "crypto", "wire");
        assert_eq!(
            sample.faults(check),
            ["crypto/Cargo.toml:1: `crypto` uses `wire`, which its wall forbids"]
        );
    }

    #[test]
    fn nobody_stands_on_the_leaves() {
        let sample = house("").uses_for(Purpose::Test, "wire", "tools");
        let found = [
            "dataplane/wire/Cargo.toml:1: `wire` uses `tools`, which nobody may depend on, not even in tests",
        ];
        assert_eq!(sample.faults(check), found);
    }

    #[test]
    fn the_table_and_the_workspace_list_the_same_crates() {
        let rows = "| sip | nothing | | planned |\n| sdp | nothing | | today |\n";
        let found = [
            "ARCHITECTURE.md:1: `numa` is not in the wall table",
            "ARCHITECTURE.md:4: `sip` is planned in the table, but exists",
            "ARCHITECTURE.md:5: `sdp` is in the table, but does not exist",
        ];
        assert_eq!(house(rows).member("sip", "sip").member("numa", "numa").faults(check), found);
    }

    #[test]
    fn what_must_never_be_seen_is_found_behind_others_too() {
        let rows = "| netio | crypto | SIP, libc, the clock | today |\n| sip | nothing | | today |\n";
        let sample = house(rows).member("netio", "netio").member("sip", "sip").guest("socket2", "1.0.0");
        let sample = sample.guest("libc", "1.0.0").uses("netio", "socket2").uses("socket2", "libc");
        let found = [
            "netio/Cargo.toml:1: `netio` sees `libc`: netio -> socket2 -> libc",
            "netio/Cargo.toml:1: `netio` sees `sip`: netio -> sip",
            "netio/Cargo.toml:1: `netio` uses `sip`, which its wall forbids",
        ];
        assert_eq!(sample.uses("netio", "sip").faults(check), found);
    }

    #[test]
    fn an_async_runtime_comes_in_through_its_doors_only() {
        let rows = "| api | nothing | | today |\n";
        let sample = || house(rows).member("api", "api").guest("hyper", "1.0.0").guest("tokio", "1.0.0");
        let through_door = sample().uses("hyper", "tokio").uses("api", "hyper").uses("tools", "api");
        assert!(through_door.faults(check).is_empty());
        let through_wall = sample().uses("hyper", "tokio").uses("crypto", "hyper");
        let found = ["crypto/Cargo.toml:1: `crypto` brings in an async runtime: crypto -> hyper -> tokio"];
        assert_eq!(through_wall.faults(check), found);
    }

    #[test]
    fn a_missing_table_is_found() {
        let found = ["ARCHITECTURE.md:1: there is no wall table"];
        assert_eq!(Sample::new().member("wire", "wire").faults(check), found);
    }
}
