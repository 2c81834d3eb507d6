//! What a closure may do with the database.
//!
//! A closure has no effect but through its transaction, and on SQLite it must wait for nothing
//! else. Once a statement has failed the transaction is lost, even if the closure ignores that:
//! PostgreSQL would refuse to go on, and SQLite is held to the same rule.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::counters::{Tally, count};
use super::postgres::Session;
use super::sqlite;
use super::{Engine, Error, Row, Sql, Value};

/// Reads. Each statement sees all that was committed before it; inside a write, all statements
/// see one state and the transaction's own changes.
pub struct ReadTx {
    connection: Connection,
    failure: Option<Error>,
    tally: Arc<Tally>,
}

/// Reads and changes, all or nothing.
pub struct WriteTx {
    read: ReadTx,
    /// How often the schema may have changed, which SQLite does not count.
    batches: u64,
}

pub(super) enum Connection {
    Postgres(Box<Session>),
    Sqlite(rusqlite::Connection),
}

impl ReadTx {
    pub(super) fn new(connection: Connection, tally: Arc<Tally>) -> Self {
        Self {
            connection,
            failure: None,
            tally,
        }
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
        let answer = match &mut self.connection {
            Connection::Postgres(session) => session.rows_all(statements).await,
            Connection::Sqlite(connection) => statements
                .iter()
                .map(|(sql, values)| sqlite::rows(connection, *sql, values, limit))
                .collect(),
        };
        self.noting(answer)
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

    /// Runs one change whose outcome decides nothing: PostgreSQL is told without waiting for its
    /// answer. If it fails, so does the transaction, whatever the closure answers.
    pub async fn execute_later(&mut self, sql: Sql, values: &[Value<'_>]) -> Result<(), Error> {
        if let Connection::Postgres(session) = &mut self.read.connection {
            count(&self.read.tally.statements, 1);
            let sent = session.execute_later(sql, values).await;
            return self.noting(sent);
        }
        self.execute(sql, values).await.map(|_| ())
    }

    async fn change(&mut self, statements: &[(Sql, &[Value<'_>])]) -> Result<Vec<u64>, Error> {
        count(&self.tally.statements, statements.len());
        let answer = match &mut self.read.connection {
            Connection::Postgres(session) => session.execute_all(statements).await,
            Connection::Sqlite(connection) => statements
                .iter()
                .map(|(sql, values)| sqlite::execute(connection, *sql, values))
                .collect(),
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
