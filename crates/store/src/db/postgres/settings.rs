//! Reads the connection URL as libpq does, with the words that tokio-postgres leaves out.

use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls::{self, Trust};
use crate::db::options::Options;
use crate::db::{Error, MigrationLimits};

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Statements that find their rows by key.
    Keyed,
    /// The same, in a transaction that others are waiting for.
    Lane,
    /// The steps of migrations, which may take long but must not hold up the rest for long.
    Migration,
    /// Statements that may read much.
    Scans,
}

impl Purpose {
    /// A statement by key has one good plan, which need not be made again for every execution, nor
    /// be a bad one because the table was empty when the connection began. And no lane may stand
    /// still for long because somebody holds a row. A scan keeps to its own process: what it would gain
    /// from helpers, the requests beside it would lose.
    fn settings(self) -> &'static str {
        match self {
            Self::Keyed => {
                "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off \
                 -c lock_timeout=2000 "
            }
            Self::Lane => {
                "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off \
                 -c lock_timeout=250 "
            }
            Self::Migration => "",
            Self::Scans => "-c max_parallel_workers_per_gather=0 -c jit=off ",
        }
    }
}

/// The connection's settings and its way to TLS. `sslmode=verify-ca` and `verify-full` both check
/// the chain and the name; `prefer` and `require` encrypt to whoever answers, as libpq does,
/// unless `sslrootcert` names whom to trust.
pub(super) fn parse(
    url: &str,
    options: &Options,
    purpose: Purpose,
) -> Result<(Config, MakeRustlsConnect), Error> {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let mut root_file = None;
    let mut verifies = false;
    let mut kept = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslrootcert", path)) => root_file = Some(PathBuf::from(path)),
            Some(("sslmode", "verify-ca" | "verify-full")) => {
                verifies = true;
                kept.push("sslmode=require");
            }
            Some(("sslmode", "allow")) => kept.push("sslmode=prefer"),
            _ => kept.push(pair),
        }
    }
    let url = format!("{address}?{}", kept.join("&"));
    let mut config: Config = url.parse().map_err(Error::unavailable)?;
    limit(&mut config, options, purpose);
    let trust = match root_file {
        _ if config.get_ssl_mode() == SslMode::Disable => Trust::Anyone,
        Some(path) => Trust::File(path),
        None if verifies => Trust::System,
        None => Trust::Anyone,
    };
    Ok((config, tls::connector(trust)?))
}

/// Nothing waits for ever: not for a connection, not for a statement of a request, not for a forgotten client.
fn limit(config: &mut Config, options: &Options, purpose: Purpose) {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(options.connect_timeout);
    }
    if config.get_application_name().is_none() {
        config.application_name("chancery");
    }
    let given = config.get_options().unwrap_or_default();
    let all = if purpose == Purpose::Migration {
        // Who gives requests other limits does not mean migrations.
        format!("{given} {}", for_migrations(&options.migration))
    } else {
        format!(
            "-c statement_timeout={} -c idle_in_transaction_session_timeout=30000 {}{given}",
            options.statement_timeout.as_millis(),
            purpose.settings()
        )
    };
    config.options(all.trim());
    // With the time-out below this notices a lost server also while a statement takes long.
    config.keepalives_idle(KEEPALIVE);
    config.tcp_user_timeout(options.statement_timeout * 2);
}

/// A client that is gone leaves no lock behind: the server asks whether it is still there.
fn for_migrations(limits: &MigrationLimits) -> String {
    let statement = limits.statement_timeout.unwrap_or_default();
    format!(
        "-c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout=0 \
         -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3",
        statement.as_millis(),
        limits.lock_timeout.as_millis().max(1)
    )
}

const KEEPALIVE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: SslMode) -> Config {
        let (config, _) = parse(url, &Options::default(), Purpose::Scans).unwrap();
        assert_eq!(config.get_ssl_mode(), expected);
        config
    }

    #[test]
    fn ssl_modes_of_libpq_are_understood() {
        check("postgres://u@h/d", SslMode::Prefer);
        check("postgres://u@h/d?sslmode=disable", SslMode::Disable);
        check("postgres://u@h/d?sslmode=allow", SslMode::Prefer);
        check("postgres://u@h/d?sslmode=require", SslMode::Require);
    }

    #[test]
    fn a_missing_root_file_is_an_error_and_not_trust() {
        let url = "postgres://u@h/d?sslmode=verify-full&sslrootcert=/nonexistent.pem";
        assert!(parse(url, &Options::default(), Purpose::Scans).is_err());
    }

    #[test]
    fn sb4_limits_of_requests_are_not_those_of_migrations() {
        let url = "postgres://u@h/d?options=-c%20statement_timeout%3D1%20-csearch_path%3Ds";
        let (config, _) = parse(url, &Options::default(), Purpose::Migration).unwrap();
        let settings = config.get_options().unwrap();
        let expected =
            "-c statement_timeout=1 -csearch_path=s -c statement_timeout=0 -c lock_timeout=1000 ";
        assert!(settings.starts_with(expected), "{settings}");
        assert!(!settings.contains("enable_seqscan"), "{settings}");
    }

    #[test]
    fn limits_are_set_and_the_operator_can_overrule_them() {
        let url = "postgres://u@h/d?options=-c%20statement_timeout%3D1&connect_timeout=9";
        let config = check(url, SslMode::Prefer);
        assert!(
            config
                .get_options()
                .unwrap()
                .ends_with("-c statement_timeout=1")
        );
        assert_eq!(config.get_connect_timeout().unwrap().as_secs(), 9);
    }
}
