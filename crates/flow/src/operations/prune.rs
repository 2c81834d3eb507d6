//! The end of what nobody needs any more: orders and authorizations that ended long ago, guests of test directories, sessions, sign-in locks, and
//! nodes that died. Certificates, revocations and the evidence of proofs stay.
//!
//! Everybody else waits while a piece is deleted, so that each is of one table and small.

use std::time::Duration;

use base::{AccountId, AuthorizationId, OrderId, Timestamp};
use store::access::{session, sign_in_lock};
use store::catalog::server_certificate;
use store::issuance::{account, authorization, order};
use store::old::Old;
use store::operations::node;
use store::{Error, Progress, WriteTx};

use crate::App;
use crate::caller::system;
use crate::jobs::{Lease, reschedule};

/// How many rows one transaction deletes. Those of an order lie on several pages of their own, which SQLite's commit has
/// to write: twice as many take longer than anybody should wait.
const PIECE: i64 = 25;
/// How long orders and authorizations stay after their end, for the people who wonder what became of them.
const KEEP_ENDED: Duration = Duration::from_secs(90 * 24 * 3600);
/// A node that was not seen for so long is gone.
const KEEP_NODES: Duration = Duration::from_secs(24 * 3600);
/// How often to prune.
const INTERVAL: Duration = Duration::from_secs(3600);

/// Deletes what has ended, a piece at a time.
pub async fn prune(app: &App, lease: &Lease) -> Result<(), Error> {
    let now = app.now();
    let store = app.store(system("what has expired goes, whoever had it"));
    let limits = Limits::of(app, now);
    store.write_bulk(limits.orders(), order::delete_old).await?;
    store
        .write_bulk(limits.orders(), order::delete_old_names)
        .await?;
    store.write_bulk(now, delete_pending).await?;
    store
        .write_bulk(limits.authorizations(), authorization::delete_old)
        .await?;
    store.write_bulk(now, delete_guests).await?;
    store.write_bulk(now, delete_sessions).await?;
    store.write_bulk(now, delete_sign_in_locks).await?;
    store.write_bulk(now, delete_server_certificates).await?;
    store
        .write(now.minus(KEEP_NODES), node::delete_unseen)
        .await?;
    reschedule(app, lease, now, now.plus(INTERVAL)).await
}

/// Before which moment what goes ended and was made. An order has ended when its lifetime is over, and what it proved
/// can be used for a while longer: whatever was made earlier has ended long enough ago, but for what was made under
/// other settings, which is why each row is asked too.
struct Limits {
    ended: Timestamp,
    ordered: Timestamp,
    authorized: Timestamp,
}

impl Limits {
    fn of(app: &App, now: Timestamp) -> Self {
        let ended = now.minus(KEEP_ENDED);
        let ordered = ended.minus(app.settings().order_lifetime);
        Self {
            ended,
            ordered,
            authorized: ordered.minus(app.settings().authorization_lifetime),
        }
    }

    fn orders(&self) -> Old<OrderId> {
        Old {
            after: OrderId::FIRST,
            until: OrderId::first_at(self.ordered),
            ended_before: self.ended,
            rows: PIECE,
        }
    }

    fn authorizations(&self) -> Old<AuthorizationId> {
        Old {
            after: AuthorizationId::FIRST,
            until: AuthorizationId::first_at(self.authorized),
            ended_before: self.ended,
            rows: PIECE,
        }
    }
}

async fn delete_pending(tx: &mut WriteTx, now: &Timestamp) -> Result<Progress<Timestamp>, Error> {
    let deleted = order::delete_expired_pending(tx, &(*now, PIECE)).await?;
    Ok(after(deleted, *now))
}

/// Those whose orders are gone, so that they have not ordered for as long as orders are kept.
async fn delete_guests(tx: &mut WriteTx, now: &Timestamp) -> Result<Progress<Timestamp>, Error> {
    let until = AccountId::first_at(now.minus(KEEP_ENDED));
    let deleted = account::delete_guests(tx, &(until, PIECE)).await?;
    Ok(after(deleted, *now))
}

async fn delete_sessions(tx: &mut WriteTx, now: &Timestamp) -> Result<Progress<Timestamp>, Error> {
    let deleted = session::delete_ended(tx, &(*now, PIECE)).await?;
    Ok(after(deleted, *now))
}

async fn delete_sign_in_locks(
    tx: &mut WriteTx,
    now: &Timestamp,
) -> Result<Progress<Timestamp>, Error> {
    let deleted = sign_in_lock::delete_ended(tx, &(*now, PIECE)).await?;
    Ok(after(deleted, *now))
}

async fn delete_server_certificates(
    tx: &mut WriteTx,
    now: &Timestamp,
) -> Result<Progress<Timestamp>, Error> {
    let deleted = server_certificate::delete_ended(tx, &(*now, PIECE)).await?;
    Ok(after(deleted, *now))
}

/// What follows a piece: another one if it was full.
fn after(deleted: u64, now: Timestamp) -> Progress<Timestamp> {
    if i64::try_from(deleted).is_ok_and(|deleted| deleted < PIECE) {
        Progress::Done
    } else {
        Progress::More(now)
    }
}
