//! The store as one caller sees it: the only way to a transaction.

use base::Scope;

use super::counters::count;
use super::step::{Keyed, Load, Progress, Save};
use super::store::Backend;
use super::work::{Deciding, Running, Saving, queued};
use super::{Counters, Error, ReadTx, Store, sqlite};
use crate::sql;

/// The store within a scope: statements over tenants' tables see the rows of one tenant, unless the work is our own.
#[derive(Clone, Copy)]
pub struct Scoped<'s> {
    store: &'s Store,
    scope: Scope,
}

impl Store {
    /// The store within a scope. Where the database has no guard, the statements alone keep tenants apart.
    pub fn within(&self, scope: Scope) -> Scoped<'_> {
        let scope = self.as_guarded_here(scope);
        Scoped { store: self, scope }
    }

    /// The same with a guard, whether or not there is one: without, what it would guard fails.
    pub(crate) fn behind_the_wall(&self, scope: Scope) -> Scoped<'_> {
        Scoped { store: self, scope }
    }
}

impl Scoped<'_> {
    /// Asks the database for an answer, for health checks.
    pub async fn ping(&self) -> Result<(), Error> {
        self.read((), ask).await
    }

    /// What has been asked of the database so far, by everybody.
    pub fn counters(&self) -> Counters {
        self.store.counters()
    }

    /// Rids the files of the database of what was deleted from a small table; `false` when somebody was in the way, so that
    /// it has to be tried again. On PostgreSQL the table is written anew, and who wants it waits meanwhile. On SQLite what is
    /// deleted is overwritten at once, and the write-ahead log, which has what was there before, is emptied.
    pub async fn forget(&self, table: &'static str) -> Result<bool, Error> {
        self.store.forget(table).await
    }

    /// Looks up a bounded number of rows by key. Each statement sees what was committed before it; several
    /// statements may see different states.
    pub async fn read<I, T, E, L>(&self, input: I, load: L) -> Result<T, E>
    where
        I: Send + Sync,
        T: Send,
        E: From<Error> + Send,
        L: for<'a> Load<'a, I, T, E>,
    {
        count(&self.store.tally().reads, 1);
        match self.store.backend() {
            Backend::Postgres(postgres) => {
                let tx = postgres.reading(self.scope).await?;
                look(tx, &load, &input).await
            }
            Backend::Sqlite(readers, _) => {
                readers.run(self.scope, |tx| sqlite::finish(load.call(tx, &input)))
            }
        }
    }

    /// Reads what may take milliseconds: pages, searches, sums. On SQLite it runs on a thread of its own, so that
    /// requests are not held up.
    pub async fn scan<I, T, E, L>(&self, input: I, load: L) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        L: for<'a> Load<'a, I, T, E> + 'static,
    {
        count(&self.store.tally().reads, 1);
        match self.store.backend() {
            Backend::Postgres(postgres) => {
                let tx = postgres.scanning(self.scope).await?;
                look(tx, &load, &input).await
            }
            Backend::Sqlite(readers, _) => {
                let scope = self.scope;
                readers
                    .scan(scope, move |tx| sqlite::finish(load.call(tx, &input)))
                    .await
            }
        }
    }

    /// A change that cannot refuse. Shares its commit with others; answers after it.
    pub async fn write<I, T, S>(&self, input: I, save: S) -> Result<T, Error>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        S: for<'a> Save<'a, I, T> + 'static,
    {
        // Packed before anything is waited for: what waits then knows no types of the steps.
        let (work, answer) = queued(self.scope, Saving::new(input, save));
        self.store.queue(work).await?;
        answer.await.unwrap_or(Err(Error::Closed))
    }

    /// Loads, decides, saves, in one transaction that shares its commit with others; answers after it. Only
    /// `decide` refuses, before the first change, so that nobody else is undone. All may be run several times.
    pub async fn decide<I, F, D, T, E, L, J, S>(
        &self,
        input: I,
        load: L,
        decide: J,
        save: S,
    ) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        F: Send + 'static,
        D: Send + Sync + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        L: for<'a> Load<'a, I, F, Error> + 'static,
        J: Fn(&I, F) -> Result<D, E> + Send + Sync + 'static,
        S: for<'a> Save<'a, D, T> + 'static,
    {
        let (work, answer) = queued(self.scope, Deciding::new(input, load, decide, save));
        self.store.queue(work).await?;
        answer.await.unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    /// A transaction of its own, in one step that may refuse anywhere. Of one key one runs after the other, on whichever
    /// node, and each sees what those before it have done. It costs more than [`decide`](Self::decide), and is for what
    /// several would otherwise want at once: the state of one effect, the next number of a series.
    pub async fn write_keyed<I, T, E, R>(&self, key: &str, input: I, run: R) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        R: for<'a> Keyed<'a, I, T, E> + 'static,
    {
        let (work, answer) = queued(self.scope, Running::new(input, run));
        self.store.queue_keyed(key, work).await?;
        answer.await.unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    /// As [`decide`](Self::decide), for one piece of a large change: it waits for its turn among the pieces of all large changes, and
    /// everybody else has the database between two of them.
    pub async fn decide_piece<I, F, D, T, E, L, J, S>(
        &self,
        input: I,
        load: L,
        decide: J,
        save: S,
    ) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        F: Send + 'static,
        D: Send + Sync + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        L: for<'a> Load<'a, I, F, Error> + 'static,
        J: Fn(&I, F) -> Result<D, E> + Send + Sync + 'static,
        S: for<'a> Save<'a, D, T> + 'static,
    {
        let (work, answer) = queued(self.scope, Deciding::new(input, load, decide, save));
        let turn = self.store.turns().next().await;
        self.store.queue_piece(work).await?;
        let answer = answer.await.unwrap_or_else(|_| Err(Error::Closed.into()));
        turn.end();
        answer
    }

    /// One bounded piece after the other, each in a transaction of its own, until there is no more. A piece changes
    /// at most a thousand rows, and waits for its turn as those of [`decide_piece`](Self::decide_piece) do.
    pub async fn write_bulk<I, S>(&self, input: I, piece: S) -> Result<(), Error>
    where
        I: Clone + Send + Sync + 'static,
        S: for<'a> Save<'a, I, Progress<I>> + Clone + 'static,
    {
        let mut next = input;
        while let Progress::More(more) = self.write_piece(next, piece.clone()).await? {
            next = more;
        }
        Ok(())
    }

    /// One piece of a large change, and where the next one begins.
    pub async fn write_piece<I, S>(&self, input: I, piece: S) -> Result<Progress<I>, Error>
    where
        I: Send + Sync + 'static,
        S: for<'a> Save<'a, I, Progress<I>> + 'static,
    {
        let (work, answer) = queued(self.scope, Saving::new(input, piece));
        let turn = self.store.turns().next().await;
        self.store.queue_piece(work).await?;
        let answer = answer.await.unwrap_or(Err(Error::Closed));
        turn.end();
        answer
    }
}

/// Looks, on PostgreSQL.
async fn look<I, T, E, L>(mut tx: ReadTx, load: &L, input: &I) -> Result<T, E>
where
    I: Send + Sync,
    T: Send,
    E: From<Error> + Send,
    L: for<'a> Load<'a, I, T, E>,
{
    let answer = load.call(&mut tx, input).await;
    match (answer, tx.leave().await) {
        // It says why whatever came after it failed.
        (Err(_), Some(failure)) => Err(failure.into()),
        (answer, _) => answer,
    }
}

async fn ask(tx: &mut ReadTx, (): &()) -> Result<(), Error> {
    tx.row(sql!("SELECT 1 AS one"), &[]).await.map(|_| ())
}
