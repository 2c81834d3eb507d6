//! How much of the machine the database may use, and how long it may take.

use std::time::Duration;

/// How much of the machine the database may use.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long to wait for a new connection (PostgreSQL).
    pub connect_timeout: Duration,
    /// How patient migrations are.
    pub migration: MigrationLimits,
    /// How long to wait for a free connection (PostgreSQL).
    pub pool_timeout: Duration,
    /// Connections to keep at most (PostgreSQL); at least 8.
    pub postgres_connections: usize,
    /// Scans that may run at the same time (SQLite).
    pub readers: usize,
    /// How long one statement may take (PostgreSQL).
    pub statement_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            migration: MigrationLimits::default(),
            pool_timeout: Duration::from_secs(5),
            postgres_connections: 16,
            readers: 2,
            statement_timeout: Duration::from_secs(15),
        }
    }
}

/// How patient migrations are.
#[derive(Clone, Debug)]
pub struct MigrationLimits {
    /// How long a statement waits for a table before it lets those pass that have queued behind it,
    /// and is tried again (PostgreSQL).
    pub lock_timeout: Duration,
    /// How long to wait for another process that migrates, and for whoever else holds what a
    /// migration needs.
    pub patience: Duration,
    /// How long one statement may take; as long as it needs unless given (PostgreSQL).
    pub statement_timeout: Option<Duration>,
}

impl Default for MigrationLimits {
    /// The time-out is shorter than the 2 s that a write waits beside the lanes.
    fn default() -> Self {
        Self {
            lock_timeout: Duration::from_secs(1),
            patience: Duration::from_secs(600),
            statement_timeout: None,
        }
    }
}

/// When rows are seen to refer to rows that exist. PostgreSQL always looks at once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ForeignKeys {
    /// Before the commit, so that a table can be replaced by its copy.
    AtTheEnd,
    /// With every statement.
    AtOnce,
}
