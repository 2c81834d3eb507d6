//! `docs/dependencies.md` and the manifests agree: every direct dependency has its row, and every row its dependency.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context;
use toml::{Table, Value};

use super::Finding;
use crate::workspace::Package;

const DOCUMENT: &str = "docs/dependencies.md";
/// The heading of a table's first column, by which the tables of crates are known.
const HEADING: &str = "crate";

/// Compares the tables of the document with what the members and the root of the workspace name.
pub(crate) fn check(root: &Path, members: &[Package]) -> anyhow::Result<Vec<Finding>> {
    let text = fs::read_to_string(root.join(DOCUMENT))
        .with_context(|| format!("{DOCUMENT} is unreadable"))?;
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let manifest = manifest.parse().context("Cargo.toml is unreadable")?;
    Ok(compare(&text, &used_by(members), &offered_by(&manifest)))
}

/// A crate that a table names, and where.
#[derive(Debug, PartialEq)]
struct Row<'a> {
    line: usize,
    name: &'a str,
}

/// `used` is what members name; the root may offer more, which is then to be taken away.
fn compare(text: &str, used: &BTreeSet<String>, offered: &BTreeSet<String>) -> Vec<Finding> {
    let rows = rows(text);
    let has_row = |name: &String| rows.iter().any(|row| row.name == name);
    let missing = used.union(offered).filter(|name| !has_row(name));
    let missing = missing.map(|name| {
        let message = format!("{name} has no row; say what it is for, and why it");
        Finding::new(DOCUMENT, 0, message)
    });
    let stale = rows.iter().filter(|row| !used.contains(row.name));
    let stale = stale.map(|row| {
        let message = format!(
            "{} has a row, but no crate of the workspace depends on it",
            row.name
        );
        Finding::new(DOCUMENT, row.line, message)
    });
    missing.chain(stale).collect()
}

/// The external crates that members name, by the names of their packages.
fn used_by(members: &[Package]) -> BTreeSet<String> {
    let is_ours = |name: &str| members.iter().any(|member| member.name == name);
    members
        .iter()
        .flat_map(|member| &member.dependencies)
        .map(|dependency| &dependency.name)
        .filter(|name| !is_ours(name))
        .cloned()
        .collect()
}

/// The external crates that the root's `[workspace.dependencies]` names.
fn offered_by(manifest: &Table) -> BTreeSet<String> {
    let offered = manifest.get("workspace");
    let offered = offered.and_then(|workspace| workspace.get("dependencies"));
    let offered = offered.and_then(Value::as_table).into_iter().flatten();
    offered
        .filter(|(_, what)| what.get("path").is_none())
        .map(|(name, what)| {
            let package = what.get("package").and_then(Value::as_str);
            package.unwrap_or(name).to_owned()
        })
        .collect()
}

/// The crates in the first columns of the tables of crates.
fn rows(text: &str) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let mut is_inside = false;
    for (line, row) in (1..).zip(text.lines()) {
        let Some(cell) = first_cell(row) else {
            is_inside = false;
            continue;
        };
        if cell == HEADING {
            is_inside = true;
        } else if is_inside && !cell.starts_with("--") {
            rows.extend(cell.split(',').filter_map(|part| {
                // What follows in brackets says more of it.
                let name = part.split_whitespace().next()?;
                Some(Row { line, name })
            }));
        }
    }
    rows
}

fn first_cell(row: &str) -> Option<&str> {
    let (cell, _) = row.trim().strip_prefix('|')?.split_once('|')?;
    Some(cell.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Metadata;

    const DOCUMENTED: &str = "\
Prose may say serde | and more.

| crate | for |
|---|---|
| tokio, tokio-rustls | runtime |
| rusqlite (bundled SQLite) | rows, with url inside |

| program | for |
|---|---|
| lego | a client |
";

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[track_caller]
    fn check_one(used: &[&str], offered: &[&str], expected: &[&str]) {
        let found = compare(DOCUMENTED, &names(used), &names(offered));
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.contains(expected), "{found}");
        }
    }

    #[test]
    fn a_table_names_the_crates_of_its_first_column() {
        let names: Vec<&str> = rows(DOCUMENTED).iter().map(|row| row.name).collect();
        assert_eq!(names, ["tokio", "tokio-rustls", "rusqlite"]);
    }

    #[test]
    fn s72_rows_and_dependencies_agree() {
        let all = ["rusqlite", "tokio", "tokio-rustls"];
        check_one(&all, &[], &[]);
        check_one(&all, &all, &[]);
    }

    #[test]
    fn a_dependency_without_a_row_is_found() {
        // A word in prose, or in another column, is no row.
        let used = ["rusqlite", "serde", "tokio", "tokio-rustls", "url"];
        check_one(&used, &[], &["serde has no row", "url has no row"]);
        let used = ["rusqlite", "tokio", "tokio-rustls"];
        check_one(&used, &["lego"], &["lego has no row"]);
    }

    #[test]
    fn a_row_without_a_dependency_is_found() {
        check_one(
            &["rusqlite", "tokio"],
            &["tokio-rustls"],
            &["docs/dependencies.md:5: tokio-rustls has a row"],
        );
    }

    #[test]
    fn own_crates_need_no_row() {
        let text = r#"{"packages": [
            {"name": "flow", "dependencies": [
                {"name": "base", "kind": null},
                {"name": "tokio-util", "kind": null},
                {"name": "tempfile", "kind": "dev"}
            ]},
            {"name": "base", "dependencies": []}
        ]}"#;
        let metadata: Metadata = serde_json::from_str(text).unwrap();
        let used = used_by(&metadata.packages);
        assert_eq!(used, names(&["tempfile", "tokio-util"]));
    }

    #[test]
    fn the_root_offers_crates_by_the_names_of_their_packages() {
        let manifest = "[workspace.dependencies]\n\
            base = { path = \"crates/base\" }\n\
            serde = \"1\"\n\
            pem = { version = \"1\", package = \"pem-rfc7468\" }\n";
        let offered = offered_by(&manifest.parse().unwrap());
        assert_eq!(offered, names(&["pem-rfc7468", "serde"]));
    }
}
