//! Takes the provider of a tenant away. Everybody signs in as they did before: no password goes with it.

use store::WriteTx;
use store::access::identity_provider;
use store::audit::{self, Entry};

use crate::audit::Event;
use crate::{App, Caller};

/// Takes it away; `false` when there is none.
pub async fn remove_provider(app: &App, caller: &Caller) -> Result<bool, store::Error> {
    let tenant = caller.tenant()?;
    let event = Event::ProviderRemoved { tenant };
    let entry = app.entry(caller, tenant, &event, app.now());
    app.store(caller).write(entry, save).await
}

async fn save(tx: &mut WriteTx, entry: &Entry) -> Result<bool, store::Error> {
    let is_gone = identity_provider::delete(tx, &()).await?;
    if is_gone {
        audit::append(tx, entry).await?;
    }
    Ok(is_gone)
}
