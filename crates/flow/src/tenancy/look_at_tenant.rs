//! Somebody of the operator looks at a tenant that is not theirs, which its audit tells (security S-34).

use base::TenantId;
use store::WriteTx;
use store::audit::{self, Entry};

use crate::audit::Event;
use crate::{App, Caller};

/// Writes down that whoever asks has looked at a tenant.
pub async fn look_at_tenant(app: &App, caller: &Caller, of: TenantId) -> Result<(), store::Error> {
    let there = caller.within(of);
    let entry = app.entry(&there, of, &Event::TenantLookedAt { tenant: of }, app.now());
    app.store(&there).write(entry, save).await
}

async fn save(tx: &mut WriteTx, entry: &Entry) -> Result<(), store::Error> {
    audit::append(tx, entry).await
}
