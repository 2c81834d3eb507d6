//! Connections that all look-ups share: questions that come close together travel together, and the
//! server wakes once for all of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use deadpool_postgres::{Object, Pool};

use super::connect;
use crate::db::Error;

/// More would spread the questions thinner; fewer would let one wait for the answer to another.
pub(super) const CONNECTIONS: usize = 2;

pub(super) struct Lookups {
    pool: Pool,
    kept: [Mutex<Option<Arc<Object>>>; CONNECTIONS],
    next: AtomicUsize,
}

impl Lookups {
    pub(super) fn new(pool: Pool) -> Self {
        Self {
            pool,
            kept: Default::default(),
            next: AtomicUsize::new(0),
        }
    }

    /// One of the connections, in turn; a lost one is replaced.
    pub(super) async fn connect(&self) -> Result<Arc<Object>, Error> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % CONNECTIONS;
        // A lost one gives its place in the pool to the next.
        self.kept(turn).take_if(|client| client.is_closed());
        let kept = self.kept(turn).clone();
        if let Some(client) = kept {
            return Ok(client);
        }
        let client = Arc::new(connect(&self.pool).await?);
        *self.kept(turn) = Some(Arc::clone(&client));
        Ok(client)
    }

    /// Closes the connections.
    pub(super) fn close(&self) {
        self.pool.close();
        for kept in &self.kept {
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "the turn is less than the number of connections"
    )]
    fn kept(&self, turn: usize) -> MutexGuard<'_, Option<Arc<Object>>> {
        self.kept[turn]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
