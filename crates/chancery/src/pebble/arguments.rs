//! Pebble's flags and environment.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, builder::BoolishValueParser};

/// Stands in for the ACME test server Pebble; never for production.
///
/// Flags may have one dash or two. Everything is kept in a temporary database that ends with the process.
#[derive(Debug, Parser)]
#[command(name = "chancery pebble", version, max_term_width = 110)]
pub(super) struct Arguments {
    /// Pebble's settings, JSON
    #[arg(
        long,
        value_name = "FILE",
        default_value = "test/config/pebble-config.json"
    )]
    pub(super) config: PathBuf,
    /// The DNS server to ask, as HOST:PORT; without it the first one in /etc/resolv.conf
    #[arg(long, value_name = "HOST:PORT")]
    pub(super) dnsserver: Option<String>,
    /// Taken for compatibility: this server is always strict
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
        value_parser = BoolishValueParser::new())]
    pub(super) strict: Option<bool>,
    /// What to log
    #[arg(long, env = "CHANCERY_LOG", default_value = "info")]
    pub(super) log: String,
    #[command(flatten)]
    pub(super) environment: Environment,
}

/// What Pebble reads from its environment.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Environment")]
pub(super) struct Environment {
    /// Take every name for proven without looking
    #[arg(long, env = "PEBBLE_VA_ALWAYS_VALID", default_value = "0",
        value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set)]
    pub(super) always_valid: bool,
    /// Taken for compatibility: this server never sleeps before it validates
    #[arg(long, env = "PEBBLE_VA_NOSLEEP", default_value = "1",
        value_parser = BoolishValueParser::new(), action = clap::ArgAction::Set)]
    pub(super) nosleep: bool,
    /// How many of 100 good nonces are refused
    #[arg(long, env = "PEBBLE_WFE_NONCEREJECT", default_value = "5",
        value_parser = clap::value_parser!(u8).range(..=100))]
    pub(super) noncereject: u8,
    /// How many of 100 valid authorizations are used again
    #[arg(long, env = "PEBBLE_AUTHZREUSE", default_value = "50",
        value_parser = clap::value_parser!(u8).range(..=100))]
    pub(super) authzreuse: u8,
    /// How many orders a page of an account's list has
    #[arg(long, env = "PEBBLE_WFE_ORDERS_PER_PAGE", default_value = "3",
        value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) orders_per_page: u16,
    /// Intermediate certificates in a chain; only 1 is supported
    #[arg(long, env = "PEBBLE_CHAIN_LENGTH", default_value = "1")]
    pub(super) chain_length: String,
    /// Further roots to build chains to
    #[arg(long, env = "PEBBLE_ALTERNATE_ROOTS", default_value = "0")]
    pub(super) alternate_roots: u8,
}

impl Environment {
    /// Refuses what would silently be something else here.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if self.chain_length != "1" {
            anyhow::bail!(
                "PEBBLE_CHAIN_LENGTH={} is not supported: chains have one intermediate certificate",
                self.chain_length
            );
        }
        if !self.nosleep {
            tracing::info!("PEBBLE_VA_NOSLEEP=0 changes nothing: validation begins at once");
        }
        Ok(())
    }
}

/// The name of the program, then the arguments with `-config` as `--config`, as Go programs take both.
pub(super) fn with_two_dashes(given: Vec<OsString>) -> Vec<OsString> {
    let long = |argument: OsString| match argument.to_str() {
        Some(text) if is_single_dashed(text) => OsString::from(format!("-{text}")),
        Some(_) | None => argument,
    };
    let name = OsString::from("chancery pebble");
    std::iter::once(name)
        .chain(given.into_iter().map(long))
        .collect()
}

fn is_single_dashed(text: &str) -> bool {
    text.len() > 2 && text.starts_with('-') && !text.starts_with("--")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(given: &[&str]) -> Result<Arguments, clap::Error> {
        let given = given.iter().map(OsString::from).collect();
        Arguments::try_parse_from(with_two_dashes(given))
    }

    #[test]
    fn flags_are_taken_with_one_dash_or_two() {
        for given in [
            ["-config", "a.json", "-dnsserver=127.0.0.1:8053", "-strict"],
            [
                "--config",
                "a.json",
                "--dnsserver=127.0.0.1:8053",
                "--strict=true",
            ],
        ] {
            let parsed = parse(&given).unwrap();
            assert_eq!(parsed.config, PathBuf::from("a.json"));
            assert_eq!(parsed.dnsserver.as_deref(), Some("127.0.0.1:8053"));
            assert_eq!(parsed.strict, Some(true));
        }
        assert_eq!(parse(&["-strict=false"]).unwrap().strict, Some(false));
        assert!(parse(&["-unknown"]).is_err());
    }

    #[test]
    fn what_is_not_supported_is_refused() {
        assert!(parse(&[]).unwrap().environment.check().is_ok());
        for given in ["-chain-length=2", "-chain-length=0"] {
            let refused = parse(&[given]).unwrap().environment.check().unwrap_err();
            assert!(refused.to_string().contains("not supported"), "{refused}");
        }
        assert!(parse(&["-noncereject=101"]).is_err());
        assert!(parse(&["-orders-per-page=0"]).is_err());
    }
}
