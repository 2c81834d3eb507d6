//! `cargo xtask fuzz`: the targets of `fuzz` under libFuzzer, on the stable compiler. The coverage that libFuzzer follows is a
//! pass of LLVM, which the compiler runs when it is asked to; no sanitizer is used, since the workspace has no unsafe code.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use clap::Args;

use crate::workspace;

/// What libFuzzer needs of the compiler.
const FLAGS: &str = "--cfg fuzz_engine -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";
/// An input that takes longer, in seconds, is a finding.
const SLOWEST_INPUT: u32 = 5;
/// A target that needs more memory, in MiB, is a finding.
const MOST_MEMORY: u32 = 1024;

/// Which targets, and for how long.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only these targets; all of them when none is named
    targets: Vec<String>,
    /// How long each target runs
    #[arg(long, default_value_t = 600, value_name = "N")]
    seconds: u32,
}

/// One target as the library lists it.
struct Target {
    name: String,
    longest: String,
}

/// Runs one target after the other; the first that finds something ends the run.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let root = workspace::root();
    let place = workspace::members(&root)?.target_directory.join("fuzz");
    let engine = build(&root, &place)?;
    let targets = wanted(list(&engine)?, &options.targets)?;
    for target in &targets {
        let folders = Folders::new(&root, &place, &target.name)?;
        println!("{}", fuzz(&engine, &folders, target, options.seconds)?);
    }
    Ok(())
}

/// The targets, as the engine lists them.
fn list(engine: &Path) -> anyhow::Result<Vec<Target>> {
    let output = Command::new(engine)
        .env_remove("FUZZ_TARGET")
        .output()
        .context("the engine cannot be started")?;
    ensure!(
        output.status.success(),
        "the engine does not list its targets"
    );
    let text = String::from_utf8(output.stdout)?;
    let targets = text.lines().filter_map(|line| {
        let (name, longest) = line.split_once(' ')?;
        Some(Target {
            name: name.to_owned(),
            longest: longest.to_owned(),
        })
    });
    Ok(targets.collect())
}

fn wanted(all: Vec<Target>, names: &[String]) -> anyhow::Result<Vec<Target>> {
    let known: Vec<_> = all.iter().map(|target| target.name.clone()).collect();
    if let Some(name) = names.iter().find(|name| !known.contains(name)) {
        bail!("there is no target {name}; there are {}", known.join(", "));
    }
    let is_wanted = |target: &Target| names.is_empty() || names.contains(&target.name);
    Ok(all.into_iter().filter(is_wanted).collect())
}

/// An own folder and an own target triple keep these flags from every other build, and from build scripts.
fn build(root: &Path, place: &Path) -> anyhow::Result<PathBuf> {
    let host = host(root)?;
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--locked", "--package", "fuzz"])
        .args(["--profile", "fuzz", "--target", &host])
        .arg("--target-dir")
        .arg(place)
        .env("RUSTFLAGS", FLAGS)
        .current_dir(root)
        .status()
        .context("cargo cannot be started; is it on the PATH?")?;
    ensure!(
        status.success(),
        "the targets cannot be built; is g++ installed?"
    );
    Ok(place.join(host).join("fuzz").join("fuzz"))
}

fn host(root: &Path) -> anyhow::Result<String> {
    let output = Command::new("rustc")
        .args(["--print", "host-tuple"])
        .current_dir(root)
        .output()
        .context("rustc cannot be started; is it on the PATH?")?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Where one target's inputs are.
struct Folders {
    /// What is kept in the repository.
    corpus: PathBuf,
    /// What this machine has found so far.
    work: PathBuf,
    /// What made the target fail.
    findings: PathBuf,
}

impl Folders {
    fn new(root: &Path, place: &Path, target: &str) -> anyhow::Result<Self> {
        let folders = Self {
            corpus: root.join("fuzz/corpus").join(target),
            work: place.join("corpus").join(target),
            findings: place.join("findings").join(target),
        };
        for folder in [&folders.work, &folders.findings] {
            fs::create_dir_all(folder)?;
        }
        Ok(folders)
    }

    /// The folders that libFuzzer reads; it writes to the first.
    fn inputs(&self) -> Vec<&Path> {
        let kept = Some(self.corpus.as_path()).filter(|corpus| corpus.is_dir());
        [self.work.as_path()].into_iter().chain(kept).collect()
    }
}

fn command(engine: &Path, folders: &Folders, target: &Target) -> Command {
    let mut command = Command::new(engine);
    command
        .env("FUZZ_TARGET", &target.name)
        .env("FUZZ_SEEDS", &folders.work)
        .arg(format!("-max_len={}", target.longest));
    command
}

/// Runs one target, and answers with what there is to tell.
fn fuzz(engine: &Path, folders: &Folders, target: &Target, seconds: u32) -> anyhow::Result<String> {
    let output = command(engine, folders, target)
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={SLOWEST_INPUT}"))
        .arg(format!("-rss_limit_mb={MOST_MEMORY}"))
        .arg(format!("-artifact_prefix={}/", folders.findings.display()))
        .arg("-print_final_stats=1")
        .args(folders.inputs())
        .output()
        .context("the engine cannot be started")?;
    let report = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let end: Vec<_> = report.lines().rev().take(40).collect();
        for line in end.iter().rev() {
            eprintln!("{line}");
        }
        bail!(
            "{} has a finding in {}; mend it, and keep the input in fuzz/corpus/{}",
            target.name,
            folders.findings.display(),
            target.name
        );
    }
    Ok(format!("{}: {}", target.name, summary(&report)))
}

/// The figures of libFuzzer's report.
fn summary(report: &str) -> String {
    let figure = |name: &str| {
        let lines = report.lines().rev();
        let mut found = lines.filter_map(|line| line.strip_prefix(name));
        found.next().unwrap_or("unknown").trim().to_owned()
    };
    let reached = report.lines().rev().find_map(|line| {
        let (_, rest) = line.split_once("cov: ")?;
        rest.split_once(' ').map(|(reached, _)| reached.to_owned())
    });
    format!(
        "{} inputs tried, {} points of the code reached, slowest input {} s, nothing found",
        figure("stat::number_of_executed_units:"),
        reached.unwrap_or_else(|| "unknown".to_owned()),
        figure("stat::slowest_unit_time_sec:"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets() -> Vec<Target> {
        let target = |name: &str| Target {
            name: name.to_owned(),
            longest: "9".to_owned(),
        };
        vec![target("jws"), target("csr")]
    }

    #[test]
    fn a_target_that_is_not_there_is_named_with_those_that_are() {
        let found = wanted(targets(), &["csr".to_owned()]).unwrap();
        assert_eq!(found.len(), 1);
        let error = wanted(targets(), &["pem".to_owned()]).err().unwrap();
        assert_eq!(
            error.to_string(),
            "there is no target pem; there are jws, csr"
        );
    }

    #[test]
    fn figures_are_read_from_the_report() {
        let report = "#2 INITED cov: 12 ft: 13 corp: 1\n#9 DONE   cov: 345 ft: 400 corp: 9\n\
            stat::number_of_executed_units: 9\nstat::slowest_unit_time_sec:   0\n";
        assert_eq!(
            summary(report),
            "9 inputs tried, 345 points of the code reached, slowest input 0 s, nothing found"
        );
    }
}
