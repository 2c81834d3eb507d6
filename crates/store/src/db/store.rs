//! The way in: opens either engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base::Scope;

use super::counters::Tally;
use super::migrator::Migrator;
use super::options::{MigrationLimits, Options};
use super::postgres::{self, Postgres};
use super::sqlite::{self, Readers, Writer};
use super::turn::Turns;
use super::work::Work;
use super::{Counters, DatabaseUrl, Engine, Error};

/// The database. Clones share it.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    backend: Backend,
    location: DatabaseUrl,
    options: Options,
    tally: Arc<Tally>,
    /// Whether the database guards the rows of tenants, as far as it was asked.
    is_guarding: AtomicBool,
    /// Of the pieces of large changes.
    turns: Turns,
}

pub(super) enum Backend {
    Postgres(Postgres),
    Sqlite(Arc<Readers>, Writer),
}

impl Store {
    /// Opens the database; a SQLite file is created when it does not exist. The schema is not
    /// touched.
    pub async fn open(location: &DatabaseUrl, options: Options) -> Result<Self, Error> {
        let tally = Arc::new(Tally::default());
        let backend = match location {
            DatabaseUrl::Postgres(url) => {
                Backend::Postgres(Postgres::open(url, &options, Arc::clone(&tally)).await?)
            }
            DatabaseUrl::Sqlite(path) => {
                let (path, tally) = (path.clone(), Arc::clone(&tally));
                let scans = options.readers;
                let runtime = tokio::runtime::Handle::current();
                let open = move || {
                    // The writer first: it turns on the write-ahead log that readers need.
                    let writer = Writer::open(&path, Arc::clone(&tally), &runtime)?;
                    let readers = Readers::open(&path, scans, tally)?;
                    Ok::<_, Error>(Backend::Sqlite(Arc::new(readers), writer))
                };
                let opened = tokio::task::spawn_blocking(open).await;
                opened.map_err(Error::unavailable)??
            }
        };
        Ok(Self {
            shared: Arc::new(Shared {
                backend,
                location: location.clone(),
                options,
                tally,
                is_guarding: AtomicBool::new(false),
                turns: Turns::default(),
            }),
        })
    }

    pub(super) async fn queue(&self, work: Box<dyn Work>) -> Result<(), Error> {
        match &self.shared.backend {
            Backend::Postgres(postgres) => postgres.queue(work).await,
            Backend::Sqlite(_, writer) => writer.queue(work).await,
        }
    }

    /// For a piece of a large change: on PostgreSQL it shares no transaction with requests.
    pub(super) async fn queue_piece(&self, work: Box<dyn Work>) -> Result<(), Error> {
        match &self.shared.backend {
            Backend::Postgres(postgres) => postgres.queue_piece(work).await,
            Backend::Sqlite(_, writer) => writer.queue(work).await,
        }
    }

    /// For a transaction by key. SQLite has one writer, which is serial whatever the key.
    pub(super) async fn queue_keyed(&self, key: &str, work: Box<dyn Work>) -> Result<(), Error> {
        match &self.shared.backend {
            Backend::Postgres(postgres) => postgres.queue_keyed(key, work),
            Backend::Sqlite(_, writer) => writer.queue(work).await,
        }
    }

    /// Remembers whether the database guards the rows of tenants.
    pub(crate) fn note_guard(&self, is_there: bool) {
        self.shared.is_guarding.store(is_there, Ordering::Relaxed);
    }

    /// A scope without the guard that the database does not have.
    pub(super) fn as_guarded_here(&self, scope: Scope) -> Scope {
        if self.shared.is_guarding.load(Ordering::Relaxed) {
            scope
        } else {
            scope.unguarded()
        }
    }

    pub(super) fn turns(&self) -> &Turns {
        &self.shared.turns
    }

    pub(super) fn backend(&self) -> &Backend {
        &self.shared.backend
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.shared.tally
    }

    /// On a connection of its own: what it does would hold up whoever shared one with it.
    pub(super) async fn forget(&self, table: &'static str) -> Result<bool, Error> {
        match &self.shared.location {
            DatabaseUrl::Postgres(url) => postgres::forget(url, &self.shared.options, table).await,
            DatabaseUrl::Sqlite(path) => {
                let path = path.clone();
                let emptied = tokio::task::spawn_blocking(move || sqlite::empty_log(&path)).await;
                emptied.map_err(Error::unavailable)?
            }
        }
    }

    /// The engine below.
    pub fn engine(&self) -> Engine {
        match &self.shared.backend {
            Backend::Postgres(_) => Engine::Postgres,
            Backend::Sqlite(..) => Engine::Sqlite,
        }
    }

    /// What has been asked of the database so far.
    pub fn counters(&self) -> Counters {
        self.shared.tally.read()
    }

    /// Finishes the writes that were begun and closes the connections.
    pub async fn close(&self) {
        match &self.shared.backend {
            Backend::Postgres(postgres) => postgres.close().await,
            Backend::Sqlite(readers, writer) => {
                // The writer last: whoever closes last folds the log into the file.
                readers.close();
                writer.close().await;
            }
        }
    }

    /// Opens a connection for migrations, beside those of requests.
    pub(crate) async fn migrator(&self) -> Result<Migrator, Error> {
        Migrator::open(&self.shared.location, &self.shared.options).await
    }

    /// How patient migrations are.
    pub(crate) fn migration_limits(&self) -> &MigrationLimits {
        &self.shared.options.migration
    }
}
