//! PostgreSQL: a few lanes that write, transactions by key beside them, a few connections that all look-ups
//! share, and a pool for the rest.

mod backoff;
mod forget;
mod keyed;
mod lane;
mod lookups;
mod migrator;
mod settings;
mod tls;

use std::sync::Arc;

use base::Scope;
use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
};

pub(super) use forget::forget;
pub(super) use migrator::Migrator;

use super::connection::{Connection, Session};
use super::counters::Tally;
use super::options::Options;
use super::work::Work;
use super::{Error, ReadTx, SourceLine};
use keyed::ByKey;
use lane::Lanes;
use lookups::Lookups;
use settings::Purpose;

/// The connections.
pub(super) struct Postgres {
    by_key: ByKey,
    lanes: Lanes,
    lookups: Lookups,
    scans: Pool,
    tally: Arc<Tally>,
}

impl Postgres {
    pub(super) async fn open(
        url: &str,
        options: &Options,
        tally: Arc<Tally>,
    ) -> Result<Self, Error> {
        let lanes = pool(url, options, Purpose::Lane, lane::LANES)?;
        let spare = pool(url, options, Purpose::Keyed, SPARE)?;
        let lookups = pool(url, options, Purpose::Keyed, lookups::CONNECTIONS)?;
        let rest = options.postgres_connections.saturating_sub(KEYED);
        let scans = pool(url, options, Purpose::Scans, rest.max(FEWEST_SCANS))?;
        // A wrong address is told now, not at the first request.
        drop(connect(&lanes).await?);
        Ok(Self {
            by_key: ByKey::new(&spare, &tally),
            lanes: Lanes::start(&lanes, &spare, &tally),
            lookups: Lookups::new(lookups),
            scans,
            tally,
        })
    }

    /// For look-ups of rows by key, on a connection that many look-ups share; a guard shares none.
    pub(super) async fn reading(&self, scope: Scope) -> Result<ReadTx, Error> {
        if scope.is_guarded() {
            return self.scanning(scope).await;
        }
        let client = self.lookups.connect().await?;
        Ok(self.transaction(scope, Session::outside(client)))
    }

    /// For reads that may take long, on a connection of its own.
    pub(super) async fn scanning(&self, scope: Scope) -> Result<ReadTx, Error> {
        let client = Arc::new(connect(&self.scans).await?);
        let session = if scope.is_guarded() {
            Session::reading(client)
        } else {
            Session::outside(client)
        };
        Ok(self.transaction(scope, session))
    }

    fn transaction(&self, scope: Scope, session: Session) -> ReadTx {
        let connection = Connection::Postgres(Box::new(session));
        let mut tx = ReadTx::new(connection, Arc::clone(&self.tally));
        tx.enter(scope);
        tx
    }

    /// Runs in a lane, not in the request: one that is given up must not leave half a transaction.
    pub(super) async fn queue(&self, work: Box<dyn Work>) -> Result<(), Error> {
        self.lanes.queue(work).await
    }

    /// Runs alone, one after the other, beside the lanes.
    pub(super) async fn queue_piece(&self, work: Box<dyn Work>) -> Result<(), Error> {
        self.lanes.queue_piece(work).await
    }

    /// Runs alone beside the lanes, after what was begun under the same key.
    pub(super) fn queue_keyed(&self, key: &str, work: Box<dyn Work>) -> Result<(), Error> {
        self.by_key.queue(key, work)
    }

    /// Waits for the writes that were begun, then closes all connections.
    pub(super) async fn close(&self) {
        self.by_key.close().await;
        self.lanes.close().await;
        self.lookups.close();
        self.scans.close();
    }
}

fn pool(url: &str, options: &Options, purpose: Purpose, size: usize) -> Result<Pool, Error> {
    let (config, tls) = settings::parse(url, options, purpose)?;
    let recycling = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    Pool::builder(Manager::from_config(config, tls, recycling))
        .max_size(size)
        .wait_timeout(Some(options.pool_timeout))
        .create_timeout(Some(options.connect_timeout * 2))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(Error::unavailable)
}

async fn connect(pool: &Pool) -> Result<Object, Error> {
    pool.get().await.map_err(|error| match error {
        PoolError::Backend(error) => Error::from_postgres(ENGINE, error),
        PoolError::Closed => Error::Closed,
        PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) | PoolError::Timeout(_) => {
            Error::unavailable(error)
        }
    })
}

/// Transactions that run on their own beside the lanes.
const SPARE: usize = 2;
/// What is not left to scans.
const KEYED: usize = lane::LANES + SPARE + lookups::CONNECTIONS;
/// Scans that can run at once even when few connections are allowed.
const FEWEST_SCANS: usize = 2;

/// Stands for the engine's own statements in errors.
const ENGINE: SourceLine = SourceLine {
    file: file!(),
    line: line!(),
};
