//! `cargo xtask fill`: a database with a believable history of any size. The store itself makes it, in an example of
//! that crate, since nothing here may know its tables.

use std::process::Command;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use crate::workspace;

/// What to fill, and how far.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The database
    #[arg(long, value_enum, default_value_t = Engine::Sqlite)]
    engine: Engine,
    /// How many certificates; everything else follows from it
    #[arg(long, value_name = "N")]
    certificates: u64,
    /// The file, or the URL of an empty PostgreSQL database
    #[arg(long, value_name = "PATH|URL")]
    into: String,
    /// Another number gives other names
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
}

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    Postgres,
    Sqlite,
}

impl Engine {
    /// The address of this database as the store takes it.
    pub(crate) fn address(self, into: &str) -> String {
        match self {
            Self::Postgres => into.to_owned(),
            Self::Sqlite if into.starts_with("sqlite:") => into.to_owned(),
            Self::Sqlite => format!("sqlite:{into}"),
        }
    }
}

/// Fills it.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let address = options.engine.address(&options.into);
    let seed = options.seed.to_string();
    example(
        "fill",
        &[&address, &options.certificates.to_string(), &seed],
    )
}

/// Fills the database of a server that does not run.
pub(crate) fn database(address: &str, certificates: u64) -> anyhow::Result<()> {
    example("fill", &[address, &certificates.to_string()])
}

/// Builds an example of the store in release mode and runs it.
pub(crate) fn example(name: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("cargo")
        .args(["run", "--quiet", "--release", "--locked"])
        .args(["--package", "store", "--features", "testing"])
        .args(["--example", name, "--"])
        .args(arguments)
        .current_dir(workspace::root())
        .status()
        .context("cargo cannot be started; is it on the PATH?")?;
    if !status.success() {
        bail!("{name} failed");
    }
    Ok(())
}
