//! `[storage]`: how the database is used. Where it is, is said by `database`.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::refused::{Refused, Validate, refuse_outside};

/// Fewer do not suffice for the kinds of work that have connections of their own; more than that, no PostgreSQL serves
/// well.
const CONNECTIONS: RangeInclusive<usize> = 8..=1_000;

/// How the database is used.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StorageSection {
    /// The key file that seals secrets in the database; DATA/sealing.key unless given.
    pub(super) sealing_key: Option<PathBuf>,
    /// Connections to PostgreSQL, opened as needed.
    pub(crate) postgres_connections: usize,
    /// What `chancery serve` does with a database of an older release.
    pub(crate) migrate: Migrate,
}

/// What to do with a database whose schema is behind this release. An empty one is always set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Migrate {
    /// Bring it up to date.
    Auto,
    /// Refuse it.
    Check,
}

impl Default for StorageSection {
    fn default() -> Self {
        Self {
            sealing_key: None,
            postgres_connections: 10,
            migrate: Migrate::Auto,
        }
    }
}

impl Validate for StorageSection {
    fn validate(&self) -> Result<(), Refused> {
        let connections = self.postgres_connections;
        refuse_outside(
            "storage.postgres_connections",
            connections,
            &CONNECTIONS,
            "connections",
        )
    }
}
