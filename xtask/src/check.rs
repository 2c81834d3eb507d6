//! `cargo xtask check`: the rules about structure that neither the compiler nor clippy enforces.
//!
//! One file per rule; each turns what it reads into [`Finding`]s and knows nothing of the others. Those in
//! `house` may be broken where `breaches` says so.

use std::path::Path;

use anyhow::{bail, ensure};

use crate::workspace::{self, Package};

mod breaches;
mod circle;
mod code;
mod dependencies;
mod documents;
mod finding;
mod house;
mod layout;
mod lints;
mod names;
mod parsers;
mod refusals;
mod rules;
mod size;
mod source;
mod sql;
mod words;

use code::Code;
use finding::Finding;

/// What to do with the rules of the house.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Print what should stand in xtask/breaches.txt, and check nothing
    #[arg(long)]
    list: bool,
}

/// Which rules to show.
#[derive(clap::Args)]
pub(crate) struct RulesOptions {
    /// Print what is known of these rules, with all their tests, and write nothing: S-13, F-073, sb7
    ids: Vec<String>,
}

/// Runs every check on the workspace at `root`, prints what is wrong and fails if anything is.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<()> {
    let sources = source::read_all(root)?;
    let code = Code::new(&sources);
    if options.list {
        print!("{}", breaches::list(root, &code)?);
        return Ok(());
    }
    let members = workspace::members(root)?;
    let mut findings = find(root, &members.packages, &code)?;
    findings.sort();
    findings.dedup();
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} findings in {} files", findings.len(), sources.len());
    }
    println!(
        "checked {} crates and {} Rust files: nothing found",
        members.packages.len(),
        sources.len()
    );
    Ok(())
}

/// Writes the table of refusals into `docs/errors.md`.
pub(crate) fn write_errors(root: &Path) -> anyhow::Result<()> {
    let sources = source::read_all(root)?;
    refusals::write(root, &Code::new(&sources))
}

/// Writes the tables of rules into their documents and says what does not fit, or shows the rules that are asked for.
pub(crate) fn run_rules(root: &Path, options: &RulesOptions) -> anyhow::Result<()> {
    let sources = source::read_all(root)?;
    let code = Code::new(&sources);
    if !options.ids.is_empty() {
        for id in &options.ids {
            println!("{}", rules::show(root, &code, id)?);
        }
        return Ok(());
    }
    rules::write(root, &code)?;
    let mut findings = rules::check(root, &code)?;
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    ensure!(findings.is_empty(), "{} findings", findings.len());
    Ok(())
}

fn find(root: &Path, members: &[Package], code: &Code<'_>) -> anyhow::Result<Vec<Finding>> {
    let mut findings = dependencies::check(members);
    let in_use = workspace::packages_in_use(root)?;
    findings.extend(dependencies::check_graph(&in_use));
    findings.extend(lints::check(root, members)?);
    findings.extend(documents::check(root, members)?);
    findings.extend(layout::check(root)?);
    for source in code.sources {
        findings.extend(size::check(source));
        findings.extend(sql::check(source));
        findings.extend(words::check(source));
    }
    findings.extend(parsers::check(root, code)?);
    findings.extend(refusals::check(root, code)?);
    findings.extend(rules::check(root, code)?);
    findings.extend(breaches::check(root, code)?);
    Ok(findings)
}
