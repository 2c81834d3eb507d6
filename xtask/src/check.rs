//! `cargo xtask check`: the rules about structure that neither the compiler nor clippy enforces.
//!
//! One file per rule; each turns what it reads into [`Finding`]s and knows nothing of the others.

use std::fmt;
use std::path::Path;

use anyhow::bail;

use crate::workspace;

mod dependencies;
mod documents;
mod layout;
mod lints;
mod size;
mod source;
mod sql;
mod words;

/// One broken rule at one place.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// The file, relative to the workspace root.
    path: String,
    /// The line, from 1; 0 when the finding is about the whole file.
    line: usize,
    /// What is wrong and what to do.
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// Runs every check on the workspace at `root`, prints what is wrong and fails if anything is.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let members = workspace::members(root)?;
    let sources = source::read_all(root)?;
    let mut findings = dependencies::check(&members.packages);
    findings.extend(dependencies::check_graph(&workspace::packages_in_use(
        root,
    )?));
    findings.extend(lints::check(root, &members.packages)?);
    findings.extend(documents::check(root, &members.packages)?);
    findings.extend(layout::check(root)?);
    for source in &sources {
        findings.extend(size::check(source));
        findings.extend(sql::check(source));
        findings.extend(words::check(source));
    }
    findings.sort();
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
