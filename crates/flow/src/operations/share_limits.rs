//! Tells the other nodes what this one has counted, and hears what they have: once a second, beside all requests.

use std::time::Duration;

use base::Timestamp;
use store::ReadTx;
use store::operations::rate_limit::{self, Counted, Used};
use store::tenancy::limit_override;
use tenancy::limit::LimitOverride;

use crate::App;
use crate::caller::system;
use crate::memory::limits::BucketKey;

/// How often nodes tell each other.
const INTERVAL: Duration = Duration::from_secs(1);
/// Clocks of nodes differ; what was told in this time is heard again, which changes nothing.
const OVERLAP: Duration = Duration::from_secs(5);
/// How many counts are told, and heard, at a time.
const MOST: usize = 500;
const MOST_HEARD: i64 = 20_000;

/// Does so until this node shuts down. What the database does not take stays in memory, where it counts all the same.
pub async fn share_until_ended(app: App) {
    let mut heard_at = Timestamp::from_micros(0);
    loop {
        let now = app.now();
        match share(&app, heard_at, now).await {
            Ok(()) => heard_at = now.minus(OVERLAP),
            Err(error) => tracing::warn!(error = %error, "limits could not be shared"),
        }
        if !app.work.goes_on_after(INTERVAL).await {
            return;
        }
    }
}

/// Tells, then hears, what was changed since a moment.
pub async fn share(app: &App, since: Timestamp, now: Timestamp) -> Result<(), store::Error> {
    let limits = &app.memory.limits;
    if !limits.are_on() {
        return Ok(());
    }
    let store = app.store(system("limits hold for everybody"));
    let counted: Vec<_> = limits
        .untold(MOST)
        .into_iter()
        .map(|shared| Counted {
            bucket: shared.key.as_bytes().to_vec(),
            moved: shared.moved,
        })
        .collect();
    if !counted.is_empty() {
        store.write((counted, now), rate_limit::add).await?;
    }
    let (used, overrides) = store.read((since, now), load).await?;
    for used in used {
        if let Some(key) = BucketKey::from_bytes(&used.bucket) {
            limits.told(key, used.arrival_at);
        }
    }
    limits.take_overrides(overrides);
    limits.sweep(now);
    Ok(())
}

async fn load(
    tx: &mut ReadTx,
    (since, now): &(Timestamp, Timestamp),
) -> Result<(Vec<Used>, Vec<LimitOverride>), store::Error> {
    let used = rate_limit::changed(tx, &(*since, MOST_HEARD)).await?;
    Ok((used, limit_override::live(tx, now).await?))
}
