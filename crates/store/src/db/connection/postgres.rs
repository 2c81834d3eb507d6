//! One connection at work. Statements whose answer decides nothing are sent without waiting, BEGIN
//! among them, and independent questions travel together, so a typical write waits for one
//! question and for its COMMIT.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use base::TenantId;
use deadpool_postgres::Object;
use futures_util::future::{BoxFuture, MaybeDone, maybe_done};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error as PgError, Statement};

use super::Bound;
use crate::db::error::is_conflict;
use crate::db::{Error, Row, SourceLine, Sql, Value};

/// A connection, with or without a transaction.
pub(in crate::db) struct Session {
    /// Always there but while it is dropped.
    client: Option<Arc<Object>>,
    /// What begins its transaction.
    begin: &'static str,
    state: State,
    /// To whose rows the server holds what comes next; it ends with the transaction.
    guard: Option<TenantId>,
    /// Statements that were sent and whose answer is still to come.
    sent: Vec<Sent>,
    /// How many statements have changed something, may have, or have failed.
    changes: usize,
    race: Race,
    /// Whether somebody held a row for longer than this connection waits.
    was_blocked: bool,
    /// Whether the connection itself has failed, so that nobody knows what has become of a COMMIT.
    is_broken: bool,
}

type Sent = (
    SourceLine,
    Pin<Box<MaybeDone<BoxFuture<'static, Result<u64, PgError>>>>>,
);

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

/// What another transaction has done to this one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Race {
    /// It inserted a row first that this one did not see.
    Duplicate,
    /// It changed what this one has read.
    Lost,
    /// Nothing.
    None,
}

type Parameters<'v> = Vec<&'v (dyn ToSql + Sync)>;

impl Session {
    pub(in crate::db) fn outside(client: Arc<Object>) -> Self {
        Self::new(client, State::Outside)
    }

    pub(in crate::db) fn inside(client: Arc<Object>) -> Self {
        Self::new(client, State::Promised)
    }

    /// For look-ups of somebody who sees one tenant's rows. A guard lives as long as a transaction, so that there is one;
    /// each statement sees what was committed before it, as without.
    pub(in crate::db) fn reading(client: Arc<Object>) -> Self {
        let mut session = Self::new(client, State::Promised);
        session.begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY";
        session
    }

    /// Each statement sees what others have committed before it: one that waited for a table has to see
    /// what was written to it meanwhile.
    pub(in crate::db) fn migrating(client: Arc<Object>) -> Self {
        let mut session = Self::new(client, State::Promised);
        session.begin = "BEGIN ISOLATION LEVEL READ COMMITTED";
        session
    }

    fn new(client: Arc<Object>, state: State) -> Self {
        Self {
            client: Some(client),
            begin: "BEGIN ISOLATION LEVEL REPEATABLE READ",
            state,
            guard: None,
            sent: Vec::new(),
            changes: 0,
            race: Race::None,
            was_blocked: false,
            is_broken: false,
        }
    }

    pub(in crate::db) async fn rows_all(
        &mut self,
        statements: &[Bound<'_>],
    ) -> Result<Vec<Vec<Row>>, Error> {
        let mut answers = Vec::with_capacity(statements.len());
        for alike in statements.chunk_by(|one, next| one.guard == next.guard) {
            answers.extend(self.rows_alike(alike).await?);
        }
        Ok(answers)
    }

    /// The same for statements that one guard stands before, or none: one round trip.
    async fn rows_alike(&mut self, statements: &[Bound<'_>]) -> Result<Vec<Vec<Row>>, Error> {
        let mut prepared = Vec::with_capacity(statements.len());
        for bound in statements {
            prepared.push((self.prepare(bound.sql).await?, parameters(bound)));
        }
        self.begin().await?;
        self.stand(statements.first()).await?;
        let client = Arc::clone(self.client()?);
        let asked = prepared
            .iter()
            .map(|(statement, parameters)| client.query(statement, parameters));
        let answers = self.waiting_for(together(asked.collect())).await;
        // The first that failed says why; those after it only say that the transaction is lost.
        let each = answers.into_iter().zip(statements);
        each.map(|(rows, Bound { sql, .. })| match rows {
            Ok(rows) => {
                self.changes += usize::from(!sql.is_query() && !rows.is_empty());
                let rows = rows.into_iter();
                Ok(rows
                    .map(|row| Row::from_postgres(sql.place(), row))
                    .collect())
            }
            Err(error) => Err(self.failed(sql.place(), error)),
        })
        .collect()
    }

    pub(in crate::db) async fn execute_all(
        &mut self,
        statements: &[Bound<'_>],
    ) -> Result<Vec<u64>, Error> {
        let mut answers = Vec::with_capacity(statements.len());
        for alike in statements.chunk_by(|one, next| one.guard == next.guard) {
            answers.extend(self.execute_alike(alike).await?);
        }
        Ok(answers)
    }

    /// The same for statements that one guard stands before, or none: one round trip.
    async fn execute_alike(&mut self, statements: &[Bound<'_>]) -> Result<Vec<u64>, Error> {
        let mut prepared = Vec::with_capacity(statements.len());
        for bound in statements {
            prepared.push((self.prepare(bound.sql).await?, parameters(bound)));
        }
        self.begin().await?;
        self.stand(statements.first()).await?;
        let client = Arc::clone(self.client()?);
        let asked = prepared
            .iter()
            .map(|(statement, parameters)| client.execute(statement, parameters));
        let answers = self.waiting_for(together(asked.collect())).await;
        let each = answers.into_iter().zip(statements);
        each.map(|(touched, Bound { sql, .. })| match touched {
            Ok(touched) => {
                self.changes += usize::from(touched > 0);
                Ok(touched)
            }
            Err(error) => Err(self.failed(sql.place(), error)),
        })
        .collect()
    }

    /// Sends a change; its failure shows when the transaction ends.
    pub(in crate::db) async fn execute_later(&mut self, bound: &Bound<'_>) -> Result<(), Error> {
        let sql = bound.sql;
        let statement = self.prepare(sql).await?;
        let values: Vec<_> = bound
            .parameters()
            .map(|value| value.clone().into_owned())
            .collect();
        self.changes += 1;
        self.begin().await?;
        self.stand(Some(bound)).await?;
        let client = Arc::clone(self.client()?);
        let run = async move {
            let parameters: Parameters<'_> = values.iter().map(as_parameter).collect();
            client.execute(&statement, &parameters).await
        };
        self.send(sql.place(), Box::pin(run)).await;
        Ok(())
    }

    pub(in crate::db) async fn batch(&mut self, text: &str) -> Result<(), Error> {
        self.changes += 1;
        self.begin().await?;
        let client = Arc::clone(self.client()?);
        let run = self.waiting_for(client.batch_execute(text)).await;
        run.map_err(|error| self.failed(ENGINE, error))
    }

    pub(in crate::db) async fn prepare(&mut self, sql: Sql) -> Result<Statement, Error> {
        let client = Arc::clone(self.client()?);
        let preparing = client.prepare_cached(sql.postgres());
        let prepared = self.waiting_for(preparing).await;
        prepared.map_err(|error| self.failed(sql.place(), error))
    }

    /// Ends the transaction. If the connection is lost meanwhile nobody knows how it ended, which
    /// is [`Error::Unavailable`]. Says whether there was anything to flush.
    pub(in crate::db) async fn commit(&mut self) -> Result<bool, Error> {
        if self.state != State::Open {
            return Ok(false);
        }
        self.send_text("COMMIT").await?;
        // After a failed statement the server has taken COMMIT for ROLLBACK.
        let failure = self.settle().await;
        if !self.is_broken {
            self.state = State::Ended;
        }
        failure.map_or(Ok(true), Err)
    }

    /// Undoes the transaction; a connection that cannot even do that is thrown away. Gives the first
    /// failure of what was sent without waiting: it is why whatever came after it failed too.
    pub(in crate::db) async fn roll_back(&mut self) -> Option<Error> {
        let failure = self.settle().await;
        if self.state == State::Open
            && let Ok(client) = self.client()
            && client.batch_execute("ROLLBACK").await.is_ok()
        {
            self.state = State::Ended;
        }
        failure
    }

    /// Takes the answers to what was sent; gives the first failure.
    async fn settle(&mut self) -> Option<Error> {
        let mut failure = None;
        for (index, (place, mut answer)) in std::mem::take(&mut self.sent).into_iter().enumerate() {
            answer.as_mut().await;
            if let Some(Err(error)) = answer.as_mut().take_output() {
                let error = self.failed(place, error);
                // Without BEGIN whatever came after it has taken effect by itself.
                self.is_broken |= index == 0;
                failure.get_or_insert(error);
            }
        }
        failure
    }

    /// Whether the transaction should simply be run again.
    pub(in crate::db) fn lost_a_race(&self) -> bool {
        self.race == Race::Lost
    }

    /// Whether the transaction inserted a row that was there already, which it may see if it is run again.
    pub(in crate::db) fn met_a_duplicate(&self) -> bool {
        self.race == Race::Duplicate
    }

    /// Whether the transaction may succeed for who waits longer.
    pub(in crate::db) fn was_blocked(&self) -> bool {
        self.was_blocked
    }

    /// Whether nothing of the transaction has remained, for certain.
    pub(in crate::db) fn is_undone(&self) -> bool {
        !self.is_broken
    }

    /// Whether no transaction is open on the connection.
    pub(in crate::db) fn has_ended(&self) -> bool {
        !self.is_broken && self.state != State::Open
    }

    /// How many statements have changed something, or have failed.
    pub(in crate::db) fn changes(&self) -> usize {
        self.changes
    }

    /// Sends BEGIN, once.
    async fn begin(&mut self) -> Result<(), Error> {
        if self.state == State::Promised {
            self.state = State::Open;
            self.send_text(self.begin).await?;
        }
        Ok(())
    }

    /// Puts the guard that a statement asks for in the place of the last one, before the statement and without waiting. If the
    /// server refuses, the transaction is lost and whatever comes in it fails.
    async fn stand(&mut self, statement: Option<&Bound<'_>>) -> Result<(), Error> {
        let guard = statement.and_then(|bound| bound.guard);
        if guard == self.guard {
            return Ok(());
        }
        if self.state != State::Open {
            // Outside a transaction nothing would end it, nor would it have begun.
            let place = statement.map_or(ENGINE, |bound| bound.sql.place());
            return Err(Error::Unscoped { place });
        }
        match guard {
            Some(tenant) => self.send_guard(tenant).await?,
            None => self.send_text("RESET ROLE").await?,
        }
        // Not before it is sent: whoever gives up meanwhile has not put it there.
        self.guard = guard;
        Ok(())
    }

    async fn send_guard(&mut self, tenant: TenantId) -> Result<(), Error> {
        let client = Arc::clone(self.client()?);
        let preparing = client.prepare_cached(GUARD);
        let prepared = self.waiting_for(preparing).await;
        let statement = prepared.map_err(|error| self.failed(ENGINE, error))?;
        let run = async move {
            let tenant = Value::from(tenant);
            client.execute(&statement, &[as_parameter(&tenant)]).await
        };
        self.send(ENGINE, Box::pin(run)).await;
        Ok(())
    }

    async fn send_text(&mut self, text: &'static str) -> Result<(), Error> {
        let client = Arc::clone(self.client()?);
        let run = async move { client.batch_execute(text).await.map(|()| 0) };
        self.send(ENGINE, Box::pin(run)).await;
        Ok(())
    }

    fn client(&self) -> Result<&Arc<Object>, Error> {
        self.client.as_ref().ok_or(Error::Closed)
    }

    /// Waits, and takes the answers to what was sent meanwhile as they come: the connection reads no further than to an
    /// answer that nobody takes, and an error is an answer of several parts.
    async fn waiting_for<F: Future>(&mut self, awaited: F) -> F::Output {
        let mut awaited = pin!(awaited);
        poll_fn(|context| {
            // They come in this order.
            let mut sent = self.sent.iter_mut();
            let _all_came = sent.all(|(_, answer)| answer.as_mut().poll(context).is_ready());
            awaited.as_mut().poll(context)
        })
        .await
    }

    /// Polls once, which sends; the answer is taken when the transaction ends.
    async fn send(&mut self, place: SourceLine, run: BoxFuture<'static, Result<u64, PgError>>) {
        let mut answer = Box::pin(maybe_done(run));
        poll_fn(|context| {
            let _ = answer.as_mut().poll(context);
            Poll::Ready(())
        })
        .await;
        self.sent.push((place, answer));
    }

    fn failed(&mut self, place: SourceLine, error: PgError) -> Error {
        self.changes += 1;
        if error.code().is_some_and(is_conflict) {
            self.race = Race::Lost;
        } else if error.code() == Some(&SqlState::UNIQUE_VIOLATION) {
            self.race = Race::Duplicate;
        }
        self.was_blocked |= error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE);
        let is_ours = error.code().is_none();
        let error = Error::from_postgres(place, error);
        self.is_broken |= is_ours || matches!(error, Error::Unavailable { .. });
        error
    }
}

/// Until the end of the transaction statements are those of a role that sees, by the policies of the tables, one tenant's rows.
const GUARD: &str = "SELECT set_config('chancery.tenant', encode($1, 'hex'), true), \
     set_config('role', 'chancery_portal', true)";

/// A connection whose transaction is in doubt never goes back to the pool.
impl Drop for Session {
    fn drop(&mut self) {
        self.sent.clear();
        if self.state == State::Open
            && let Some(client) = self.client.take().and_then(Arc::into_inner)
        {
            drop(Object::take(client));
        }
    }
}

fn parameters<'v>(bound: &'v Bound<'_>) -> Parameters<'v> {
    bound.parameters().map(as_parameter).collect()
}

fn as_parameter<'v>(value: &'v Value<'_>) -> &'v (dyn ToSql + Sync) {
    value
}

/// Polls every future once, in order, so that all are sent; then takes the answers as they come.
async fn together<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
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
    answers
}

/// Stands for the engine's own statements in errors.
const ENGINE: SourceLine = SourceLine {
    file: file!(),
    line: line!(),
};
