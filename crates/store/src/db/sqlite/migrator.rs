//! SQLite's connection for migrations. A table that others refer to can only be rebuilt where foreign
//! keys are not enforced, and that can only be said outside a transaction: so they are looked at
//! before the commit instead.

use std::path::Path;
use std::sync::Arc;

use super::{open_writer, opening};
use crate::db::connection::Connection;
use crate::db::connection::sqlite::batch;
use crate::db::counters::Tally;
use crate::db::{Error, ForeignKeys, ReadTx, SchemaError, WriteTx};

pub(crate) struct Migrator {
    tx: WriteTx,
}

impl Migrator {
    pub(in crate::db) fn open(path: &Path) -> Result<Self, Error> {
        let connection = open_writer(path)?;
        batch(&connection, "PRAGMA busy_timeout = 1000")?;
        let connection = Connection::Sqlite(connection);
        Ok(Self {
            tx: WriteTx::new(ReadTx::new(connection, Arc::new(Tally::default()))),
        })
    }

    pub(in crate::db) fn begin(&mut self, keys: ForeignKeys) -> Result<&mut WriteTx, Error> {
        let begin = match keys {
            ForeignKeys::AtTheEnd => "PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE",
            ForeignKeys::AtOnce => "PRAGMA foreign_keys = ON; BEGIN IMMEDIATE",
        };
        batch(self.connection()?, begin)?;
        Ok(&mut self.tx)
    }

    pub(in crate::db) fn commit(&mut self, keys: ForeignKeys) -> Result<(), Error> {
        let connection = self.connection()?;
        if keys == ForeignKeys::AtTheEnd {
            check_foreign_keys(connection)?;
        }
        batch(connection, "COMMIT")
    }

    pub(in crate::db) fn roll_back(&mut self) {
        if let Ok(connection) = self.connection()
            && !connection.is_autocommit()
        {
            // If even this fails the connection is broken, and the next BEGIN says so.
            let _ = batch(connection, "ROLLBACK");
        }
    }

    fn connection(&self) -> Result<&rusqlite::Connection, Error> {
        self.tx.sqlite().ok_or(Error::Closed)
    }
}

fn check_foreign_keys(connection: &rusqlite::Connection) -> Result<(), Error> {
    let mut check = connection
        .prepare("PRAGMA foreign_key_check")
        .map_err(opening)?;
    let mut rows = check.query([]).map_err(opening)?;
    match rows.next().map_err(opening)? {
        None => Ok(()),
        Some(row) => Err(SchemaError::Dangling {
            table: row.get("table").map_err(opening)?,
            parent: row.get("parent").map_err(opening)?,
        }
        .into()),
    }
}
