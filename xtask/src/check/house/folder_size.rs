//! At most 20 Rust files side by side: more, and the folder wants rooms.

use std::collections::BTreeMap;

use crate::check::Finding;
use crate::check::code::Code;

/// Files that a folder may have, those in folders of its own not counted.
const FILES: usize = 20;

/// Checks all folders; there is one finding for each file too many.
pub(crate) fn check(code: &Code<'_>) -> Vec<Finding> {
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    for source in code.sources {
        if let Some((folder, _)) = source.path.rsplit_once('/') {
            *folders.entry(folder).or_default() += 1;
        }
    }
    let mut findings = Vec::new();
    for (folder, files) in folders {
        let message = format!("{files} files, at most {FILES}: give it a folder for each noun");
        for _ in FILES..files {
            findings.push(Finding::new(folder, 0, message.as_str()));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::code::places;

    #[track_caller]
    fn check_folder(files: usize, expected: &[&str]) {
        let paths: Vec<String> = (0..files)
            .map(|file| format!("crates/a/src/b/c{file}.rs"))
            .chain(["crates/a/src/b/d/e.rs".to_owned()])
            .collect();
        let files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), "")).collect();
        assert_eq!(places(check, &files), expected);
    }

    #[test]
    fn a_folder_has_at_most_20_files() {
        check_folder(20, &[]);
        check_folder(22, &["crates/a/src/b:0", "crates/a/src/b:0"]);
    }
}
