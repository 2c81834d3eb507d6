//! Brings the schema to what this program expects, one embedded file after the other.
//!
//! A migration is one text in PostgreSQL's words, rendered for SQLite, or a pair where `ALTER`
//! differs. Each runs in a transaction of its own and is recorded with its checksum. There is no
//! way down: expand, migrate, contract, so that the previous release runs on the new schema.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aws_lc_rs::digest;

use crate::db::schema_for_sqlite;
use crate::{Engine, Error, ReadTx, Store, WriteTx, sql, values};

/// The schema, oldest first. A file that was released is never changed again.
const MIGRATIONS: &[Migration] = &[Migration {
    name: "0001_initial",
    step: Step::Both(include_str!("../migrations/0001_initial.sql")),
}];

/// One step of the schema.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// The file's name without its ending, such as `0001_initial`.
    pub name: &'static str,
    /// What it runs.
    pub step: Step,
}

/// The text of a step.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// One text, in PostgreSQL's words.
    Both(&'static str),
    /// A text for each engine.
    Pair {
        /// For PostgreSQL.
        postgres: &'static str,
        /// For SQLite.
        sqlite: &'static str,
    },
}

/// The migrations that were run just now, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Their names.
    pub names: Vec<&'static str>,
}

impl Migration {
    fn text(&self, engine: Engine) -> String {
        match (self.step, engine) {
            (Step::Both(text), Engine::Sqlite) => schema_for_sqlite(text),
            (Step::Both(text), Engine::Postgres) => text.to_owned(),
            (Step::Pair { postgres, .. }, Engine::Postgres) => postgres.to_owned(),
            (Step::Pair { sqlite, .. }, Engine::Sqlite) => sqlite.to_owned(),
        }
    }

    /// Over the text as it was run, so that a change in the rendering is noticed too.
    fn checksum(&self, engine: Engine) -> String {
        let digest = digest::digest(&digest::SHA256, self.text(engine).as_bytes());
        digest
            .as_ref()
            .iter()
            .fold(String::new(), |mut text, byte| {
                // Writing to a string cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            })
    }

    fn failed(&self, reason: impl Into<String>, source: Option<Error>) -> Error {
        Error::Migration {
            name: self.name.to_owned(),
            reason: reason.into(),
            source: source.map(|error| std::sync::Arc::new(error) as _),
        }
    }
}

impl Store {
    /// Runs the migrations that this database has not seen.
    pub async fn migrate(&self) -> Result<Applied, Error> {
        self.migrate_to(MIGRATIONS).await
    }

    /// The migrations that [`migrate`](Self::migrate) would run. Fails when one that was run has
    /// changed since.
    pub async fn pending_migrations(&self) -> Result<Vec<&'static str>, Error> {
        let pending = self.pending(MIGRATIONS).await?;
        Ok(pending.iter().map(|migration| migration.name).collect())
    }

    pub(crate) async fn migrate_to(&self, all: &'static [Migration]) -> Result<Applied, Error> {
        let _lock = self.lock_for_migration().await?;
        let mut applied = Applied::default();
        for migration in self.pending(all).await? {
            let done = self.write(*migration, |tx, migration| Box::pin(apply(tx, migration)));
            match done.await {
                Ok(()) => applied.names.push(migration.name),
                Err(error) if error.is_unavailable() || error.is_full() => return Err(error),
                Err(error) => {
                    return Err(migration.failed("it could not be applied", Some(error)));
                }
            }
        }
        Ok(applied)
    }

    async fn pending(&self, all: &'static [Migration]) -> Result<Vec<&'static Migration>, Error> {
        let engine = self.engine();
        let recorded: BTreeMap<String, String> =
            self.read((), |tx, ()| Box::pin(recorded(tx))).await?;
        let mut pending = Vec::new();
        for migration in all {
            match recorded.get(migration.name) {
                None => pending.push(migration),
                Some(checksum) if *checksum == migration.checksum(engine) => {}
                Some(_) => {
                    let reason =
                        "it was applied with another text; run the release that applied it";
                    return Err(migration.failed(reason, None));
                }
            }
        }
        Ok(pending)
    }
}

async fn apply(tx: &mut WriteTx, migration: &Migration) -> Result<(), Error> {
    let engine = tx.engine();
    let record = Migration {
        name: "schema_migration",
        step: Step::Both(RECORD),
    };
    tx.batch(&record.text(engine)).await?;
    tx.batch(&migration.text(engine)).await?;
    let insert = sql!("INSERT INTO schema_migration (name, checksum) VALUES ($1, $2)");
    let values = values![migration.name, migration.checksum(engine)];
    tx.execute(insert, &values).await.map(|_| ())
}

async fn recorded(tx: &mut ReadTx) -> Result<BTreeMap<String, String>, Error> {
    let exists = tx.pick(
        sql!(sqlite: "SELECT COUNT(*) AS tables FROM sqlite_master WHERE name = 'schema_migration'"),
        sql!(
            postgres: "SELECT COUNT(*) AS tables FROM pg_catalog.pg_tables \
             WHERE schemaname = current_schema() AND tablename = 'schema_migration'"
        ),
    );
    let found = tx.row(exists, &[]).await?;
    if found.map(|row| row.int("tables")).transpose()? != Some(1) {
        return Ok(BTreeMap::new());
    }
    let rows = tx
        .rows(sql!("SELECT name, checksum FROM schema_migration"), &[])
        .await?;
    rows.iter()
        .map(|row| {
            Ok((
                row.text("name")?.to_owned(),
                row.text("checksum")?.to_owned(),
            ))
        })
        .collect()
}

const RECORD: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    name TEXT PRIMARY KEY,
    checksum TEXT NOT NULL
);
";

#[cfg(test)]
mod tests;
