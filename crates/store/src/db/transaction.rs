//! What a closure may do with the database.
//!
//! A closure has no effect but through its transaction, and on SQLite it must wait for nothing
//! else. Once a statement has failed the transaction is lost, even if the closure ignores that:
//! PostgreSQL would refuse to go on, and SQLite is held to the same rule.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use base::{Scope, TenantId, UserId};

use super::columns::tenant_of;
use super::connection::{Bound, Connection, sqlite};
use super::counters::{Tally, count};
use super::{Engine, Error, Row, Sql, Value};
use crate::Record;

/// Reads. Each statement sees all that was committed before it; inside a write, all statements
/// see one state and the transaction's own changes.
pub struct ReadTx {
    connection: Connection,
    /// Whose rows the statements over tenants' tables see; set before each use.
    scope: Scope,
    failure: Option<Error>,
    tally: Arc<Tally>,
}

/// Reads and changes, all or nothing.
pub struct WriteTx {
    read: ReadTx,
    /// How often the schema may have changed, which SQLite does not count.
    batches: u64,
}

impl ReadTx {
    pub(super) fn new(connection: Connection, tally: Arc<Tally>) -> Self {
        Self {
            connection,
            scope: Scope::System("nobody has entered"),
            failure: None,
            tally,
        }
    }

    /// Gives the transaction to somebody else's steps.
    pub(super) fn enter(&mut self, scope: Scope) {
        self.scope = scope;
    }

    /// The tenant that is bound as `$1`, where the statement asks for it.
    fn tenant(&self, sql: Sql) -> Result<Option<Value<'static>>, Error> {
        if !sql.rows().binds_tenant() {
            return Ok(None);
        }
        let tenant = self.scope.tenant();
        let place = sql.place();
        tenant
            .map(|tenant| Some(Value::from(tenant)))
            .ok_or(Error::Unscoped { place })
    }

    /// The tenant to whose rows the database holds the statement.
    fn guard(&self, sql: Sql) -> Option<TenantId> {
        let is_guarded = self.scope.is_guarded() && sql.rows().is_guarded();
        self.scope.tenant().filter(|_| is_guarded)
    }

    /// Whose binding narrows what is seen, and whether nobody's does: the two values of `covered!` and its like.
    pub(crate) fn bound_to(&self) -> (bool, Option<UserId>) {
        let user = self.scope.bound_user();
        (user.is_none(), user)
    }

    fn bound<'v>(&self, statements: &[(Sql, &'v [Value<'v>])]) -> Result<Vec<Bound<'v>>, Error> {
        let bind = |(sql, values): &(Sql, &'v [Value<'v>])| {
            let (tenant, guard) = (self.tenant(*sql)?, self.guard(*sql));
            Ok(Bound::new(*sql, tenant, guard, values))
        };
        statements.iter().map(bind).collect()
    }

    /// All rows of the result, in its order.
    pub async fn rows(&mut self, sql: Sql, values: &[Value<'_>]) -> Result<Vec<Row>, Error> {
        let lists = self.ask(&[(sql, values)], usize::MAX).await?;
        Ok(lists.into_iter().next().unwrap_or_default())
    }

    /// The first row of the result, if there is one.
    pub async fn row(&mut self, sql: Sql, values: &[Value<'_>]) -> Result<Option<Row>, Error> {
        let lists = self.ask(&[(sql, values)], 1).await?;
        Ok(lists.into_iter().flatten().next())
    }

    /// The first row for each list of values, in their order: one round trip on PostgreSQL.
    pub async fn row_each(
        &mut self,
        sql: Sql,
        values: &[Vec<Value<'_>>],
    ) -> Result<Vec<Option<Row>>, Error> {
        let asked: Vec<_> = values
            .iter()
            .map(|values| (sql, values.as_slice()))
            .collect();
        let lists = self.ask(&asked, 1).await?;
        Ok(lists
            .into_iter()
            .map(|rows| rows.into_iter().next())
            .collect())
    }

    /// The rows of each of several statements that do not need each other's results: one round
    /// trip on PostgreSQL.
    pub async fn rows_all(
        &mut self,
        statements: &[(Sql, Vec<Value<'_>>)],
    ) -> Result<Vec<Vec<Row>>, Error> {
        self.ask(&slices(statements), usize::MAX).await
    }

    async fn ask(
        &mut self,
        statements: &[(Sql, &[Value<'_>])],
        limit: usize,
    ) -> Result<Vec<Vec<Row>>, Error> {
        count(&self.tally.statements, statements.len());
        let answer = match self.bound(statements) {
            Err(error) => Err(error),
            Ok(bound) => match &mut self.connection {
                Connection::Postgres(session) => session.rows_all(&bound).await,
                Connection::Sqlite(connection) => bound
                    .iter()
                    .map(|bound| sqlite::rows(connection, bound, limit))
                    .collect(),
            },
        };
        self.noting(answer)
    }

    /// All rows of the result as what they hold.
    pub async fn records<T: Record>(
        &mut self,
        sql: Sql,
        values: &[Value<'_>],
    ) -> Result<Vec<T>, Error> {
        let rows = self.rows(sql, values).await?;
        rows.iter().map(T::from_row).collect()
    }

    /// The first row of the result as what it holds.
    pub async fn record<T: Record>(
        &mut self,
        sql: Sql,
        values: &[Value<'_>],
    ) -> Result<Option<T>, Error> {
        let row = self.row(sql, values).await?;
        row.as_ref().map(T::from_row).transpose()
    }

    /// Chooses between two statements where the engines have different words for one thing.
    pub fn pick(&self, sqlite: Sql, postgres: Sql) -> Sql {
        match self.engine() {
            Engine::Postgres => postgres,
            Engine::Sqlite => sqlite,
        }
    }

    /// The engine below.
    pub fn engine(&self) -> Engine {
        match &self.connection {
            Connection::Postgres(_) => Engine::Postgres,
            Connection::Sqlite(_) => Engine::Sqlite,
        }
    }

    /// Asks the engine whether it could run the statement, without running it.
    pub async fn prepare(&mut self, sql: Sql) -> Result<(), Error> {
        match &mut self.connection {
            Connection::Postgres(session) => session.prepare(sql).await.map(|_| ()),
            Connection::Sqlite(connection) => sqlite::prepare(connection, sql),
        }
    }

    pub(super) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    pub(super) fn sqlite(&self) -> Option<&rusqlite::Connection> {
        match &self.connection {
            Connection::Postgres(_) => None,
            Connection::Sqlite(connection) => Some(connection),
        }
    }

    /// Ends a look at rows that a guard stood before; the connection has none for whoever comes next. Gives the first failure
    /// of what was sent without waiting.
    pub(super) async fn leave(&mut self) -> Option<Error> {
        match &mut self.connection {
            Connection::Postgres(session) => session.roll_back().await,
            Connection::Sqlite(_) => None,
        }
    }

    /// The first failure since this was last asked.
    pub(super) fn take_failure(&mut self) -> Option<Error> {
        self.failure.take()
    }

    fn noting<T>(&mut self, answer: Result<T, Error>) -> Result<T, Error> {
        if let (Err(error), None) = (&answer, &self.failure) {
            self.failure = Some(error.clone());
        }
        answer
    }
}

impl WriteTx {
    pub(super) fn new(read: ReadTx) -> Self {
        Self { read, batches: 0 }
    }

    /// Runs one change; gives the number of rows it touched.
    pub async fn execute(&mut self, sql: Sql, values: &[Value<'_>]) -> Result<u64, Error> {
        let touched = self.change(&[(sql, values)]).await?;
        Ok(touched.into_iter().sum())
    }

    /// Runs changes in their order; gives the number of rows each touched. One round trip on
    /// PostgreSQL.
    pub async fn execute_all(
        &mut self,
        statements: &[(Sql, Vec<Value<'_>>)],
    ) -> Result<Vec<u64>, Error> {
        self.change(&slices(statements)).await
    }

    /// Inserts a row; PostgreSQL is told without waiting for its answer. In a tenant's transaction it must be that
    /// tenant's.
    pub async fn insert<T: Record>(&mut self, record: &T) -> Result<(), Error> {
        let (sql, values) = (T::INSERT(), record.values());
        self.check_owner::<T>(sql, &values)?;
        self.execute_later(sql, &values).await
    }

    /// The same for a row that may be there already; `false` when one with the same key is.
    pub async fn insert_new<T: Record>(&mut self, record: &T) -> Result<bool, Error> {
        let (sql, values) = (T::INSERT_NEW(), record.values());
        self.check_owner::<T>(sql, &values)?;
        Ok(self.execute(sql, &values).await? == 1)
    }

    fn check_owner<T: Record>(&mut self, sql: Sql, values: &[Value<'_>]) -> Result<(), Error> {
        let is_others = match (self.scope.tenant(), tenant_of::<T>(values)) {
            (Some(own), Some(owner)) => own != owner,
            (_, None) | (None, _) => false,
        };
        let place = sql.place();
        self.noting(if is_others {
            Err(Error::Unscoped { place })
        } else {
            Ok(())
        })
    }

    /// Runs one change whose outcome decides nothing: PostgreSQL is told without waiting for its
    /// answer. If it fails, so does the transaction, whatever the closure answers.
    pub async fn execute_later(&mut self, sql: Sql, values: &[Value<'_>]) -> Result<(), Error> {
        if self.engine() == Engine::Sqlite {
            return self.execute(sql, values).await.map(|_| ());
        }
        count(&self.read.tally.statements, 1);
        let sent = match self.tenant(sql) {
            Err(error) => Err(error),
            Ok(tenant) => {
                let bound = Bound::new(sql, tenant, self.guard(sql), values);
                match &mut self.read.connection {
                    Connection::Postgres(session) => session.execute_later(&bound).await,
                    Connection::Sqlite(_) => Ok(()),
                }
            }
        };
        self.noting(sent)
    }

    async fn change(&mut self, statements: &[(Sql, &[Value<'_>])]) -> Result<Vec<u64>, Error> {
        count(&self.tally.statements, statements.len());
        let answer = match self.bound(statements) {
            Err(error) => Err(error),
            Ok(bound) => match &mut self.read.connection {
                Connection::Postgres(session) => session.execute_all(&bound).await,
                Connection::Sqlite(connection) => bound
                    .iter()
                    .map(|bound| sqlite::execute(connection, bound))
                    .collect(),
            },
        };
        self.noting(answer)
    }

    /// Rises with every change on SQLite, so that equal values mean that nothing has been changed between.
    pub(super) fn changes(&self) -> (u64, u64) {
        let rows = self.sqlite().map_or(0, rusqlite::Connection::total_changes);
        (rows, self.batches)
    }

    /// Runs the statements of a migration, already in the engine's own words.
    pub(crate) async fn batch(&mut self, text: &str) -> Result<(), Error> {
        self.batches += 1;
        let answer = match &mut self.read.connection {
            Connection::Postgres(session) => session.batch(text).await,
            Connection::Sqlite(connection) => sqlite::batch(connection, text),
        };
        self.noting(answer)
    }
}

impl Deref for WriteTx {
    type Target = ReadTx;

    fn deref(&self) -> &ReadTx {
        &self.read
    }
}

impl DerefMut for WriteTx {
    fn deref_mut(&mut self) -> &mut ReadTx {
        &mut self.read
    }
}

fn slices<'v>(statements: &'v [(Sql, Vec<Value<'v>>)]) -> Vec<(Sql, &'v [Value<'v>])> {
    statements
        .iter()
        .map(|(sql, values)| (*sql, values.as_slice()))
        .collect()
}
