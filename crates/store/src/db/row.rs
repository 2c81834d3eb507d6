//! A result row, read by column name. What does not fit its type is [`Error::Corrupt`]: either
//! the database was tampered with or a statement and its reader disagree.

use std::str::FromStr;
use std::sync::Arc;

use base::{Id, Timestamp};
use serde::de::DeserializeOwned;
use tokio_postgres::types::{FromSql, Type};

use super::{Error, SourceLine};

/// One row of a result.
#[derive(Debug)]
pub struct Row {
    place: SourceLine,
    data: Data,
}

#[derive(Debug)]
enum Data {
    Postgres(tokio_postgres::Row),
    Sqlite(&'static [String], Vec<Cell>),
}

/// A value as SQLite stores it.
#[derive(Debug)]
pub(super) enum Cell {
    Bytes(Vec<u8>),
    Int(i64),
    Null,
    Real,
    Text(String),
}

type Reason = Box<dyn std::error::Error + Send + Sync>;

impl Row {
    pub(super) fn from_postgres(place: SourceLine, row: tokio_postgres::Row) -> Self {
        Self {
            place,
            data: Data::Postgres(row),
        }
    }

    pub(super) fn from_sqlite(
        place: SourceLine,
        names: &'static [String],
        cells: Vec<Cell>,
    ) -> Self {
        Self {
            place,
            data: Data::Sqlite(names, cells),
        }
    }

    /// `TEXT NOT NULL`.
    pub fn text(&self, column: &str) -> Result<&str, Error> {
        self.required(column, self.read_text(column))
    }

    /// `TEXT`.
    pub fn opt_text(&self, column: &str) -> Result<Option<&str>, Error> {
        self.optional(column, self.read_text(column))
    }

    /// `BIGINT NOT NULL`.
    pub fn int(&self, column: &str) -> Result<i64, Error> {
        self.required(column, self.read_int(column))
    }

    /// `BIGINT`.
    pub fn opt_int(&self, column: &str) -> Result<Option<i64>, Error> {
        self.optional(column, self.read_int(column))
    }

    /// `BOOLEAN NOT NULL`; SQLite stores 0 or 1.
    pub fn bool(&self, column: &str) -> Result<bool, Error> {
        self.required(column, self.read_bool(column))
    }

    /// `BOOLEAN`.
    pub fn opt_bool(&self, column: &str) -> Result<Option<bool>, Error> {
        self.optional(column, self.read_bool(column))
    }

    /// `BYTEA NOT NULL`.
    pub fn bytes(&self, column: &str) -> Result<&[u8], Error> {
        self.required(column, self.read_bytes(column))
    }

    /// `BYTEA`.
    pub fn opt_bytes(&self, column: &str) -> Result<Option<&[u8]>, Error> {
        self.optional(column, self.read_bytes(column))
    }

    /// An identifier in a `BYTEA NOT NULL` of 16 bytes.
    pub fn id<T: Id>(&self, column: &str) -> Result<T, Error> {
        self.as_id(column, self.bytes(column)?)
    }

    /// The same for a column that may be NULL.
    pub fn opt_id<T: Id>(&self, column: &str) -> Result<Option<T>, Error> {
        let bytes = self.opt_bytes(column)?;
        bytes.map(|bytes| self.as_id(column, bytes)).transpose()
    }

    fn as_id<T: Id>(&self, column: &str, bytes: &[u8]) -> Result<T, Error> {
        let bytes = <[u8; 16]>::try_from(bytes);
        bytes
            .map(T::of_bytes)
            .map_err(|error| self.corrupt(column, error))
    }

    /// Whether the column holds nothing.
    pub fn is_null(&self, column: &str) -> Result<bool, Error> {
        let found = match &self.data {
            Data::Postgres(row) => row
                .try_get::<_, Anything>(column)
                .map(|found| found.is_null)
                .map_err(Reason::from),
            Data::Sqlite(names, cells) => {
                cell(names, cells, column).map(|cell| matches!(cell, Cell::Null))
            }
        };
        found.map_err(|reason| self.corrupt(column, reason))
    }

    /// A moment in a `BIGINT NOT NULL` of microseconds.
    pub fn timestamp(&self, column: &str) -> Result<Timestamp, Error> {
        self.int(column).map(Timestamp::from_micros)
    }

    /// A moment in a `BIGINT` of microseconds.
    pub fn opt_timestamp(&self, column: &str) -> Result<Option<Timestamp>, Error> {
        Ok(self.opt_int(column)?.map(Timestamp::from_micros))
    }

    /// Anything that is stored as its text: ids, names, statuses.
    pub fn parse<T>(&self, column: &str) -> Result<T, Error>
    where
        T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
    {
        let text = self.text(column)?;
        text.parse().map_err(|error| self.corrupt(column, error))
    }

    /// The same for a column that may be NULL.
    pub fn opt_parse<T>(&self, column: &str) -> Result<Option<T>, Error>
    where
        T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
    {
        let parsed = self.opt_text(column)?.map(str::parse).transpose();
        parsed.map_err(|error: T::Err| self.corrupt(column, error))
    }

    /// JSON in a `TEXT NOT NULL`.
    pub fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, Error> {
        let text = self.text(column)?;
        serde_json::from_str(text).map_err(|error| self.corrupt(column, error))
    }

    /// JSON in a `TEXT`.
    pub fn opt_json<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>, Error> {
        let parsed = self.opt_text(column)?.map(serde_json::from_str).transpose();
        parsed.map_err(|error| self.corrupt(column, error))
    }

    /// What to answer when the columns read well but mean nothing.
    pub fn corrupt(&self, column: &str, reason: impl Into<Reason>) -> Error {
        Error::Corrupt {
            column: column.to_owned(),
            place: self.place,
            source: Arc::from(reason.into()),
        }
    }

    fn read_text(&self, column: &str) -> Result<Option<&str>, Reason> {
        match &self.data {
            Data::Postgres(row) => Ok(row.try_get(column)?),
            Data::Sqlite(names, cells) => match cell(names, cells, column)? {
                Cell::Null => Ok(None),
                Cell::Text(text) => Ok(Some(text)),
                Cell::Bytes(_) | Cell::Int(_) | Cell::Real => Err("it is no text".into()),
            },
        }
    }

    fn read_int(&self, column: &str) -> Result<Option<i64>, Reason> {
        match &self.data {
            Data::Postgres(row) => Ok(row
                .try_get::<_, Option<Whole>>(column)?
                .map(|whole| whole.0)),
            Data::Sqlite(names, cells) => match cell(names, cells, column)? {
                Cell::Null => Ok(None),
                Cell::Int(value) => Ok(Some(*value)),
                Cell::Bytes(_) | Cell::Real | Cell::Text(_) => Err("it is no whole number".into()),
            },
        }
    }

    fn read_bool(&self, column: &str) -> Result<Option<bool>, Reason> {
        match &self.data {
            Data::Postgres(row) => Ok(row.try_get(column)?),
            Data::Sqlite(names, cells) => match cell(names, cells, column)? {
                Cell::Null => Ok(None),
                Cell::Int(0) => Ok(Some(false)),
                Cell::Int(1) => Ok(Some(true)),
                Cell::Bytes(_) | Cell::Int(_) | Cell::Real | Cell::Text(_) => {
                    Err("it is neither 0 nor 1".into())
                }
            },
        }
    }

    fn read_bytes(&self, column: &str) -> Result<Option<&[u8]>, Reason> {
        match &self.data {
            Data::Postgres(row) => Ok(row.try_get(column)?),
            Data::Sqlite(names, cells) => match cell(names, cells, column)? {
                Cell::Null => Ok(None),
                Cell::Bytes(bytes) => Ok(Some(bytes)),
                Cell::Int(_) | Cell::Real | Cell::Text(_) => Err("it is no byte string".into()),
            },
        }
    }

    fn required<T>(&self, column: &str, read: Result<Option<T>, Reason>) -> Result<T, Error> {
        self.optional(column, read)?
            .ok_or_else(|| self.corrupt(column, "it is NULL"))
    }

    fn optional<T>(
        &self,
        column: &str,
        read: Result<Option<T>, Reason>,
    ) -> Result<Option<T>, Error> {
        read.map_err(|reason| self.corrupt(column, reason))
    }
}

fn cell<'r>(names: &[String], cells: &'r [Cell], column: &str) -> Result<&'r Cell, Reason> {
    let position = names.iter().position(|name| name == column);
    position
        .and_then(|position| cells.get(position))
        .ok_or_else(|| "the statement has no such column".into())
}

/// A whole number of either width: PostgreSQL gives literals and some functions as `INTEGER`.
struct Whole(i64);

impl<'r> FromSql<'r> for Whole {
    fn from_sql(ty: &Type, raw: &'r [u8]) -> Result<Self, Reason> {
        if *ty == Type::INT4 {
            return Ok(Self(i64::from(i32::from_sql(ty, raw)?)));
        }
        Ok(Self(i64::from_sql(ty, raw)?))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::INT4 || *ty == Type::INT8
    }
}

/// Any value, of which only is known whether it is there.
struct Anything {
    is_null: bool,
}

impl<'r> FromSql<'r> for Anything {
    fn from_sql(_: &Type, _: &'r [u8]) -> Result<Self, Reason> {
        Ok(Self { is_null: false })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Reason> {
        Ok(Self { is_null: true })
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
