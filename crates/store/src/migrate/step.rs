//! What a migration consists of.

use std::fmt::Write as _;

use aws_lc_rs::digest;

use crate::db::schema_for;
use crate::{BoxFuture, Engine, Error, WriteTx};

/// One change of the schema, or of what is stored in it.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// The name under which it is recorded, such as `0001_initial`.
    pub name: &'static str,
    /// What it does, in this order.
    pub steps: &'static [Step],
}

/// Texts and functions that follow each other share a transaction. All of it may be run again when
/// somebody was in the way, so that nothing has an effect but through the database.
///
/// Others may be writing. What copies a table begins with `LOCK TABLE` on PostgreSQL; on SQLite nobody
/// else writes while a migration's transaction is open.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Changes rows in pieces, each in a short transaction of its own.
    Backfill(Fill),
    /// One text in PostgreSQL's words, rendered for SQLite: types, `STRICT`, `); -- clustered` for a table
    /// without row ids, `-- postgres: ` or `-- sqlite: ` before a statement for one engine, run last.
    Both(&'static str),
    /// A Rust function.
    Code(Code),
    /// Statements of PostgreSQL's that can run in no transaction, such as `CREATE INDEX CONCURRENTLY`. They
    /// are all run again after an interruption: `DROP INDEX CONCURRENTLY IF EXISTS` comes first.
    Outside(&'static str),
    /// A text for each engine, in its own words.
    Pair {
        /// For PostgreSQL.
        postgres: &'static str,
        /// For SQLite.
        sqlite: &'static str,
    },
}

/// Waits for nothing but its transaction, in which each statement sees what others have committed
/// before it.
pub type Code = for<'a> fn(&'a mut WriteTx) -> BoxFuture<'a, Result<(), Error>>;

/// Does one piece of a back-fill, from the cursor that the piece before has given, or from the start.
/// The same holds for it as for [`Code`].
pub type Fill = for<'a> fn(&'a mut WriteTx, Option<&'a str>) -> BoxFuture<'a, Result<Piece, Error>>;

/// What a back-fill has done at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// How many rows it changed, for the log.
    pub rows: u64,
    /// Where the next piece begins, or `None` after the last one. It is recorded with the piece and may
    /// appear in the log.
    pub next: Option<String>,
}

impl Migration {
    /// Over the texts as they are run, so that a change in the rendering is noticed too.
    pub(super) fn checksum(&self, engine: Engine) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        for step in self.steps {
            let (kind, text) = step.shown(engine);
            context.update(format!("{kind} {}\n{text}\n", text.len()).as_bytes());
        }
        let digest = context.finish();
        let bytes = digest.as_ref().iter();
        bytes.fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    pub(super) fn failed(&self, reason: impl Into<String>, source: Error) -> Error {
        Error::Migration {
            name: self.name.to_owned(),
            reason: reason.into(),
            source: Some(std::sync::Arc::new(source)),
        }
    }
}

impl Step {
    /// What an engine runs in a transaction, if it is a text.
    pub(super) fn text(&self, engine: Engine) -> Option<String> {
        match (self, engine) {
            (Self::Backfill(_) | Self::Code(_) | Self::Outside(_), _) => None,
            (Self::Both(text), engine) => Some(schema_for(engine, text)),
            (Self::Pair { postgres, .. }, Engine::Postgres) => Some((*postgres).to_owned()),
            (Self::Pair { sqlite, .. }, Engine::Sqlite) => Some((*sqlite).to_owned()),
        }
    }

    /// The statements that an engine runs outside a transaction, if there are any.
    pub(super) fn outside(&self, engine: Engine) -> Option<&'static str> {
        match (self, engine) {
            (Self::Outside(text), Engine::Postgres) => Some(text),
            (Self::Outside(_), Engine::Sqlite)
            | (Self::Backfill(_) | Self::Both(_) | Self::Code(_) | Self::Pair { .. }, _) => None,
        }
    }

    /// Its kind, and its text if it has one: a function is known by its place only.
    fn shown(&self, engine: Engine) -> (&'static str, String) {
        let kind = match self {
            Self::Backfill(_) => "back-fill",
            Self::Both(_) | Self::Pair { .. } => "text",
            Self::Code(_) => "code",
            Self::Outside(_) => "outside",
        };
        let text = self.text(engine);
        let text = text.or_else(|| self.outside(engine).map(str::to_owned));
        (kind, text.unwrap_or_default())
    }
}
