//! PostgreSQL: a pool of connections, each transaction on its own, run again when it loses a
//! race.

mod session;
mod settings;
mod tls;

use std::sync::Arc;

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
};
use futures_util::future::BoxFuture;
use tokio::sync::RwLock;

pub(super) use session::Session;

use super::counters::{Tally, count};
use super::store::Options;
use super::transaction::Connection;
use super::{Error, Place, ReadTx, WriteTx, backoff};
use session::Committed;

/// The pool. Clones share it.
#[derive(Clone)]
pub(super) struct Postgres {
    pool: Pool,
    /// Held for reading by every write, so that closing can wait for them.
    running: Arc<RwLock<()>>,
    tally: Arc<Tally>,
}

impl Postgres {
    pub(super) async fn open(
        url: &str,
        options: &Options,
        tally: Arc<Tally>,
    ) -> Result<Self, Error> {
        let (config, tls) = settings::parse(url, options)?;
        let recycling = ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        };
        let manager = Manager::from_config(config, tls, recycling);
        let pool = Pool::builder(manager)
            .max_size(options.postgres_connections.max(2))
            .wait_timeout(Some(options.pool_timeout))
            .create_timeout(Some(options.connect_timeout * 2))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(Error::unavailable)?;
        let postgres = Self {
            pool,
            running: Arc::new(RwLock::new(())),
            tally,
        };
        // A wrong address is told now, not at the first request.
        drop(postgres.connect().await?);
        Ok(postgres)
    }

    pub(super) async fn read<I, T, E, F>(&self, input: I, run: F) -> Result<T, E>
    where
        E: From<Error>,
        F: for<'a> FnOnce(&'a mut ReadTx, &'a I) -> BoxFuture<'a, Result<T, E>>,
    {
        let session = Session::outside(self.connect().await?);
        let mut tx = ReadTx::new(
            Connection::Postgres(Box::new(session)),
            Arc::clone(&self.tally),
        );
        run(&mut tx, &input).await
    }

    /// Runs on a task of its own: a request that is given up must not leave half a transaction.
    pub(super) async fn write<I, T, E, F>(&self, input: I, run: F) -> Result<T, E>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: for<'a> Fn(&'a mut WriteTx, &'a I) -> BoxFuture<'a, Result<T, E>>
            + Send
            + Sync
            + 'static,
    {
        let guard = Arc::clone(&self.running).read_owned().await;
        let postgres = self.clone();
        let task = tokio::spawn(async move {
            let answer = postgres.attempts(&input, &run).await;
            drop(guard);
            answer
        });
        match task.await {
            Ok(answer) => answer,
            Err(error) if error.is_panic() => {
                Err(Error::panicked(error.into_panic().as_ref()).into())
            }
            Err(_) => Err(Error::Closed.into()),
        }
    }

    async fn attempts<I, T, E, F>(&self, input: &I, run: &F) -> Result<T, E>
    where
        E: From<Error>,
        F: for<'a> Fn(&'a mut WriteTx, &'a I) -> BoxFuture<'a, Result<T, E>>,
    {
        let mut attempt = 0;
        loop {
            let (answer, lost_a_race) = self.attempt(input, run).await;
            attempt += 1;
            if !lost_a_race || attempt >= backoff::ATTEMPTS {
                return answer;
            }
            count(&self.tally.retries, 1);
            tokio::time::sleep(backoff::delay(attempt)).await;
        }
    }

    /// Runs the closure in one transaction; also says whether it should simply be run again.
    async fn attempt<I, T, E, F>(&self, input: &I, run: &F) -> (Result<T, E>, bool)
    where
        E: From<Error>,
        F: for<'a> Fn(&'a mut WriteTx, &'a I) -> BoxFuture<'a, Result<T, E>>,
    {
        let session = match self.connect().await {
            Ok(client) => Box::new(Session::inside(client)),
            Err(error) => return (Err(error.into()), false),
        };
        let connection = Connection::Postgres(session);
        let mut tx = WriteTx::new(ReadTx::new(connection, Arc::clone(&self.tally)));
        let result = run(&mut tx, input).await;
        let failure = tx.take_failure();
        let Connection::Postgres(session) = tx.connection() else {
            return (result, false);
        };
        let answer = match (result, failure) {
            (Ok(value), None) => match session.commit().await {
                Ok(committed) => {
                    count(&self.tally.transactions, 1);
                    count(
                        &self.tally.commits,
                        usize::from(committed == Committed::Flushed),
                    );
                    return (Ok(value), false);
                }
                Err(error) => Err(error.into()),
            },
            (Ok(_), Some(error)) => Err(error.into()),
            (Err(answer), _) => Err(answer),
        };
        session.roll_back().await;
        (answer, session.lost_a_race())
    }

    /// Waits for the writes that were begun, then closes all connections.
    pub(super) async fn close(&self) {
        let _all = self.running.write().await;
        self.pool.close();
    }

    /// A connection that holds the lock until it is dropped.
    pub(super) async fn lock_for_migration(&self) -> Result<impl Send + use<>, Error> {
        let connection = Object::take(self.connect().await?);
        let lock = "SELECT pg_advisory_lock(hashtext('chancery ' || current_schema()))";
        let locked = connection.batch_execute(lock).await;
        locked.map_err(|error| Error::from_postgres(ENGINE, error))?;
        Ok(connection)
    }

    async fn connect(&self) -> Result<Object, Error> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Backend(error) => Error::from_postgres(ENGINE, error),
            PoolError::Closed => Error::Closed,
            PoolError::NoRuntimeSpecified
            | PoolError::PostCreateHook(_)
            | PoolError::Timeout(_) => Error::unavailable(error),
        })
    }
}

/// Stands for the engine's own statements in errors.
const ENGINE: Place = Place {
    file: file!(),
    line: line!(),
};
