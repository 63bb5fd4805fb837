//! The JSON of `cargo metadata`, read by hand: a dozen of its fields is all that is needed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Dependency, Edge, Package, Packages, Purpose, Root};
use crate::error::Error;

pub(super) fn parse(json: &[u8]) -> Result<Packages, Error> {
    let document: Value =
        serde_json::from_slice(json).map_err(|cause| Error::Metadata { message: cause.to_string() })?;
    let workspace = text(&document, "workspace_root")?;
    let members: Vec<_> = list(&document, "workspace_members")?.iter().filter_map(Value::as_str).collect();

    let mut all = Vec::new();
    let mut places = BTreeMap::new();
    for value in list(&document, "packages")? {
        let id = text(value, "id")?;
        places.insert(id, all.len());
        let root = members.contains(&id).then_some(workspace);
        all.push(package(value, root)?);
    }
    for node in list(&document["resolve"], "nodes")? {
        let from = place(&places, text(node, "id")?)?;
        for dependency in list(node, "deps")? {
            let to = place(&places, text(dependency, "pkg")?)?;
            let purposes = list(dependency, "dep_kinds")?.iter().map(purpose).collect();
            all[from].edges.push(Edge { to, purposes });
        }
    }
    Ok(Packages { all })
}

/// Reads one package; `workspace` is the root of the workspace if the package is a member of it.
fn package(value: &Value, workspace: Option<&str>) -> Result<Package, Error> {
    let mut roots = Vec::new();
    let mut is_procedural_macro = false;
    for target in list(value, "targets")? {
        let kinds: Vec<_> = list(target, "kind")?.iter().filter_map(Value::as_str).collect();
        is_procedural_macro |= kinds.contains(&"proc-macro");
        if let Some(workspace) = workspace {
            let ships =
                !kinds.iter().any(|kind| matches!(*kind, "bench" | "custom-build" | "example" | "test"));
            roots.push(Root { path: below(workspace, text(target, "src_path")?), ships });
        }
    }
    let mut dependencies = Vec::new();
    for dependency in list(value, "dependencies")? {
        dependencies
            .push(Dependency { name: text(dependency, "name")?.to_string(), purpose: purpose(dependency) });
    }
    let folder = match workspace {
        Some(workspace) => {
            let manifest = below(workspace, text(value, "manifest_path")?);
            Some(manifest.trim_end_matches("Cargo.toml").trim_end_matches('/').to_string())
        }
        None => None,
    };
    Ok(Package {
        name: text(value, "name")?.to_string(),
        version: text(value, "version")?.to_string(),
        folder,
        licence: value["license"].as_str().map(str::to_string),
        is_procedural_macro,
        dependencies,
        edges: Vec::new(),
        roots,
    })
}

fn purpose(value: &Value) -> Purpose {
    match value["kind"].as_str() {
        Some("build") => Purpose::Build,
        Some("dev") => Purpose::Test,
        _ => Purpose::Normal,
    }
}

fn below(workspace: &str, path: &str) -> String {
    path.strip_prefix(workspace).unwrap_or(path).trim_start_matches('/').to_string()
}

fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str, Error> {
    value[field].as_str().ok_or_else(|| Error::Metadata { message: format!("no text in field: {field}") })
}

fn list<'a>(value: &'a Value, field: &str) -> Result<&'a [Value], Error> {
    let values = value[field].as_array().map(Vec::as_slice);
    values.ok_or_else(|| Error::Metadata { message: format!("no list in field: {field}") })
}

fn place(places: &BTreeMap<&str, usize>, id: &str) -> Result<usize, Error> {
    places
        .get(id)
        .copied()
        .ok_or_else(|| Error::Metadata { message: format!("resolved but not listed: {id}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_guests_are_told_apart() {
        let json = r#"{
            "workspace_root": "/house", "workspace_members": ["a"],
            "packages": [
                {"id": "a", "name": "wire", "version": "0.1.0", "license": "MIT",
                 "manifest_path": "/house/dataplane/wire/Cargo.toml",
                 "dependencies": [{"name": "syn", "kind": "dev"}],
                 "targets": [{"kind": ["lib"], "src_path": "/house/dataplane/wire/src/lib.rs"},
                             {"kind": ["test"], "src_path": "/house/dataplane/wire/tests/t.rs"}]},
                {"id": "b", "name": "syn", "version": "2.0.0", "license": null, "manifest_path": "/syn/Cargo.toml",
                 "dependencies": [], "targets": [{"kind": ["lib"], "src_path": "/syn/src/lib.rs"}]}],
            "resolve": {"nodes": [{"id": "a", "deps": [{"pkg": "b", "dep_kinds": [{"kind": "dev"}]}]}]}
        }"#;

        let packages = parse(json.as_bytes()).unwrap();

        let [wire, syn] = packages.all.as_slice() else { panic!("two packages") };
        assert_eq!(wire.folder.as_deref(), Some("dataplane/wire"));
        assert_eq!(wire.roots.iter().map(|root| root.ships).collect::<Vec<_>>(), [true, false]);
        assert_eq!((wire.edges[0].to, wire.edges[0].purposes.as_slice()), (1, [Purpose::Test].as_slice()));
        assert_eq!((syn.folder.as_deref(), syn.licence.as_deref(), syn.roots.len()), (None, None, 0));
    }

    #[test]
    fn metadata_in_other_words_is_refused() {
        for json in ["", "{}", r#"{"workspace_root": "/", "workspace_members": [], "packages": [{}]}"#] {
            assert!(matches!(parse(json.as_bytes()), Err(Error::Metadata { .. })), "{json}");
        }
    }
}
