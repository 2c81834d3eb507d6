//! A connection of either engine, and how a statement is run on it. Everything else of the two stands above the
//! transactions that are made of these.

mod postgres;
pub(in crate::db) mod sqlite;

pub(in crate::db) use self::postgres::Session;

use base::TenantId;

use super::{Sql, Value};

/// A statement with all that it is given.
pub(in crate::db) struct Bound<'v> {
    pub(in crate::db) sql: Sql,
    /// What comes as `$1`, before the values.
    tenant: Option<Value<'static>>,
    /// To whose rows PostgreSQL holds it.
    guard: Option<TenantId>,
    values: &'v [Value<'v>],
}

impl<'v> Bound<'v> {
    pub(in crate::db) fn new(
        sql: Sql,
        tenant: Option<Value<'static>>,
        guard: Option<TenantId>,
        values: &'v [Value<'v>],
    ) -> Self {
        Self {
            sql,
            tenant,
            guard,
            values,
        }
    }

    /// The parameters in their order.
    pub(in crate::db) fn parameters(&self) -> impl ExactSizeIterator<Item = &Value<'_>> {
        Parameters(self.tenant.as_ref(), self.values.iter())
    }
}

struct Parameters<'v>(Option<&'v Value<'v>>, std::slice::Iter<'v, Value<'v>>);

impl<'v> Iterator for Parameters<'v> {
    type Item = &'v Value<'v>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().or_else(|| self.1.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.1.len() + usize::from(self.0.is_some());
        (left, Some(left))
    }
}

impl ExactSizeIterator for Parameters<'_> {}

/// A connection of either engine.
pub(in crate::db) enum Connection {
    Postgres(Box<Session>),
    Sqlite(rusqlite::Connection),
}
