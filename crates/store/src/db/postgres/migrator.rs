//! PostgreSQL's connection for migrations. Its session holds the lock that keeps other nodes from
//! migrating, so that whoever loses the connection loses both.

use std::sync::Arc;

use deadpool_postgres::Object;

use super::settings::Purpose;
use super::{connect, pool};
use crate::db::connection::{Connection, Session};
use crate::db::counters::Tally;
use crate::db::options::Options;
use crate::db::{Error, ReadTx, WriteTx};
use crate::sql;

pub(crate) struct Migrator {
    /// The last transaction.
    tx: WriteTx,
    client: Arc<Object>,
    tally: Arc<Tally>,
}

impl Migrator {
    pub(in crate::db) async fn open(url: &str, options: &Options) -> Result<Self, Error> {
        // The pool goes at once, so that the connection returns to nobody.
        let client = connect(&pool(url, options, Purpose::Migration, 1)?).await?;
        let client = Arc::new(client);
        let tally = Arc::new(Tally::default());
        Ok(Self {
            tx: transaction(&client, &tally),
            client,
            tally,
        })
    }

    /// Asks for the lock and does not wait for it: a statement that waits holds a snapshot, and whoever
    /// has the lock and builds an index concurrently would wait for that.
    pub(in crate::db) async fn lock(&mut self) -> Result<bool, Error> {
        let lock = sql!(
            postgres: "SELECT pg_try_advisory_lock(hashtext('chancery ' || \
             COALESCE(current_schema(), ''))) AS is_ours"
        );
        let session = Session::outside(Arc::clone(&self.client));
        let connection = Connection::Postgres(Box::new(session));
        let mut tx = ReadTx::new(connection, Arc::clone(&self.tally));
        let row = tx.row(lock, &[]).await?;
        row.map_or(Ok(false), |row| row.bool("is_ours"))
    }

    pub(in crate::db) fn begin(&mut self) -> &mut WriteTx {
        self.tx = transaction(&self.client, &self.tally);
        &mut self.tx
    }

    pub(in crate::db) async fn commit(&mut self) -> Result<(), Error> {
        match self.tx.connection() {
            Connection::Postgres(session) => session.commit().await.map(|_| ()),
            Connection::Sqlite(_) => Err(Error::Closed),
        }
    }

    /// Says whether somebody was in the way.
    pub(in crate::db) async fn roll_back(&mut self) -> bool {
        let Connection::Postgres(session) = self.tx.connection() else {
            return false;
        };
        session.roll_back().await;
        session.was_blocked() || session.lost_a_race()
    }

    /// Such a statement holds nobody up while it waits, so that it may wait for as long as it takes.
    pub(in crate::db) async fn outside(&mut self, statement: &str) -> Result<(), Error> {
        let mut session = Session::outside(Arc::clone(&self.client));
        session.batch("SET lock_timeout = 0").await?;
        session.batch(statement).await?;
        session.batch("RESET lock_timeout").await
    }

    /// Gives the lock back now, not when the server notices that the connection is gone.
    pub(in crate::db) async fn close(self) {
        let mut session = Session::outside(Arc::clone(&self.client));
        // If it fails the connection is gone, and the lock with it.
        let _ = session.batch("SELECT pg_advisory_unlock_all()").await;
    }
}

fn transaction(client: &Arc<Object>, tally: &Arc<Tally>) -> WriteTx {
    let session = Session::migrating(Arc::clone(client));
    let connection = Connection::Postgres(Box::new(session));
    WriteTx::new(ReadTx::new(connection, Arc::clone(tally)))
}
