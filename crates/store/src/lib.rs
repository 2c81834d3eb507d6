//! The only crate that speaks SQL: one text for SQLite and PostgreSQL, one file per aggregate.
//!
//! [`Store`] runs short closures in transactions and answers after the commit. Functions that
//! only look take `&mut ReadTx`, functions that change take `&mut WriteTx`. What may change and
//! when is decided in the rules crates; nothing here knows HTTP.

pub mod account;
pub mod audit;
pub mod authorization;
pub mod ca;
pub mod certificate;
mod columns;
pub mod dashboard;
mod db;
pub mod domain;
pub mod eab_credential;
pub mod issuance;
pub mod job;
pub mod migrate;
pub mod node;
pub mod order;
pub mod page;
pub mod seal;
pub mod session;
pub mod sign_in_lock;
pub mod subscription;
pub mod tenant;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod user;

pub use db::{
    DriverError, Counters, Engine, Error, Location, LocationError, Options, Place, ReadTx, Row,
    STATEMENTS, Sql, Statement, Store, Value, WriteTx,
};
pub use futures_util::future::BoxFuture;
#[doc(hidden)]
pub use linkme;
