//! `cargo xtask bench`: how fast the release build is, and what it costs.

use clap::Subcommand;

mod beside;
mod issuance;
mod jobs;
mod lineage;
mod load;
mod report;
mod scale;
pub(crate) mod statistics;
mod target;
mod yardstick;

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum Subject {
    /// Issuance while a reseller changes much at once: a name of many accounts goes, many names come
    Beside(beside::Options),
    /// Whole ACME flows, from newOrder to the downloaded chain
    Issuance(issuance::Options),
    /// Taking jobs when few wait and when a million do
    Jobs(jobs::Options),
    /// Issuance of one name that has few certificates, and of one that has many
    Lineage(lineage::Options),
    /// The hot statements and issuance, on a small and a large store
    Scale(scale::Options),
}

/// Measures and prints.
pub(crate) fn run(subject: &Subject) -> anyhow::Result<()> {
    match subject {
        Subject::Beside(options) => beside::run(options),
        Subject::Issuance(options) => issuance::run(options),
        Subject::Jobs(options) => jobs::run(options),
        Subject::Lineage(options) => lineage::run(options),
        Subject::Scale(options) => scale::run(options),
    }
}
