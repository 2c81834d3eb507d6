//! Where files may be: a module is `foo.rs` beside `foo/`, and SQL files belong to the store.

use std::path::Path;

use super::{Finding, source};

/// Checks the names of all files of the workspace.
pub(crate) fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let paths = source::files(root)?;
    Ok(paths
        .iter()
        .filter_map(|path| misplaced(&source::relative(root, path)))
        .collect())
}

fn misplaced(path: &str) -> Option<Finding> {
    if path.ends_with("/mod.rs") {
        let message = "name the file after its module, beside the folder, not mod.rs";
        return Some(Finding::new(path, 0, message));
    }
    let is_sql = Path::new(path)
        .extension()
        .is_some_and(|found| found == "sql");
    (is_sql && !path.starts_with("crates/store/"))
        .then(|| Finding::new(path, 0, "SQL belongs in crates/store"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_path(path: &str, is_wrong: bool) {
        assert_eq!(misplaced(path).is_some(), is_wrong, "{path}");
    }

    #[test]
    fn names_of_files() {
        check_path("crates/acme/src/order.rs", false);
        check_path("crates/acme/src/order/mod.rs", true);
        check_path("crates/store/migrations/0001_start.sql", false);
        check_path("crates/flow/src/report.sql", true);
    }
}
