//! Whether the places that rules name are there.

use std::path::Path;

use super::book::Book;
use crate::check::Finding;

/// Places that no file or folder has.
pub(super) fn check(root: &Path, book: &Book) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in book.rules() {
        for place in rule.places.iter().filter(|place| !is_there(root, place)) {
            let message = format!(
                "{} names {place}, which is not there: write crate/module as in ARCHITECTURE.md, \
                 or the path of a file",
                rule.id
            );
            findings.push(Finding::new(&book.path, rule.line, message));
        }
    }
    findings
}

/// `flow/access/team` is a module of the crate `flow`; other paths begin at the root or at the crate.
fn is_there(root: &Path, place: &str) -> bool {
    let (krate, rest) = place.split_once('/').unwrap_or((place, ""));
    let folder = root.join("crates").join(krate);
    let module = folder.join("src").join(rest);
    module.exists()
        || module.with_extension("rs").exists()
        || folder.join(rest).exists()
        || root.join(place).exists()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[track_caller]
    fn check(place: &str, expected: bool) {
        assert_eq!(is_there(&workspace::root(), place), expected, "{place}");
    }

    #[test]
    fn a_place_is_a_module_or_a_file() {
        check("flow/access/team", true);
        check("flow/jobs", true);
        check("tenancy", true);
        check("web/assets/portal.js", true);
        check("docs/limits.md", true);
        check("flow/access/no_such_use_case", false);
        check("nowhere", false);
    }
}
