//! What somebody of the operator looks at while they act as a tenant, which its audit tells (security S-34).

use store::WriteTx;
use store::audit::{self, Entry};

use crate::access::SignedIn;
use crate::audit::{Event, Text};
use crate::{App, Caller};

/// Writes down that whoever acts as a tenant asked for a page of it, each once while they act. A page is named by its path,
/// without what was searched for. Of anybody else nothing is written.
pub async fn look_while_acting(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    page: &str,
) -> Result<(), store::Error> {
    let session = &signed_in.session;
    let Some(acting) = &session.acting else {
        return Ok(());
    };
    let looks = &app.memory.looks;
    if looks.has(session.digest, page) {
        return Ok(());
    }
    let event = Event::PageLookedAt {
        tenant: acting.tenant,
        page: Text::new(page),
    };
    let entry = app.entry(caller, acting.tenant, &event, app.now());
    app.store(caller).write(entry, save).await?;
    looks.keep(session.digest, page);
    Ok(())
}

async fn save(tx: &mut WriteTx, entry: &Entry) -> Result<(), store::Error> {
    audit::append(tx, entry).await
}
