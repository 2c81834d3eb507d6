//! The only crate that speaks SQL: one text for SQLite and PostgreSQL, one file per aggregate.
//!
//! [`Store`] runs short closures in transactions and answers after the commit. Functions that
//! only look take `&mut ReadTx`, functions that change take `&mut WriteTx`. What may change and
//! when is decided in the rules crates; nothing here knows HTTP.

mod db;
pub mod migrate;
pub mod seal;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use db::{
    Cause, Counters, Engine, Error, Location, LocationError, Options, Place, ReadTx, Row,
    STATEMENTS, Sql, Statement, Store, Value, WriteTx,
};
pub use futures_util::future::BoxFuture;
#[doc(hidden)]
pub use linkme;
