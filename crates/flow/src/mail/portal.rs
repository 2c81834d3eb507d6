//! Where the portal is that links in mails lead to, when no request says so.

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

async fn load(tx: &mut ReadTx, (): &()) -> Result<Option<Setting>, store::Error> {
    setting::by_name(tx, PORTAL_URL).await
}
