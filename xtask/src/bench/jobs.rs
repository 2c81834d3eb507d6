//! `cargo xtask bench jobs`: what taking jobs costs when few wait and when very many do. The store measures it itself, in
//! an example of that crate.

use clap::Args;

use crate::fill::{Engine, example};
use crate::server::postgres::{Durability, Postgres};
use crate::server::working_directory;

/// What to compare.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The database
    #[arg(long, value_enum, default_value_t = Engine::Sqlite)]
    engine: Engine,
    /// Jobs that wait in the first run
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    few: u64,
    /// Jobs that wait in the second run
    #[arg(long, default_value_t = 1_000_000, value_name = "N")]
    many: u64,
}

/// Measures both.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let names = ["few", "many"];
    match options.engine {
        Engine::Postgres => {
            let postgres = Postgres::start(None, Durability::Full)?;
            for name in names {
                postgres.create_database(name)?;
            }
            measure(options, names.map(|name| postgres.socket_url(name)))
        }
        Engine::Sqlite => {
            let directory = working_directory("jobs")?;
            let path = |name| directory.path().join(format!("{name}.db"));
            measure(
                options,
                names.map(|name| format!("sqlite:{}", path(name).display())),
            )
        }
    }
}

fn measure(options: &Options, [few, many]: [String; 2]) -> anyhow::Result<()> {
    let counts = [options.few.to_string(), options.many.to_string()];
    example("claims", &[&few, &counts[0], &many, &counts[1]])
}
