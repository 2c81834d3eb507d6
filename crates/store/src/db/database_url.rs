//! Where the database is, as one text: `sqlite:PATH` or `postgres://…`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The two engines that the one SQL text runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A server of its own, shared by several nodes.
    Postgres,
    /// A file beside the server.
    Sqlite,
}

/// Where the database is.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A connection URL, with a password perhaps: never print it.
    Postgres(String),
    /// The file; it is created when it does not exist, its directory is not.
    Sqlite(PathBuf),
}

/// The text names no database.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a database is given as sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME")]
pub struct DatabaseUrlError;

impl DatabaseUrl {
    /// The engine that serves this location.
    pub fn engine(&self) -> Engine {
        match self {
            Self::Postgres(_) => Engine::Postgres,
            Self::Sqlite(_) => Engine::Sqlite,
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, DatabaseUrlError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        match text.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            _ => Err(DatabaseUrlError),
        }
    }
}

/// Without the user, password and options of a PostgreSQL URL.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres(url) => {
                let rest = url.split_once("://").map_or("", |(_, rest)| rest);
                let rest = rest.split_once('?').map_or(rest, |(before, _)| before);
                let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
                write!(f, "postgres://{host}")
            }
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let shown = text
            .parse::<DatabaseUrl>()
            .ok()
            .map(|place| place.to_string());
        assert_eq!(shown.as_deref(), expected);
    }

    #[test]
    fn locations_are_read_and_shown_without_secrets() {
        check("sqlite:./data/x.db", Some("sqlite:./data/x.db"));
        check(
            "postgres://me:secret@db.example/chancery?sslmode=require",
            Some("postgres://db.example/chancery"),
        );
        check("postgresql://db.example/c", Some("postgres://db.example/c"));
        check("sqlite:", None);
        check("mysql://db.example/c", None);
    }
}
