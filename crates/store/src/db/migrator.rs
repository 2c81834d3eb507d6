//! The connection on which migrations run, apart from those of requests and without their limits:
//! an index on ten million rows takes its time, and a table is rebuilt while nothing checks keys.
//!
//! It has one transaction at a time and knows nothing of what is run in it; `crate::migrate` does.

use futures_util::future::BoxFuture;

use super::options::{ForeignKeys, Options};
use super::{DatabaseUrl, Error, WriteTx, postgres, sqlite};

/// A connection for migrations alone.
pub(crate) enum Migrator {
    Postgres(postgres::Migrator),
    Sqlite(sqlite::Migrator),
}

/// How an attempt to run a transaction ended that has not simply failed.
pub(crate) enum Attempt<T> {
    /// Somebody held what it needs; nothing has remained of it.
    Blocked,
    /// It is committed.
    Done(T),
}

impl Migrator {
    pub(crate) async fn open(location: &DatabaseUrl, options: &Options) -> Result<Self, Error> {
        match location {
            DatabaseUrl::Postgres(url) => postgres::Migrator::open(url, options)
                .await
                .map(Self::Postgres),
            DatabaseUrl::Sqlite(path) => sqlite::Migrator::open(path).map(Self::Sqlite),
        }
    }

    /// Whether no other process migrates, from here until this is closed. On SQLite every
    /// transaction keeps others out by itself.
    pub(crate) async fn lock(&mut self) -> Result<bool, Error> {
        match self {
            Self::Postgres(postgres) => postgres.lock().await,
            Self::Sqlite(_) => Ok(true),
        }
    }

    /// Runs a closure in a transaction and commits it; an error undoes what it did.
    pub(crate) async fn run<I, T, F>(
        &mut self,
        keys: ForeignKeys,
        input: &I,
        run: &F,
    ) -> Result<Attempt<T>, Error>
    where
        F: for<'a> Fn(&'a mut WriteTx, &'a I) -> BoxFuture<'a, Result<T, Error>>,
    {
        let tx = match self.begin(keys) {
            Ok(tx) => tx,
            Err(Error::Busy { .. }) => return Ok(Attempt::Blocked),
            Err(error) => return Err(error),
        };
        let result = match (run(tx, input).await, tx.take_failure()) {
            (Ok(_), Some(error)) => Err(error),
            (result, _) => result,
        };
        let error = match result {
            Ok(value) => match self.commit(keys).await {
                Ok(()) => return Ok(Attempt::Done(value)),
                Err(error) => error,
            },
            Err(error) => error,
        };
        if self.roll_back().await {
            Ok(Attempt::Blocked)
        } else {
            Err(error)
        }
    }

    /// Runs one statement that takes no transaction around it. Only PostgreSQL has such.
    pub(crate) async fn outside(&mut self, statement: &str) -> Result<(), Error> {
        match self {
            Self::Postgres(postgres) => postgres.outside(statement).await,
            Self::Sqlite(_) => Ok(()),
        }
    }

    /// Lets others migrate.
    pub(crate) async fn close(self) {
        match self {
            Self::Postgres(postgres) => postgres.close().await,
            Self::Sqlite(_) => {}
        }
    }

    fn begin(&mut self, keys: ForeignKeys) -> Result<&mut WriteTx, Error> {
        match self {
            Self::Postgres(postgres) => Ok(postgres.begin()),
            Self::Sqlite(sqlite) => sqlite.begin(keys),
        }
    }

    async fn commit(&mut self, keys: ForeignKeys) -> Result<(), Error> {
        match self {
            Self::Postgres(postgres) => postgres.commit().await,
            Self::Sqlite(sqlite) => sqlite.commit(keys),
        }
    }

    /// Says whether the transaction may succeed if it is tried again.
    async fn roll_back(&mut self) -> bool {
        match self {
            Self::Postgres(postgres) => postgres.roll_back().await,
            Self::Sqlite(sqlite) => {
                sqlite.roll_back();
                false
            }
        }
    }
}
