//! Structured logs on standard error; what may stand in them is said in docs/logging.md.

use std::io::IsTerminal as _;

use anyhow::Context;
use tracing_subscriber::EnvFilter;

use crate::config::Config;

/// Begins to log.
pub(crate) fn start(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log)
        .with_context(|| format!("\"{}\" does not say what to log", config.log))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // Who closes the log does not end the server.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    let builder = if std::io::stderr().is_terminal() {
        builder
    } else {
        builder.with_ansi(false)
    };
    let started = if config.logging.json {
        builder.json().try_init()
    } else {
        builder.with_target(false).try_init()
    };
    started.map_err(|error| anyhow::anyhow!("logging cannot begin: {error}"))
}
