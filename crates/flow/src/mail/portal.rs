//! Where the portal is that links in mails lead to, when no request says so.

use base::TenantPath;
use store::ReadTx;
use store::operations::setting::{self, Setting};

use crate::App;
use crate::caller::system;

/// The name under which the server that was started last says where its portal is.
pub(crate) const PORTAL_URL: &str = "portal_url";

/// Where people sign in at the server that was started last.
pub async fn served_portal_url(app: &App) -> Result<Option<String>, store::Error> {
    let store = app.store(system("where the portal is found is everybody's"));
    let told = store.read((), load).await?;
    Ok(told.map(|told| told.value))
}

/// The host name where people of a tenant reach the portal, as a URL, if a tenant above them has one.
pub fn origin_of(app: &App, path: &TenantPath) -> Option<String> {
    app.memory.brands().origin_of(path)
}

/// Where people of a tenant sign in: at the host name of its brand or the nearest one above, or else where everybody does.
pub async fn portal_of(app: &App, path: &TenantPath) -> Result<String, store::Error> {
    if let Some(origin) = origin_of(app, path) {
        return Ok(origin);
    }
    let served = served_portal_url(app).await?;
    Ok(served.unwrap_or_else(|| app.settings().portal_origin.clone()))
}

async fn load(tx: &mut ReadTx, (): &()) -> Result<Option<Setting>, store::Error> {
    setting::by_name(tx, PORTAL_URL).await
}
