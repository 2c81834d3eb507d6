//! Statements on a connection of SQLite, each prepared once.

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::Bound;
use crate::db::row::Cell;
use crate::db::{Error, Row, SourceLine, Sql};

pub(in crate::db) fn prepare(connection: &Connection, sql: Sql) -> Result<(), Error> {
    let prepared = connection.prepare_cached(sql.sqlite());
    prepared
        .map(|_| ())
        .map_err(|error| Error::from_sqlite(sql.place(), error))
}

/// Up to `limit` rows; changes with RETURNING are whole after the first.
pub(in crate::db) fn rows(
    connection: &Connection,
    bound: &Bound<'_>,
    limit: usize,
) -> Result<Vec<Row>, Error> {
    read(connection, bound, limit).map_err(|error| Error::from_sqlite(bound.sql.place(), error))
}

fn read(connection: &Connection, bound: &Bound<'_>, limit: usize) -> rusqlite::Result<Vec<Row>> {
    let sql = bound.sql;
    let mut statement = connection.prepare_cached(sql.sqlite())?;
    bind(&mut statement, bound)?;
    let names = sql.columns(|| {
        let names = statement.column_names();
        names.into_iter().map(str::to_owned).collect()
    });
    let mut found = Vec::new();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let cells = (0..names.len()).map(|column| Ok(cell(row.get_ref(column)?)));
        let cells = cells.collect::<rusqlite::Result<Vec<_>>>()?;
        found.push(Row::from_sqlite(sql.place(), names, cells));
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        ValueRef::Integer(value) => Cell::Int(value),
        ValueRef::Null => Cell::Null,
        ValueRef::Real(_) => Cell::Real,
        ValueRef::Text(text) => std::str::from_utf8(text).map_or_else(
            |_| Cell::Bytes(text.to_vec()),
            |text| Cell::Text(text.to_owned()),
        ),
    }
}

pub(in crate::db) fn execute(connection: &Connection, bound: &Bound<'_>) -> Result<u64, Error> {
    let sql = bound.sql;
    let run = || {
        let mut statement = connection.prepare_cached(sql.sqlite())?;
        bind(&mut statement, bound)?;
        statement.raw_execute()
    };
    run()
        .map(|touched| touched as u64)
        .map_err(|error| Error::from_sqlite(sql.place(), error))
}

fn bind(statement: &mut rusqlite::Statement<'_>, bound: &Bound<'_>) -> rusqlite::Result<()> {
    let (takes, parameters) = (statement.parameter_count(), bound.parameters());
    if takes != parameters.len() {
        return Err(rusqlite::Error::InvalidParameterCount(
            parameters.len(),
            takes,
        ));
    }
    for (index, value) in parameters.enumerate() {
        statement.raw_bind_parameter(index + 1, value)?;
    }
    Ok(())
}

pub(in crate::db) fn batch(connection: &Connection, text: &str) -> Result<(), Error> {
    connection
        .execute_batch(text)
        .map_err(|error| Error::from_sqlite(ENGINE, error))
}

/// Stands for the engine's own statements in errors.
const ENGINE: SourceLine = SourceLine {
    file: file!(),
    line: line!(),
};
