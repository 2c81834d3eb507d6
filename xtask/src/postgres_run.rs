//! `cargo xtask with-postgres`: a command with a private PostgreSQL beside it, as the tests need.

use std::ffi::OsString;
use std::process::{self, Command};

use anyhow::Context;
use clap::Args;

use crate::server::postgres::{Durability, Postgres};

/// The variable that the tests read.
const ADDRESS: &str = "CHANCERY_TEST_POSTGRES_URL";

/// What to run.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// Runs the command and ends with its exit code.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let (program, arguments) = options.command.split_first().context("no command")?;
    let postgres = Postgres::start(None, Durability::None)?;
    let status = Command::new(program)
        .args(arguments)
        .env(ADDRESS, postgres.url("postgres"))
        .status()
        .with_context(|| format!("{} cannot be started", program.display()))?;
    drop(postgres);
    process::exit(status.code().unwrap_or(1));
}
