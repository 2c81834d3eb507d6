//! The end of what has expired.

use std::time::Duration;

use base::Timestamp;
use store::access::{session, sign_in_lock};
use store::issuance::{authorization, order};
use store::operations::node;
use store::{Progress, WriteTx};

use crate::App;
use crate::caller::system;
use crate::jobs::{Lease, reschedule};

/// How many rows of a table one transaction deletes: short enough that no request waits for it.
const BATCH: i64 = 250;
/// How long expired orders stay for the people who wonder what became of them.
const KEEP_EXPIRED: Duration = Duration::from_secs(30 * 24 * 3600);
/// A node that was not seen for so long is gone.
const KEEP_NODES: Duration = Duration::from_secs(24 * 3600);
/// How often to prune.
const INTERVAL: Duration = Duration::from_secs(3600);

/// Deletes expired orders, authorizations, sessions and sign-in locks, a batch at a time, and nodes that died.
pub async fn prune(app: &App, lease: &Lease) -> Result<(), store::Error> {
    let now = app.clock.now();
    let store = app.store(system("what has expired goes, whoever had it"));
    store.write_bulk(now, delete_batch).await?;
    store
        .write(now.minus(KEEP_NODES), node::delete_unseen)
        .await?;
    reschedule(app, lease, now, now.plus(INTERVAL)).await
}

async fn delete_batch(
    tx: &mut WriteTx,
    now: &Timestamp,
) -> Result<Progress<Timestamp>, store::Error> {
    let expired = now.minus(KEEP_EXPIRED);
    let deleted = [
        order::delete_expired(tx, expired, BATCH).await?,
        authorization::delete_expired(tx, expired, BATCH).await?,
        session::delete_ended(tx, &(*now, BATCH)).await?,
        sign_in_lock::delete_ended(tx, &(*now, BATCH)).await?,
    ];
    let is_full = |deleted: u64| i64::try_from(deleted).is_ok_and(|deleted| deleted >= BATCH);
    Ok(if deleted.into_iter().any(is_full) {
        Progress::More(*now)
    } else {
        Progress::Done
    })
}
