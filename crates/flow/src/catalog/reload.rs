//! Reads the catalogue again when it has changed, on this node or on another one.

use std::time::Duration;

use base::chain;
use store::catalog::version;

use crate::App;
use crate::caller::system;
use crate::memory::catalog::{self, CatalogError};

/// How often a node asks whether the catalogue has changed.
const INTERVAL: Duration = Duration::from_millis(500);

/// Reads the catalogue again if it has changed; answers whether it had.
pub async fn reload(app: &App) -> Result<bool, CatalogError> {
    let known = app.catalog();
    let store = app.store(system("the catalogue"));
    if store.read((), version::of_catalog).await? == known.version() {
        return Ok(false);
    }
    let newer = catalog::load(&app.outside, Some(&known)).await?;
    app.memory.show(newer);
    Ok(true)
}

/// Does so again and again until this node shuts down, and tells of each change. What cannot be read is told in the log;
/// the node goes on with the picture that it has.
pub async fn reload_until_stopped(app: App, tell: impl Fn(&App)) {
    while app.work.goes_on_after(INTERVAL).await {
        match reload(&app).await {
            Ok(true) => {
                tracing::info!(
                    version = app.catalog().version(),
                    "the catalogue has changed"
                );
                tell(&app);
            }
            Ok(false) => {}
            Err(error) => {
                tracing::error!(
                    error = chain(&error),
                    "the changed catalogue cannot be used"
                );
            }
        }
    }
}
