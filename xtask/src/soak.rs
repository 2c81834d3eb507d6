//! `cargo xtask soak`: years of a busy installation in minutes, by a clock that is set ahead. The real use cases run in an
//! example of testkit, since nothing here may know them.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};
use clap::Args;

use crate::fill::Engine;
use crate::server::postgres::{Durability, Postgres};
use crate::workspace;

/// The variable that tells the example where PostgreSQL is.
const ADDRESS: &str = "CHANCERY_TEST_POSTGRES_URL";

/// What happens, and where.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The database
    #[arg(long, value_enum, default_value_t = Engine::Sqlite)]
    engine: Engine,
    /// How many orders are placed
    #[arg(long, default_value_t = 200_000, value_name = "N")]
    orders: u32,
    /// Within how many days
    #[arg(long, default_value_t = 1_200, value_name = "N")]
    days: u32,
    /// How many days audit entries stay
    #[arg(long, default_value_t = 500, value_name = "N")]
    audit_days: u32,
    /// Where the picture goes
    #[arg(long, default_value = "target/soak.svg", value_name = "PATH")]
    chart: PathBuf,
}

/// Builds it in release mode and runs it.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let root = workspace::root();
    let mut command = Command::new("cargo");
    let counts = [options.orders, options.days, options.audit_days];
    let (engine, postgres) = match options.engine {
        Engine::Postgres => {
            let postgres = Postgres::start(None, Durability::None)?;
            command.env(ADDRESS, postgres.url("postgres"));
            ("postgres", Some(postgres))
        }
        Engine::Sqlite => ("sqlite", None),
    };
    let status = command
        .args(["run", "--quiet", "--release", "--locked"])
        .args(["--package", "testkit", "--example", "soak", "--", engine])
        .args(counts.map(|count| count.to_string()))
        .arg(root.join(&options.chart))
        .current_dir(&root)
        .status()
        .context("cargo cannot be started; is it on the PATH?")?;
    drop(postgres);
    if !status.success() {
        bail!("the soak failed");
    }
    Ok(())
}
