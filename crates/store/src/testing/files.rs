//! What the files of a database hold, for tests of what has to be gone.

use crate::{DatabaseUrl, Error, ReadTx, Row, Scoped, WriteTx, sql, values};

/// The content of all files in which the tables of a database lie: on SQLite the file with its log, on PostgreSQL those
/// of all tables and indexes and of its statistics, after a checkpoint. Its user has to be a superuser there.
///
/// # Panics
///
/// When files cannot be read.
#[expect(clippy::expect_used, reason = "a test without its files has failed")]
pub async fn contents(store: Scoped<'_>, location: &DatabaseUrl) -> Vec<Vec<u8>> {
    let DatabaseUrl::Sqlite(path) = location else {
        let flushed = store.write((), checkpoint).await;
        flushed.expect("a checkpoint");
        let read: Result<_, Error> = store.scan((), of_tables).await;
        return read.expect("the files of the tables");
    };
    let directory = path.parent().expect("a directory");
    let files = std::fs::read_dir(directory).expect("the files");
    let read = files.map(|file| std::fs::read(file.expect("a file").path()).expect("its content"));
    read.collect()
}

/// In how many of the files of PostgreSQL's write-ahead log that were written last something stands; `None` on SQLite, whose
/// log is among [`contents`].
///
/// # Panics
///
/// When files cannot be read.
#[expect(clippy::expect_used, reason = "a test without its files has failed")]
pub async fn logs_with(store: Scoped<'_>, location: &DatabaseUrl, part: Vec<u8>) -> Option<i64> {
    match location {
        DatabaseUrl::Postgres(_) => {
            let found: Result<_, Error> = store.scan(part, in_logs).await;
            Some(found.expect("the files of the log"))
        }
        DatabaseUrl::Sqlite(_) => None,
    }
}

async fn in_logs(tx: &mut ReadTx, part: &Vec<u8>) -> Result<i64, Error> {
    let statement = sql!(
        postgres: "SELECT COUNT(*) AS files FROM
           (SELECT name FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$' ORDER BY modification DESC LIMIT 12) w
         WHERE POSITION($1 IN pg_read_binary_file('pg_wal/' || w.name, 0, 1000000000, TRUE)) > 0"
    );
    let row = tx.row(statement, &values![part]).await?;
    row.map_or(Ok(0), |row| row.int("files"))
}

/// Has the database look at what stands in a table, for its plans.
pub async fn analyze(tx: &mut WriteTx, table: &&'static str) -> Result<(), Error> {
    tx.batch(&format!("ANALYZE {table}")).await
}

async fn checkpoint(tx: &mut WriteTx, (): &()) -> Result<(), Error> {
    tx.batch("CHECKPOINT").await
}

async fn of_tables(tx: &mut ReadTx, (): &()) -> Result<Vec<Vec<u8>>, Error> {
    let statement = sql!(
        postgres: "SELECT pg_read_binary_file(pg_relation_filepath(c.oid), 0, 1000000000, TRUE) AS bytes
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'i', 't') OR c.oid = 'pg_statistic'::regclass"
    );
    let rows = tx.rows(statement, &[]).await?;
    rows.iter().map(bytes).collect()
}

fn bytes(row: &Row) -> Result<Vec<u8>, Error> {
    Ok(row.opt_bytes("bytes")?.unwrap_or_default().to_vec())
}
