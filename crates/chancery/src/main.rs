//! The binary: reads settings, wires the parts, listens, and ends cleanly.

mod admin;
mod cli;
mod config;
mod demo;
mod doctor;
mod files;
mod listen;
mod lock;
mod logging;
mod mail;
mod parts;
#[cfg(feature = "pebble")]
mod pebble;
mod peers;
mod serve;
mod signals;
mod system;
mod tls;

use std::process::ExitCode;

use clap::{ArgMatches, FromArgMatches as _};

use crate::cli::{Cli, Command, ConfigCommand};

/// Requests allocate many small things on one thread and free some on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    #[cfg(feature = "pebble")]
    if let Some(arguments) = pebble::arguments() {
        return pebble::main(arguments);
    }
    let matches = cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match run(cli, &matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            admin::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli, matches: &ArgMatches) -> anyhow::Result<()> {
    let loaded = config::load(&cli.settings, matches)?;
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        anyhow::bail!("another TLS provider was installed first");
    }
    let runtime = runtime(&loaded.config)?;
    let config = &loaded.config;
    runtime.block_on(async {
        match cli.command {
            Command::Admin { command } => admin::run(config, command).await,
            Command::Config {
                command: ConfigCommand::Show { json },
            } => {
                admin::say(&config::show(&loaded, json));
                Ok(())
            }
            Command::Demo => demo::run(config.clone()).await,
            Command::Doctor => doctor::run(config).await,
            Command::Migrate => admin::migrate(config).await,
            Command::Serve => serve::run(config).await,
        }
    })
}

fn runtime(config: &config::Config) -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = config.runtime.worker_threads {
        builder.worker_threads(threads);
    }
    Ok(builder.enable_all().thread_name("chancery").build()?)
}
