//! Reads the brands again when one has changed, on this node or on another one.

use std::time::Duration;

use base::chain;
use store::ReadTx;
use store::catalog::version;
use store::tenancy::brand::{self, BrandHostRow, PlacedBrand};

use crate::App;
use crate::caller::system;
use crate::memory::brands::Brands;

/// How often a node asks whether a brand has changed.
const INTERVAL: Duration = Duration::from_millis(500);

/// Reads the brands again if one has changed.
pub async fn reload_brands(app: &App) -> Result<(), store::Error> {
    let known = app.memory.brands().version();
    let store = app.store(system("brands are shown before anybody is known"));
    if store.read((), version::of_brands).await? == known {
        return Ok(());
    }
    let (version, brands, hosts) = store.scan((), load).await?;
    let origin = &app.settings().portal_origin;
    app.memory
        .show_brands(Brands::new(version, brands, hosts, origin));
    Ok(())
}

/// The version is read first: what changes afterwards raises it again.
async fn load(
    tx: &mut ReadTx,
    (): &(),
) -> Result<(i64, Vec<PlacedBrand>, Vec<BrandHostRow>), store::Error> {
    let version = version::of_brands(tx, &()).await?;
    let brands = brand::all(tx, &()).await?;
    Ok((version, brands, brand::all_hosts(tx, &()).await?))
}

/// Does so again and again until this node shuts down. What cannot be read is told in the log; the node goes on with what
/// it has.
pub async fn reload_brands_until_stopped(app: App) {
    while app.work.goes_on_after(INTERVAL).await {
        if let Err(error) = reload_brands(&app).await {
            tracing::error!(error = chain(&error), "the changed brands cannot be read");
        }
    }
}

/// What was changed here counts here at once. It is stored by then, so that nobody is told of a failure: the next look
/// repeats it.
pub(super) async fn after_change(app: &App) {
    if let Err(error) = reload_brands(app).await {
        tracing::warn!(error = chain(&error), "a changed brand counts later");
    }
}
