//! Transactions on either engine behind one small interface.
//!
//! No query builder and no mapper: statements are text that people can audit, rows become plain
//! structs in the aggregate files. Only this module names a database driver.

#[cfg(any(test, feature = "testing"))]
mod closures;
mod columns;
mod connection;
mod counters;
mod database_url;
mod error;
mod migrator;
mod options;
mod postgres;
mod rewrite;
mod row;
mod scoped;
mod sqlite;
mod statement;
mod step;
mod store;
mod transaction;
mod turn;
mod value;
mod work;

#[doc(hidden)]
pub use columns::tenant_column;
pub use columns::{Column, Record};
pub use counters::Counters;
pub use database_url::{DatabaseUrl, DatabaseUrlError, Engine};
pub use error::{DriverError, Error, SchemaError, SourceLine};
pub use options::{MigrationLimits, Options};
pub use row::Row;
pub use scoped::Scoped;
pub use statement::{Rows, STATEMENTS, Sql, Statement};
pub use step::{Keyed, Load, Progress, Save};
pub use store::Store;
pub use transaction::{ReadTx, WriteTx};
pub use value::Value;

pub(crate) use migrator::{Attempt, Migrator};
pub(crate) use options::ForeignKeys;
pub(crate) use rewrite::{schema_for, statement_for_sqlite, statements};
