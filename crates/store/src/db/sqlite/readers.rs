//! Read-only connections. A look-up by key runs where it is called, since it takes microseconds;
//! a scan runs on the runtime's blocking threads, few at a time.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base::Scope;
use tokio::sync::Semaphore;

use crate::db::connection::Connection;
use crate::db::counters::Tally;
use crate::db::{Error, ReadTx};

pub(in crate::db) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<ReadTx>>,
    keep: usize,
    scans: Semaphore,
    tally: Arc<Tally>,
}

impl Readers {
    /// At most `scans` scans run at once. Look-ups are bounded by the runtime's threads, so that
    /// many connections and no more are worth keeping.
    pub(in crate::db) fn open(path: &Path, scans: usize, tally: Arc<Tally>) -> Result<Self, Error> {
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let readers = Self {
            path: path.to_owned(),
            idle: Mutex::new(Vec::new()),
            keep: scans.max(1) + threads,
            scans: Semaphore::new(scans.max(1)),
            tally,
        };
        let first = readers.connect()?;
        readers.give_back(first);
        Ok(readers)
    }

    /// Runs a look-up on a connection of its own. A panic passes, and takes the connection along.
    pub(in crate::db) fn run<T, E: From<Error>>(
        &self,
        scope: Scope,
        look: impl FnOnce(&mut ReadTx) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut tx = self.connect()?;
        tx.enter(scope);
        let answer = look(&mut tx);
        tx.take_failure();
        self.give_back(tx);
        answer
    }

    /// Runs a scan on a thread where it may take its time.
    pub(in crate::db) async fn scan<T, E>(
        self: &Arc<Self>,
        scope: Scope,
        look: impl FnOnce(&mut ReadTx) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let _permit = self.scans.acquire().await.map_err(|_| Error::Closed)?;
        let readers = Arc::clone(self);
        let thread = tokio::task::spawn_blocking(move || readers.run(scope, look));
        match thread.await {
            Ok(answer) => answer,
            Err(error) if error.is_panic() => {
                Err(Error::panicked(error.into_panic().as_ref()).into())
            }
            Err(_) => Err(Error::Closed.into()),
        }
    }

    /// Lets go of the connections that wait for work.
    pub(in crate::db) fn close(&self) {
        self.scans.close();
        self.idle().clear();
    }

    fn connect(&self) -> Result<ReadTx, Error> {
        if let Some(tx) = self.idle().pop() {
            return Ok(tx);
        }
        let connection = Connection::Sqlite(super::open_reader(&self.path)?);
        Ok(ReadTx::new(connection, Arc::clone(&self.tally)))
    }

    fn give_back(&self, tx: ReadTx) {
        let mut idle = self.idle();
        if idle.len() < self.keep && !self.scans.is_closed() {
            idle.push(tx);
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<ReadTx>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
