use std::time::Duration;

use crate::App;
use crate::jobs::{Lease, reschedule};

/// How many rows one transaction deletes: short enough that no request waits for it.
const BATCH: i64 = 500;
/// How long expired orders stay for the people who wonder what became of them.
const KEEP_EXPIRED: Duration = Duration::from_secs(30 * 24 * 3600);
/// A node that was not seen for so long is gone.
const KEEP_NODES: Duration = Duration::from_secs(24 * 3600);
/// How often to prune.
const INTERVAL: Duration = Duration::from_secs(3600);

/// Deletes expired orders, authorizations, sessions and sign-in locks, a batch at a time, and nodes that died.
pub async fn prune(app: &App, lease: &Lease) -> Result<(), store::Error> {
    let now = app.clock.now();
    loop {
        let deleted = app
            .store
            .write((now, now.minus(KEEP_EXPIRED)), |tx, (now, expired)| {
                Box::pin(async move {
                    let orders =
                        store::issuance::order::delete_expired(tx, *expired, BATCH).await?;
                    let authorizations =
                        store::issuance::authorization::delete_expired(tx, *expired, BATCH).await?;
                    let sessions = store::access::session::delete_ended(tx, *now, BATCH).await?;
                    let locks = store::access::sign_in_lock::delete_ended(tx, *now, BATCH).await?;
                    Ok::<_, store::Error>(orders.max(authorizations).max(sessions).max(locks))
                })
            })
            .await?;
        if i64::try_from(deleted).unwrap_or(BATCH) < BATCH {
            break;
        }
    }
    app.store
        .write(now.minus(KEEP_NODES), |tx, before| {
            Box::pin(store::operations::node::delete_unseen(tx, before))
        })
        .await?;
    reschedule(app, lease, now, now.plus(INTERVAL)).await
}
