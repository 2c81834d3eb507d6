//! Writes a small table anew, so that nothing stays of what was deleted from it: vacuuming alone frees the place and leaves
//! the bytes.

use std::sync::Arc;

use deadpool_postgres::Object;

use super::settings::Purpose;
use super::{connect, pool};
use crate::db::connection::{Connection, Session};
use crate::db::counters::Tally;
use crate::db::options::Options;
use crate::db::{Error, ReadTx};
use crate::{sql, values};

/// `false` when nothing was written: somebody holds the table for longer than those may wait who queue behind this, or it
/// is not ours to vacuum, of which PostgreSQL only warns.
pub(in crate::db) async fn forget(
    url: &str,
    options: &Options,
    table: &'static str,
) -> Result<bool, Error> {
    // As the owner of the tables. The pool goes at once, so that the connection returns to nobody.
    let client = connect(&pool(url, options, Purpose::Migration, 1)?).await?;
    let client = Arc::new(client);
    let before = file_of(&client, table).await?;
    let mut session = Session::outside(Arc::clone(&client));
    session.batch(LOCK_TIMEOUT).await?;
    let written = session.batch(&format!("VACUUM (FULL) {table}")).await;
    if written.is_err() && session.was_blocked() {
        return Ok(false);
    }
    written?;
    Ok(file_of(&client, table).await? != before)
}

/// The number of the file that a table lies in.
async fn file_of(client: &Arc<Object>, table: &str) -> Result<Option<i64>, Error> {
    let statement = sql!(
        postgres: "SELECT pg_relation_filenode(to_regclass($1))::BIGINT AS file"
    );
    let session = Session::outside(Arc::clone(client));
    let connection = Connection::Postgres(Box::new(session));
    let mut tx = ReadTx::new(connection, Arc::new(Tally::default()));
    let row = tx.row(statement, &values![table]).await?;
    row.map_or(Ok(None), |row| row.opt_int("file"))
}

/// As in the lanes.
const LOCK_TIMEOUT: &str = "SET lock_timeout = 250";
