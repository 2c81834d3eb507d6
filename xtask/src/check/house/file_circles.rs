//! No circle between the files of a crate: a reader can begin somewhere. A file and those in its own folder are one
//! thing in several files, and may name each other.

use crate::check::Finding;
use crate::check::circle::Graph;
use crate::check::code::Code;
use crate::check::names::{Name, module_path};

/// Checks all crates; each finding is one file that names another one of a circle.
pub(crate) fn check(code: &Code<'_>) -> Vec<Finding> {
    let mut graph = Graph::default();
    let is_edge = |name: &&Name| name.is_within_crate() && !is_family(&name.from, &name.to);
    for name in code.names.iter().filter(is_edge) {
        graph.add(&name.from, &name.to);
    }
    let mut findings = Vec::new();
    for name in code.names.iter().filter(is_edge) {
        if let Some(way) = graph.way_back(&name.from, &name.to) {
            let message = format!("names {}, which leads back: {}", name.to, short(&way));
            findings.push(Finding::new(&name.from, name.line, message));
        }
    }
    findings
}

/// Whether one file is in the other's own folder.
fn is_family(one: &str, other: &str) -> bool {
    let (one, other) = (module_path(one), module_path(other));
    one.starts_with(&other) || other.starts_with(&one)
}

/// The files of a way, as their crate calls them; the crate's own file is `crate`.
fn short(way: &[&str]) -> String {
    let name = |path: &&str| match module_path(path).join("::") {
        module if module.is_empty() => "crate".to_owned(),
        module => module,
    };
    way.iter().map(name).collect::<Vec<String>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::code::places;

    #[track_caller]
    fn check_crate(a: &str, b: &str, c: &str, expected: &[&str]) {
        let files = [
            (
                "crates/x/src/lib.rs",
                "mod a;\nmod b;\nmod c;\npub use a::A;",
            ),
            ("crates/x/src/a.rs", a),
            ("crates/x/src/b.rs", b),
            ("crates/x/src/c.rs", c),
        ];
        assert_eq!(places(check, &files), expected);
    }

    #[test]
    fn files_that_name_each_other_are_found() {
        check_crate(
            "use crate::b::B;",
            "\nuse crate::A;",
            "use crate::A;",
            &["crates/x/src/a.rs:1", "crates/x/src/b.rs:2"],
        );
        check_crate(
            "use crate::b::B;",
            "use crate::c::C;",
            "fn a() { crate::a::run() }",
            &[
                "crates/x/src/a.rs:1",
                "crates/x/src/b.rs:1",
                "crates/x/src/c.rs:1",
            ],
        );
    }

    #[test]
    fn one_direction_is_fine() {
        check_crate("use crate::b::B;", "use crate::c::C;", "", &[]);
        check_crate(
            "use crate::b::B;",
            "#[cfg(test)]\nmod tests { use crate::a::A; }",
            "",
            &[],
        );
    }
}
