//! What the database remembers of its migrations: the table `schema_migration`.

use std::collections::BTreeMap;

use super::Migration;
use crate::db::schema_for;
use crate::{Error, ReadTx, WriteTx, columns, sql, values};

/// How far a migration has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// How many of its steps are done.
    pub(super) step: usize,
    /// Where the next piece of a back-fill begins.
    pub(super) cursor: Option<String>,
}

impl Progress {
    /// After `step` steps.
    pub(super) fn after(step: usize) -> Self {
        Self { step, cursor: None }
    }
}

/// The checksums of all migrations that were begun, by name.
pub(super) async fn checksums(tx: &mut ReadTx, (): &()) -> Result<BTreeMap<String, String>, Error> {
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
    let pairs = rows.iter().map(|row| {
        let (name, checksum) = (row.text("name")?, row.text("checksum")?);
        Ok((name.to_owned(), checksum.to_owned()))
    });
    pairs.collect()
}

/// The names of those that were begun and not ended.
pub(super) async fn unfinished(tx: &mut ReadTx, (): &()) -> Result<Vec<String>, Error> {
    let unfinished = sql!("SELECT name FROM schema_migration WHERE finished_at IS NULL");
    let rows = tx.rows(unfinished, &[]).await?;
    let names = rows.iter().map(|row| row.text("name").map(str::to_owned));
    names.collect()
}

/// Makes the table unless it is there.
pub(super) async fn create(tx: &mut WriteTx) -> Result<(), Error> {
    let text = schema_for(tx.engine(), TABLE);
    tx.batch(&text).await
}

/// How far a migration has come; one that was not begun is at its start.
pub(super) async fn progress(tx: &mut ReadTx, migration: &Migration) -> Result<Progress, Error> {
    let progress = sql!("SELECT step, cursor FROM schema_migration WHERE name = $1");
    let Some(row) = tx.row(progress, &values![migration.name]).await? else {
        return Ok(Progress::default());
    };
    let step = usize::try_from(row.int("step")?).map_err(|error| row.corrupt("step", error))?;
    let cursor = row.opt_text("cursor")?.map(str::to_owned);
    Ok(Progress { step, cursor })
}

/// Records how far a migration has come in a transaction that began at `now`.
pub(super) async fn save(
    tx: &mut WriteTx,
    migration: &Migration,
    progress: &Progress,
    began_at: i64,
) -> Result<(), Error> {
    let is_done = progress.step >= migration.steps.len();
    let finished_at = if is_done { Some(now(tx).await?) } else { None };
    let record = Recorded {
        name: migration.name.to_owned(),
        checksum: migration.checksum(tx.engine()),
        // No migration has as many steps as would not fit.
        step: i64::try_from(progress.step).unwrap_or(i64::MAX),
        cursor: progress.cursor.clone(),
        started_at: began_at,
        finished_at,
    };
    if tx.insert_new(&record).await? {
        return Ok(());
    }
    let go_on = sql!(
        "UPDATE schema_migration SET step = $2, cursor = $3, finished_at = $4 WHERE name = $1"
    );
    let values = values![
        migration.name,
        record.step,
        record.cursor.as_deref(),
        finished_at
    ];
    tx.execute(go_on, &values).await.map(|_| ())
}

/// A migration that was begun.
struct Recorded {
    name: String,
    checksum: String,
    step: i64,
    cursor: Option<String>,
    started_at: i64,
    finished_at: Option<i64>,
}

columns! { "schema_migration" recorded => Recorded {
    name, checksum, step, cursor, started_at, finished_at,
} }

/// The time by the database's clock, which all who migrate it share: the store has none of its own.
pub(super) async fn now(tx: &mut ReadTx) -> Result<i64, Error> {
    let now = tx.pick(
        sql!(sqlite: "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER) AS micros"),
        sql!(
            postgres: "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) \
             AS micros"
        ),
    );
    let row = tx.row(now, &[]).await?;
    row.map_or(Ok(0), |row| row.int("micros"))
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
  name TEXT COLLATE \"C\" PRIMARY KEY,
  checksum TEXT NOT NULL,
  step BIGINT NOT NULL,
  cursor TEXT,
  started_at BIGINT NOT NULL,
  finished_at BIGINT
);
";
