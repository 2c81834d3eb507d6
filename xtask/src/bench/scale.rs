//! `cargo xtask bench scale`: what grows with the store. The statements are measured by the store itself, in an example
//! of that crate; issuance as `bench issuance` does, on databases that were filled before.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use tempfile::TempDir;

use super::issuance;
use crate::fill::{Engine, example};
use crate::launch::Launch;
use crate::server::postgres::{Durability, Postgres};
use crate::server::working_directory;

/// What to compare.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The database
    #[arg(long, value_enum, default_value_t = Engine::Sqlite)]
    engine: Engine,
    /// Certificates of the small store
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    small: u64,
    /// Certificates of the large store
    #[arg(long, default_value_t = 1_000_000, value_name = "N")]
    large: u64,
    /// Keep the databases in this directory, and take those that are there (SQLite)
    #[arg(long, value_name = "DIRECTORY")]
    keep: Option<PathBuf>,
    /// Only the statements
    #[arg(long)]
    without_issuance: bool,
    #[command(flatten)]
    launch: Launch,
}

/// Measures the statements, then issuance.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let sizes = [options.small, options.large];
    if !options.without_issuance {
        // It starts this tool anew, which then comes by here again.
        options.launch.prepare(Some(issuance::CLIENT_CORE))?;
    }
    match options.engine {
        Engine::Postgres => on_postgres(sizes)?,
        Engine::Sqlite => on_sqlite(options, sizes)?,
    }
    if options.without_issuance {
        return Ok(());
    }
    issuance::at_sizes(options.engine, &sizes, &options.launch)
}

fn on_postgres(sizes: [u64; 2]) -> anyhow::Result<()> {
    let postgres = Postgres::start(None, Durability::Full)?;
    let names = ["small", "large"];
    for name in names {
        postgres.create_database(name)?;
    }
    measure(names.map(|name| postgres.socket_url(name)), sizes)
}

fn on_sqlite(options: &Options, sizes: [u64; 2]) -> anyhow::Result<()> {
    let temporary: TempDir;
    let directory = if let Some(kept) = &options.keep {
        fs::create_dir_all(kept).context("the databases cannot be kept there")?;
        kept
    } else {
        temporary = working_directory("scale")?;
        &temporary.path().to_path_buf()
    };
    let address = |size| format!("sqlite:{}", directory.join(format!("{size}.db")).display());
    measure(sizes.map(address), sizes)
}

fn measure([small, large]: [String; 2], [few, many]: [u64; 2]) -> anyhow::Result<()> {
    let (few, many) = (few.to_string(), many.to_string());
    example("scale", &[&small, &few, &large, &many])
}
