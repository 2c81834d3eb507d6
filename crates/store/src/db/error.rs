//! Why the database did not do what it was asked, in the classes that callers tell apart.

use base::{Class, Refusal, Refuse};
use std::fmt;
use std::sync::Arc;

use rusqlite::ErrorCode;
use tokio_postgres::error::SqlState;

/// A failure of the database or of what it holds. "Not found" is no error, nor is a lost race.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else held a lock, or won every race, for longer than we wait.
    #[error("the database was too busy to finish the transaction")]
    Busy {
        /// What the engine said.
        source: DriverError,
    },
    /// The store was closed; the server is shutting down.
    #[error("the database has been closed")]
    Closed,
    /// A stored value cannot be what it should be.
    #[error("column \"{column}\" read by {place} holds something that it cannot hold")]
    Corrupt {
        /// The column's name in the result.
        column: String,
        /// The statement that read it.
        place: SourceLine,
        /// What is wrong with it.
        source: DriverError,
    },
    /// Nothing can be written: the disk is full, a quota is reached or the database is read-only.
    #[error("the database cannot be written, for example because its disk is full")]
    Full {
        /// What the engine said.
        source: DriverError,
    },
    /// A step towards the schema that this program expects could not be made.
    #[error("migration {name}: {reason}")]
    Migration {
        /// The migration's name.
        name: String,
        /// What is wrong, and what to do.
        reason: String,
        /// What the engine said, if it was asked.
        source: Option<DriverError>,
    },
    /// What was asked is about the rows of a tenant.
    #[error("this is about the rows of a tenant, and who asks stands for none")]
    NoTenant,
    /// The closure panicked; its effects were undone.
    #[error("a transaction panicked: {message}")]
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// The closure waited for something other than its transaction; its effects were undone.
    #[error("a transaction waited for something outside the database")]
    Pended,
    /// The schema is not what this program expects.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The engine refused the statement: a constraint, a type, a syntax error.
    #[error("the statement at {place} failed")]
    Statement {
        /// The statement.
        place: SourceLine,
        /// What the engine said.
        source: DriverError,
    },
    /// A statement over the rows of one tenant came in a transaction of none, or of another one.
    #[error(
        "the statement at {place} is for the rows of a tenant that the transaction does not have"
    )]
    Unscoped {
        /// The statement.
        place: SourceLine,
    },
    /// The database cannot be reached. A write that was being committed may or may not have
    /// happened: look before doing it again.
    #[error("the database cannot be reached")]
    Unavailable {
        /// What the driver said.
        source: DriverError,
    },
}

/// How long to wait when the database is full, busy or away.
const RETRY_AFTER_SECONDS: u32 = 30;

impl Refuse for Error {
    fn refusal(&self) -> Refusal {
        let refusal = if self.is_full() {
            Class::Unavailable.because(
                "database_full",
                "the server's database is full, so nothing was changed; the operator has to make room, then try again",
            )
        } else if self.is_unavailable() {
            Class::Unavailable.because(
                "database_unavailable",
                "the server's database does not answer, so nothing can be changed now; try again in half a minute",
            )
        } else {
            return Refusal::internal(self);
        };
        refusal.again_in(RETRY_AFTER_SECONDS).caused_by(self)
    }
}

/// What is wrong with the schema of a database, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// A migration has changed since it was applied.
    #[error("migration {name} was applied with another text; run the release that applied it")]
    Changed {
        /// The migration's name.
        name: String,
    },
    /// Rows were left without what they refer to (SQLite; PostgreSQL says so itself).
    #[error("rows of {table} refer to rows of {parent} that are not there")]
    Dangling {
        /// The table whose rows refer.
        table: String,
        /// The table that lacks rows.
        parent: String,
    },
    /// It is from before the first release.
    #[error(
        "the database was made by a development version before the first release; \
         move it away and start with an empty one"
    )]
    Development,
    /// Somebody has had a table, or SQLite's file, for longer than we wait.
    #[error(
        "others have held what it needs for more than {seconds} s; end their long transactions, \
         or whoever else writes to the database file, and try again"
    )]
    Held {
        /// How long we have waited.
        seconds: u64,
    },
    /// It is ahead of this program.
    #[error(
        "the database was changed by a newer release ({name}); run that release, or one after it"
    )]
    Newer {
        /// The first migration that this program does not know.
        name: String,
    },
    /// Another process migrates for longer than we wait.
    #[error(
        "another process has been migrating the database for more than {seconds} s; \
         start again when it is done"
    )]
    Occupied {
        /// How long we have waited.
        seconds: u64,
    },
}

/// The driver's own error, shared by all who get the answer to one commit.
pub type DriverError = Arc<dyn std::error::Error + Send + Sync>;

/// Where a statement is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The source file.
    pub file: &'static str,
    /// Its line.
    pub line: u32,
}

impl fmt::Display for SourceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl Error {
    /// Whether nothing can be written at present: answer 503 and tell the operator.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }

    /// Whether the same request may succeed a little later: answer 503 with `Retry-After`.
    pub fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::Busy { .. } | Self::Closed | Self::Unavailable { .. }
        )
    }

    pub(super) fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable {
            source: Arc::from(source.into()),
        }
    }

    pub(super) fn panicked(payload: &(dyn std::any::Any + Send)) -> Self {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        Self::Panicked { message }
    }

    /// Classifies what SQLite said about the statement at `place`.
    pub(super) fn from_sqlite(place: SourceLine, error: rusqlite::Error) -> Self {
        let code = error.sqlite_error_code().unwrap_or(ErrorCode::Unknown);
        let extended = error
            .sqlite_error()
            .map_or(0, |failure| failure.extended_code);
        let source: DriverError = Arc::new(error);
        if SQLITE_BUSY.contains(&code) {
            Self::Busy { source }
        } else if SQLITE_FULL.contains(&code) || CANNOT_WRITE.contains(&extended) {
            Self::Full { source }
        } else if SQLITE_GONE.contains(&code) {
            Self::Unavailable { source }
        } else {
            Self::Statement { place, source }
        }
    }

    /// Classifies what PostgreSQL or its driver said about the statement at `place`.
    pub(super) fn from_postgres(place: SourceLine, error: tokio_postgres::Error) -> Self {
        let code = error.code().cloned();
        let is_gone = error.is_closed() || has_io_cause(&error);
        let source: DriverError = Arc::new(error);
        let Some(code) = code else {
            return if is_gone {
                Self::Unavailable { source }
            } else {
                Self::Statement { place, source }
            };
        };
        if is_conflict(&code) || BUSY.contains(&code) {
            Self::Busy { source }
        } else if FULL.contains(&code) {
            Self::Full { source }
        } else if GONE.contains(&code) || code.code().starts_with("08") {
            Self::Unavailable { source }
        } else {
            Self::Statement { place, source }
        }
    }
}

/// Whether a transaction that failed like this should simply be run again.
pub(super) fn is_conflict(code: &SqlState) -> bool {
    *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED
}

fn has_io_cause(error: &tokio_postgres::Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(current) = cause {
        if current.is::<std::io::Error>() {
            return true;
        }
        cause = current.source();
    }
    false
}

const SQLITE_BUSY: [ErrorCode; 2] = [ErrorCode::DatabaseBusy, ErrorCode::DatabaseLocked];
const SQLITE_FULL: [ErrorCode; 2] = [ErrorCode::DiskFull, ErrorCode::ReadOnly];
const SQLITE_GONE: [ErrorCode; 6] = [
    ErrorCode::CannotOpen,
    ErrorCode::DatabaseCorrupt,
    ErrorCode::NotADatabase,
    ErrorCode::OutOfMemory,
    ErrorCode::PermissionDenied,
    ErrorCode::SystemIoFailure,
];
const CANNOT_WRITE: [i32; 3] = [
    rusqlite::ffi::SQLITE_IOERR_WRITE,
    rusqlite::ffi::SQLITE_IOERR_SHMSIZE,
    rusqlite::ffi::SQLITE_IOERR_TRUNCATE,
];
const BUSY: [SqlState; 2] = [SqlState::LOCK_NOT_AVAILABLE, SqlState::QUERY_CANCELED];
const FULL: [SqlState; 2] = [SqlState::DISK_FULL, SqlState::READ_ONLY_SQL_TRANSACTION];
const GONE: [SqlState; 7] = [
    SqlState::ADMIN_SHUTDOWN,
    SqlState::CANNOT_CONNECT_NOW,
    SqlState::CRASH_SHUTDOWN,
    SqlState::INVALID_PASSWORD,
    SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
    SqlState::OUT_OF_MEMORY,
    SqlState::TOO_MANY_CONNECTIONS,
];
