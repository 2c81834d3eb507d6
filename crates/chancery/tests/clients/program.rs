//! Other programs: where they are, and running one within a bound.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tokio::process::Command;

/// Longer than any of the programs takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(180);

/// The program that `variable` names, or else `fallback` on the path; `None` when the test is to be skipped.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by the environment, not by settings"
)]
pub(crate) fn find(variable: &str, fallback: Option<&str>) -> anyhow::Result<Option<PathBuf>> {
    let given = std::env::var(variable).ok().filter(|path| !path.is_empty());
    let found = match (given, fallback) {
        (Some(given), _) => Some(PathBuf::from(given)),
        (None, Some(name)) => std::env::var("PATH").ok().and_then(|path| {
            std::env::split_paths(&path)
                .map(|folder| folder.join(name))
                .find(|file| file.is_file())
        }),
        (None, None) => None,
    };
    if let Some(found) = found {
        ensure!(
            found.exists(),
            "{variable} names {}, which is not there",
            found.display()
        );
        return Ok(Some(found));
    }
    if std::env::var("CI").is_ok_and(|ci| ci == "true") {
        bail!("CI must run every client: set {variable}");
    }
    skip(variable);
    Ok(None)
}

/// Says that something was not tested, and how to have it tested.
pub(crate) fn skip(variable: &str) {
    eprintln!("NOT TESTED: set {variable}, as script/test does");
}

/// Runs a program to its end and answers with its standard output; anything but success is an error that
/// shows all it said.
pub(crate) async fn run(what: &str, command: &mut Command) -> anyhow::Result<String> {
    let running = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(LIMIT, running)
        .await
        .with_context(|| format!("{what} did not end within {} s", LIMIT.as_secs()))?
        .with_context(|| format!("{what} could not be started"))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        output.status.success(),
        "{what} ended with {}\n{stdout}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(stdout)
}
