//! Transactions as closures, for the tests of the engines only: a closure may change first and refuse afterwards,
//! which no step of the product can.

use std::marker::PhantomData;

use base::Scope;
use futures_util::future::BoxFuture;

use super::counters::count;
use super::store::Backend;
use super::work::{Steps, Types, queued};
use super::{Error, ReadTx, Store, WriteTx, sqlite};

const SCOPE: Scope = Scope::System("a test of the engines");

impl Store {
    /// Runs a closure in a transaction and answers after the commit. An error undoes what it did.
    pub async fn write<I, T, E, F>(&self, input: I, run: F) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'a> Fn(&'a mut WriteTx, &'a I) -> BoxFuture<'a, Result<T, E>>
            + Send
            + Sync
            + 'static,
    {
        let types = PhantomData;
        let (work, answer) = queued(SCOPE, Closure { input, run, types });
        self.queue(work).await?;
        answer.await.unwrap_or_else(|_| Err(Error::Closed.into()))
    }

    /// Looks up rows by key.
    pub async fn read<I, T, E, F>(&self, input: I, run: F) -> Result<T, E>
    where
        I: Send + Sync,
        T: Send,
        E: From<Error> + Send,
        F: for<'a> FnOnce(&'a mut ReadTx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send,
    {
        count(&self.tally().reads, 1);
        match self.backend() {
            Backend::Postgres(postgres) => {
                let mut tx = postgres.reading(SCOPE).await?;
                run(&mut tx, &input).await
            }
            Backend::Sqlite(readers, _) => readers.run(SCOPE, |tx| sqlite::finish(run(tx, &input))),
        }
    }

    /// Reads what may take milliseconds.
    pub async fn scan<I, T, E, F>(&self, input: I, run: F) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'a> FnOnce(&'a mut ReadTx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + 'static,
    {
        count(&self.tally().reads, 1);
        match self.backend() {
            Backend::Postgres(postgres) => {
                let mut tx = postgres.scanning(SCOPE).await?;
                run(&mut tx, &input).await
            }
            Backend::Sqlite(readers, _) => {
                let look = move |tx: &mut ReadTx| sqlite::finish(run(tx, &input));
                readers.scan(SCOPE, look).await
            }
        }
    }
}

struct Closure<I, T, E, F> {
    input: I,
    run: F,
    types: Types<(), T, E>,
}

impl<I, T, E, F> Steps for Closure<I, T, E, F>
where
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    F: for<'a> Fn(&'a mut WriteTx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
{
    type Answer = T;
    type Error = E;

    fn run<'a>(
        &'a mut self,
        tx: &'a mut WriteTx,
    ) -> impl Future<Output = Result<T, E>> + Send + 'a {
        (self.run)(tx, &self.input)
    }
}
