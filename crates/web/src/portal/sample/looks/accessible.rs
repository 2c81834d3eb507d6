//! Every page of the portal, with made-up data, is looked at by axe in a browser: light at 1280 pixels and dark at 375.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::render_all;
use crate::portal::page::assets;

/// The tool that a variable names; `None` where tests may be skipped.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by the environment, not by settings"
)]
fn tool(variable: &str) -> Option<PathBuf> {
    if let Ok(path) = std::env::var(variable) {
        return Some(PathBuf::from(path));
    }
    let is_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!is_ci, "CI must look at pages with axe: set {variable}");
    eprintln!("NOT TESTED: set {variable}, as script/test does");
    None
}

/// Writes the pages, and says how many there are.
fn write_pages(directory: &Path) -> usize {
    fs::create_dir_all(directory.join("assets")).unwrap();
    for asset in assets::all() {
        fs::write(
            directory.join(asset.url.trim_start_matches('/')),
            &asset.bytes,
        )
        .unwrap();
    }
    let pages = render_all().unwrap();
    for (name, text) in &pages {
        fs::write(directory.join(format!("{name}.html")), text).unwrap();
    }
    pages.len()
}

#[test]
fn no_page_has_a_barrier_that_axe_finds() {
    let variables = [
        "CHANCERY_TEST_PLAYWRIGHT",
        "CHANCERY_TEST_AXE",
        "CHANCERY_TEST_CHROMIUM",
    ];
    let Some(tools) = variables.into_iter().map(tool).collect::<Option<Vec<_>>>() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let pages = write_pages(directory.path());
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/portal/sample/looks/accessible.mjs");
    let output = Command::new("node")
        .arg(script)
        .arg(directory.path())
        .args(tools)
        .output()
        .expect("node could not be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.lines().count(), 2 * pages, "{said}");
}
