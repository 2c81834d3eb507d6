//! What the rules of the house look at: all files, and which of them names which.

use super::names::{self, Name};
use super::source::Source;

/// The Rust files and what they name of each other, read once for all rules.
pub(crate) struct Code<'a> {
    /// Every file of the workspace.
    pub(crate) sources: &'a [Source],
    /// Which file names which, tests left out.
    pub(crate) names: Vec<Name>,
}

impl<'a> Code<'a> {
    /// Reads the names out of the files.
    pub(crate) fn new(sources: &'a [Source]) -> Self {
        Self {
            sources,
            names: names::read(sources),
        }
    }

    /// The files of our libraries and of the binary.
    pub(crate) fn product(&self) -> impl Iterator<Item = &'a Source> {
        self.sources.iter().filter(|source| source.is_product())
    }
}

/// For tests of rules: the paths and lines that a rule finds in files given as path and text.
#[cfg(test)]
pub(crate) fn places(
    rule: fn(&Code<'_>) -> Vec<super::Finding>,
    files: &[(&str, &str)],
) -> Vec<String> {
    let mut sources: Vec<Source> = files
        .iter()
        .map(|(path, text)| Source::parse(path, text).unwrap())
        .collect();
    super::source::mark_tests(&mut sources);
    rule(&Code::new(&sources))
        .iter()
        .map(|finding| format!("{}:{}", finding.path, finding.line))
        .collect()
}
