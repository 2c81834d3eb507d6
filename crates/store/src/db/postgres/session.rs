//! One connection at work. BEGIN travels with the first statement and independent statements
//! travel together, so a typical write is two round trips: its statements and its COMMIT.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use deadpool_postgres::Object;
use futures_util::future::{MaybeDone, join, maybe_done};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error as PgError, Statement};

use super::ENGINE;
use crate::db::error::is_conflict;
use crate::db::{Error, Place, Row, Sql, Value};

/// A connection, with or without a transaction.
pub(in crate::db) struct Session {
    /// Always there but while it is dropped.
    client: Option<Object>,
    state: State,
    lost_a_race: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Every statement is its own transaction.
    Outside,
    /// BEGIN goes out with the first statement.
    Promised,
    /// BEGIN has been sent, COMMIT has not.
    Open,
    /// The transaction has ended.
    Ended,
}

/// What a commit amounted to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Committed {
    Flushed,
    /// Nothing was asked of the database.
    Nothing,
}

type Parameters<'v> = Vec<&'v (dyn ToSql + Sync)>;

impl Session {
    pub(super) fn outside(client: Object) -> Self {
        Self::new(client, State::Outside)
    }

    pub(super) fn inside(client: Object) -> Self {
        Self::new(client, State::Promised)
    }

    fn new(client: Object, state: State) -> Self {
        Self {
            client: Some(client),
            state,
            lost_a_race: false,
        }
    }

    pub(in crate::db) async fn rows(
        &mut self,
        sql: Sql,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, Error> {
        let lists = self.rows_of(sql, &[values]).await?;
        Ok(lists.into_iter().next().unwrap_or_default())
    }

    pub(in crate::db) async fn rows_each(
        &mut self,
        sql: Sql,
        values: &[Vec<Value<'_>>],
    ) -> Result<Vec<Vec<Row>>, Error> {
        let values: Vec<&[Value<'_>]> = values.iter().map(Vec::as_slice).collect();
        self.rows_of(sql, &values).await
    }

    async fn rows_of(&mut self, sql: Sql, lists: &[&[Value<'_>]]) -> Result<Vec<Vec<Row>>, Error> {
        if lists.is_empty() {
            return Ok(Vec::new());
        }
        let statement = self.prepare(sql).await?;
        let begins = self.begins();
        let client = self.client()?;
        let parameters: Vec<Parameters<'_>> = lists.iter().map(|list| parameters(list)).collect();
        let asked = parameters.iter().map(|list| client.query(&statement, list));
        let answers = with_begin(client, begins, together(asked.collect())).await;
        let answers = answers.and_then(|lists| lists.into_iter().collect::<Result<Vec<_>, _>>());
        let lists = answers.map_err(|error| self.failed(sql.place(), error))?;
        let row = |row| Row::from_postgres(sql.place(), row);
        Ok(lists
            .into_iter()
            .map(|rows| rows.into_iter().map(row).collect())
            .collect())
    }

    pub(in crate::db) async fn execute(
        &mut self,
        sql: Sql,
        values: &[Value<'_>],
    ) -> Result<u64, Error> {
        let statement = self.prepare(sql).await?;
        let begins = self.begins();
        let client = self.client()?;
        let parameters = parameters(values);
        let executed = async { Ok(client.execute(&statement, &parameters).await) };
        let touched = with_begin(client, begins, executed).await;
        touched
            .and_then(|touched| touched)
            .map_err(|error| self.failed(sql.place(), error))
    }

    pub(in crate::db) async fn execute_all(
        &mut self,
        statements: &[(Sql, Vec<Value<'_>>)],
    ) -> Result<Vec<u64>, Error> {
        let mut prepared = Vec::with_capacity(statements.len());
        for (sql, values) in statements {
            prepared.push((self.prepare(*sql).await?, parameters(values)));
        }
        let Some((first, _)) = statements.first() else {
            return Ok(Vec::new());
        };
        let begins = self.begins();
        let client = self.client()?;
        let asked = prepared
            .iter()
            .map(|(statement, parameters)| client.execute(statement, parameters));
        let answers = with_begin(client, begins, together(asked.collect())).await;
        let answers = answers.map_err(|error| self.failed(first.place(), error))?;
        // The first that failed says why; those after it only say that the transaction is lost.
        let each = answers.into_iter().zip(statements);
        each.map(|(touched, (sql, _))| touched.map_err(|error| self.failed(sql.place(), error)))
            .collect()
    }

    pub(in crate::db) async fn batch(&mut self, text: &str) -> Result<(), Error> {
        let begins = self.begins();
        let client = self.client()?;
        let run = async { Ok(client.batch_execute(text).await) };
        let run = with_begin(client, begins, run).await;
        run.and_then(|run| run)
            .map_err(|error| self.failed(ENGINE, error))
    }

    pub(in crate::db) async fn prepare(&mut self, sql: Sql) -> Result<Statement, Error> {
        let prepared = match &self.client {
            Some(client) => client.prepare_cached(sql.postgres()).await,
            None => return Err(Error::Closed),
        };
        prepared.map_err(|error| self.failed(sql.place(), error))
    }

    /// Ends the transaction. If the connection is lost meanwhile nobody knows how it ended, which
    /// is [`Error::Unavailable`].
    pub(super) async fn commit(&mut self) -> Result<Committed, Error> {
        if self.state != State::Open {
            return Ok(Committed::Nothing);
        }
        let committed = self.client()?.batch_execute("COMMIT").await;
        committed.map_err(|error| self.failed(ENGINE, error))?;
        self.state = State::Ended;
        Ok(Committed::Flushed)
    }

    /// Undoes the transaction; a connection that cannot even do that is thrown away.
    pub(super) async fn roll_back(&mut self) {
        if self.state != State::Open {
            return;
        }
        if let Ok(client) = self.client()
            && client.batch_execute("ROLLBACK").await.is_ok()
        {
            self.state = State::Ended;
        }
    }

    /// Whether the transaction should simply be run again.
    pub(super) fn lost_a_race(&self) -> bool {
        self.lost_a_race
    }

    fn begins(&mut self) -> bool {
        let begins = self.state == State::Promised;
        if begins {
            self.state = State::Open;
        }
        begins
    }

    fn client(&self) -> Result<&Client, Error> {
        match &self.client {
            Some(client) => Ok(client),
            None => Err(Error::Closed),
        }
    }

    fn failed(&mut self, place: Place, error: PgError) -> Error {
        self.lost_a_race |= error.code().is_some_and(is_conflict);
        Error::from_postgres(place, error)
    }
}

/// A connection whose transaction is in doubt never goes back to the pool.
impl Drop for Session {
    fn drop(&mut self) {
        if self.state == State::Open
            && let Some(client) = self.client.take()
        {
            drop(Object::take(client));
        }
    }
}

fn parameters<'v>(values: &'v [Value<'_>]) -> Parameters<'v> {
    values
        .iter()
        .map(|value| value as &(dyn ToSql + Sync))
        .collect()
}

/// Sends BEGIN in front of `work`, without waiting for its answer first.
async fn with_begin<T>(
    client: &Client,
    begins: bool,
    work: impl Future<Output = Result<T, PgError>>,
) -> Result<T, PgError> {
    if !begins {
        return work.await;
    }
    let opening = client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ");
    let (begun, done) = join(opening, work).await;
    begun.and(done)
}

/// Polls every future once, in order, so that all are sent; then takes the answers as they come.
async fn together<F: Future>(futures: Vec<F>) -> Result<Vec<F::Output>, PgError> {
    let mut futures: Vec<Pin<Box<MaybeDone<F>>>> = futures
        .into_iter()
        .map(|future| Box::pin(maybe_done(future)))
        .collect();
    poll_fn(|context| {
        for future in &mut futures {
            // Whether it is ready is asked below.
            let _ = future.as_mut().poll(context);
        }
        Poll::Ready(())
    })
    .await;
    let mut answers = Vec::with_capacity(futures.len());
    for mut future in futures {
        future.as_mut().await;
        answers.extend(future.as_mut().take_output());
    }
    Ok(answers)
}
