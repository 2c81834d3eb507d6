//! Transactions on either engine behind one small interface.
//!
//! No query builder and no mapper: statements are text that people can audit, rows become plain
//! structs in the aggregate files. Only this module names a database driver.

mod backoff;
mod counters;
mod database_url;
mod error;
mod postgres;
mod rewrite;
mod row;
mod sqlite;
mod statement;
mod store;
mod transaction;
mod value;
mod work;

pub use counters::Counters;
pub use database_url::{DatabaseUrl, DatabaseUrlError, Engine};
pub use error::{DriverError, Error, SourceLine};
pub use row::Row;
pub use statement::{STATEMENTS, Sql, Statement};
pub use store::{Options, Store};
pub use transaction::{ReadTx, WriteTx};
pub use value::Value;

pub(crate) use rewrite::{schema_for_sqlite, statement_for_sqlite};
