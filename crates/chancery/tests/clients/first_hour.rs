//! `docs/first-hour.md`, as a new operator follows it: every command in its order, in one shell, and what the document says
//! that it prints.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::process::Command;

use crate::program;
use crate::server::free_ports;

const DOCUMENT: &str = include_str!("../../../../docs/first-hour.md");
/// All of it takes a third of a minute.
const LIMIT: Duration = Duration::from_secs(240);
/// In the document, whatever stands there; alone in a line, any lines.
const ANY: &str = "…";

/// A command with the lines that it prints.
struct Step {
    command: &'static str,
    expected: Vec<&'static str>,
}

/// What stands in the blocks of the document that are for a shell.
fn steps() -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let blocks = DOCUMENT.split("```console\n").skip(1);
    for line in blocks.flat_map(|block| block.split("\n```").next().unwrap_or_default().lines()) {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step {
                command,
                expected: Vec::new(),
            }),
            (None, Some(step)) => step.expected.push(line.trim_end()),
            (None, None) => {}
        }
    }
    steps
}

/// Whether a line is as expected, where [`ANY`] stands for any text.
fn fits_line(expected: &str, line: &str) -> bool {
    let mut parts = expected.split(ANY);
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    true
}

/// Whether all lines are as expected, where a line that is [`ANY`] stands for any lines.
fn fits(expected: &[&str], lines: &[&str]) -> bool {
    match (expected.split_first(), lines.split_first()) {
        (None, left) => left.is_none(),
        (Some((&ANY, more)), left) => {
            fits(more, lines) || left.is_some_and(|(_, behind)| fits(expected, behind))
        }
        (Some(_), None) => false,
        (Some((line, more)), Some((found, behind))) => fits_line(line, found) && fits(more, behind),
    }
}

/// A script that does all steps in one shell, each with a file for what it prints.
fn script(steps: &[Step], folder: &Path) -> String {
    let mut script = String::new();
    for (number, step) in steps.iter().enumerate() {
        let file = folder.join(number.to_string());
        let _ = writeln!(
            script,
            "{{ {}\n}} >'{}' 2>&1 </dev/null",
            step.command,
            file.display()
        );
    }
    script
}

/// Programs, certbot's settings and addresses of a lab.
fn lab(folder: &Path, certbot: &Path) -> anyhow::Result<Vec<(&'static str, String)>> {
    let bin = folder.join("bin");
    fs::create_dir_all(&bin)?;
    symlink(env!("CARGO_BIN_EXE_chancery"), bin.join("chancery"))?;
    symlink(fs::canonicalize(certbot)?, bin.join("certbot"))?;
    let [portal, acme, pki, internal, http] = free_ports()?;
    fs::create_dir_all(folder.join("letsencrypt"))?;
    let at = folder.display();
    let settings = format!(
        "config-dir = {at}/config\nwork-dir = {at}/work\nlogs-dir = {at}/logs\nhttp-01-address = 127.0.0.1\n\
         http-01-port = {http}\nno-random-sleep-on-renew = true\n"
    );
    fs::write(folder.join("letsencrypt/cli.ini"), settings)?;
    let listen = |port: u16| format!("127.0.0.1:{port}");
    Ok(vec![
        ("PATH", format!("{}:/usr/bin:/bin", bin.display())),
        ("HOME", at.to_string()),
        ("XDG_CONFIG_HOME", at.to_string()),
        ("LANG", "C.UTF-8".to_owned()),
        ("CHANCERY_PORTAL_LISTEN", listen(portal)),
        ("CHANCERY_ACME_LISTEN", listen(acme)),
        ("CHANCERY_PKI_LISTEN", listen(pki)),
        ("CHANCERY_INTERNAL_LISTEN", listen(internal)),
        (
            "CHANCERY_LAB_ADDRESSES",
            "*.example.test=127.0.0.1".to_owned(),
        ),
        ("CHANCERY_LAB_HTTP_PORT", http.to_string()),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_hour_is_as_the_document_tells_it() -> anyhow::Result<()> {
    let Some(certbot) = program::find("CHANCERY_TEST_CERTBOT_NEWEST", None)? else {
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let (printed, home) = (folder.path().join("printed"), folder.path().join("home"));
    fs::create_dir_all(&printed)?;
    fs::create_dir_all(&home)?;
    let steps = steps();
    ensure!(steps.len() > 40, "{} steps", steps.len());
    let file = folder.path().join("script");
    fs::write(&file, script(&steps, &printed))?;
    let mut shell = Command::new("bash");
    shell.args(["--noprofile", "--norc"]).arg(&file);
    shell.current_dir(&home).env_clear();
    shell.envs(lab(&folder.path().join("lab"), &certbot)?);
    shell.stdin(Stdio::null()).process_group(0);
    let mut running = shell.spawn()?;
    let group = running.id().context("it runs")?;
    let ended = tokio::time::timeout(LIMIT, running.wait()).await;
    // What a step left behind that failed goes with its group.
    let group = format!("-{group}");
    let _ = Command::new("kill").args(["--", &group]).output().await;
    for (number, step) in steps.iter().enumerate() {
        let said = fs::read_to_string(printed.join(number.to_string())).unwrap_or_default();
        let lines: Vec<&str> = said.lines().map(str::trim_end).collect();
        ensure!(
            fits(&step.expected, &lines),
            "$ {}\n{said}\nexpected:\n{}",
            step.command,
            step.expected.join("\n")
        );
    }
    ended.context("it does not end")??;
    Ok(())
}

#[test]
fn what_is_expected_is_found_and_nothing_else() {
    assert!(fits_line("a … c", "a b c") && fits_line("…", "") && fits_line("a", "a"));
    assert!(!fits_line("a", "ab") && !fits_line("a…c", "ab") && !fits_line("…x…y", "yx"));
    assert!(fits(&["a", ANY, "b"], &["a", "1", "2", "b"]) && fits(&[ANY], &[]));
    assert!(!fits(&["a"], &["a", "b"]) && !fits(&[], &["a"]) && !fits(&["a", ANY, "b"], &["a"]));
}
