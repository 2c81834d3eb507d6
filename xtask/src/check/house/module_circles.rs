//! No circle between folders: of two modules side by side, one names the other, not both each other.
//!
//! A folder is one module with the file of its name, and all that is within. What a module names of the
//! modules around it or within it is no circle here; `file_circles` looks at files.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::Finding;
use crate::check::circle::Graph;
use crate::check::code::Code;
use crate::check::names::{Name, crate_folder, module_path};

/// By a pair of modules side by side, a mention that ties them.
type Ties<'a> = BTreeMap<(String, String), &'a Name>;

/// Checks all crates; each finding is one module that names another one of a circle.
pub(crate) fn check(code: &Code<'_>) -> Vec<Finding> {
    let mut ties = Ties::new();
    for name in code.names.iter().filter(|name| name.is_within_crate()) {
        if let Some(pair) = side_by_side(name) {
            ties.entry(pair).or_insert(name);
        }
    }
    let folders = folders(code);
    let mut graph = Graph::default();
    for (from, to) in ties.keys() {
        graph.add(from, to);
    }
    let mut findings = Vec::new();
    for ((from, to), name) in &ties {
        if let Some(way) = graph.way_back(from, to)
            && way.iter().any(|module| folders.contains(*module))
        {
            findings.push(finding(from, &way, name, &folders));
        }
    }
    findings
}

fn finding(from: &str, way: &[&str], name: &Name, folders: &BTreeSet<String>) -> Finding {
    let path = if folders.contains(from) {
        from.to_owned()
    } else {
        format!("{from}.rs")
    };
    let way: Vec<&str> = way
        .iter()
        .map(|module| module.rsplit('/').next().unwrap_or(module))
        .collect();
    let message = format!(
        "names {}, which leads back: {} ({}:{})",
        way.first().unwrap_or(&""),
        way.join(", "),
        name.from,
        name.line
    );
    Finding::new(&path, 0, message)
}

/// The two modules in one folder that a mention ties, as paths without `.rs`; `None` between a module and
/// what is around it.
fn side_by_side(name: &Name) -> Option<(String, String)> {
    let (from, to) = (module_path(&name.from), module_path(&name.to));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let upto = |path: &[&str]| {
        let inner = path.get(..=shared)?.join("/");
        Some(format!("{}/{inner}", crate_folder(&name.from)))
    };
    Some((upto(&from)?, upto(&to)?))
}

/// The modules that have modules within, as paths without `.rs`.
fn folders(code: &Code<'_>) -> BTreeSet<String> {
    let mut folders = BTreeSet::new();
    for source in code.sources.iter().filter(|source| !source.is_test) {
        let mut path = source.path.as_str();
        while let Some((folder, _)) = path.rsplit_once('/') {
            folders.insert(folder.to_owned());
            path = folder;
        }
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::code::places;

    /// Crate `x` with the folders `a` (`one`, `two`) and `b` (`one`) and the file `c`.
    #[track_caller]
    fn check_crate(texts: [&str; 5], expected: &[&str]) {
        let [a, a_one, a_two, b_one, c] = texts;
        let files = [
            ("crates/x/src/lib.rs", "mod a;\nmod b;\nmod c;"),
            ("crates/x/src/a.rs", a),
            ("crates/x/src/a/one.rs", a_one),
            ("crates/x/src/a/two.rs", a_two),
            ("crates/x/src/b/one.rs", b_one),
            ("crates/x/src/c.rs", c),
        ];
        assert_eq!(places(check, &files), expected);
    }

    #[test]
    fn folders_that_name_each_other_are_found() {
        check_crate(
            ["", "use crate::b::one::B;", "", "use crate::a::A;", ""],
            &["crates/x/src/a:0", "crates/x/src/b:0"],
        );
        check_crate(
            ["", "use crate::b::one::B;", "", "use crate::c::C;", ""],
            &[],
        );
    }

    #[test]
    fn a_circle_over_a_file_beside_is_found() {
        check_crate(
            ["", "use crate::c::C;", "", "", "use crate::a::A;"],
            &["crates/x/src/a:0", "crates/x/src/c.rs:0"],
        );
        check_crate(
            [
                "use crate::b::one::B;",
                "",
                "",
                "use crate::c::C;",
                "use crate::a::two::A;",
            ],
            &[
                "crates/x/src/a:0",
                "crates/x/src/b:0",
                "crates/x/src/c.rs:0",
            ],
        );
    }

    #[test]
    fn within_a_folder_and_around_it_is_no_circle_of_folders() {
        check_crate(["use one::A;", "use super::B;", "", "", ""], &[]);
        check_crate(
            ["", "use super::two::A;", "use super::one::A;", "", ""],
            &[],
        );
    }
}
