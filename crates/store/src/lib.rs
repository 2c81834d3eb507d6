//! The only crate that speaks SQL: one text for SQLite and PostgreSQL, a folder per wing and a file per aggregate.
//!
//! [`Store::within`] gives a scope, and [`Scoped`] runs steps in transactions: plain functions, passed by name.
//! Functions that only look take `&mut ReadTx`, functions that change take `&mut WriteTx`. What may change and
//! when is decided in the rules crates; nothing here knows HTTP.

pub mod access;
pub mod audit;
pub mod catalog;
mod db;
pub mod effects;
pub mod enrollment;
pub mod issuance;
pub mod migrate;
pub mod old;
pub mod operations;
pub mod overview;
pub mod queue;
pub mod seal;
pub mod tenancy;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

#[doc(hidden)]
pub use db::tenant_column;
pub use db::{
    Column, Counters, DatabaseUrl, DatabaseUrlError, DriverError, Engine, Error, Keyed, Load,
    MigrationLimits, Options, Progress, ReadTx, Record, Row, Rows, STATEMENTS, Save, SchemaError,
    Scoped, SourceLine, Sql, Statement, Store, Value, WriteTx,
};
pub use futures_util::future::BoxFuture;
#[doc(hidden)]
pub use linkme;
