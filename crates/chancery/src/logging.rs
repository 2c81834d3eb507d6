//! Structured logs on standard error; what may stand in them is said in docs/logging.md.

use std::io::{self, IsTerminal as _, Stderr, Write};

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
        .with_writer(|| OneLine(io::stderr()));
    let builder = if io::stderr().is_terminal() {
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

/// Writes each event on one line, also when a library's message has several: a database's notices do.
struct OneLine<W = Stderr>(W);

impl<W: Write> Write for OneLine<W> {
    /// An event comes whole.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let (text, end) = match event.strip_suffix(b"\n") {
            Some(text) => (text, &b"\n"[..]),
            None => (event, &b""[..]),
        };
        if !text.contains(&b'\n') {
            return self.0.write(event);
        }
        let mut line: Vec<u8> = text
            .split(|byte| *byte == b'\n')
            .collect::<Vec<_>>()
            .join(&b' ');
        line.extend(end);
        self.0.write_all(&line)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l9_s65_an_event_is_one_line_whatever_its_message_has() {
        let mut log = OneLine(Vec::new());
        for event in ["INFO one\n", "INFO NOTICE: two\nstill two\n"] {
            log.write_all(event.as_bytes()).unwrap();
        }
        assert_eq!(log.0, b"INFO one\nINFO NOTICE: two still two\n");
    }
}
