//! Calls a passkey something else (security S-16).

use base::UserId;
use store::WriteTx;
use store::access::passkey;
use store::audit::{self, Entry};
use tenancy::passkey::{CredentialId, Passkey, PasskeyName};

use crate::audit::{Event, Text};
use crate::{App, Caller};

/// Renames a passkey of its owner; `false` when it is gone.
pub async fn rename_passkey(
    app: &App,
    caller: &Caller,
    passkey: &Passkey,
    name: PasskeyName,
) -> Result<bool, store::Error> {
    let event = Event::PasskeyRenamed {
        user: passkey.user,
        from: Text::new(passkey.name.as_str()),
        to: Text::new(name.as_str()),
    };
    let entry = app.entry(caller, passkey.tenant, &event, app.now());
    let renamed = (passkey.user, passkey.id.clone(), name);
    app.store(caller).write((renamed, entry), save).await
}

async fn save(
    tx: &mut WriteTx,
    (renamed, entry): &((UserId, CredentialId, PasskeyName), Entry),
) -> Result<bool, store::Error> {
    if !passkey::rename(tx, renamed).await? {
        return Ok(false);
    }
    audit::append(tx, entry).await?;
    Ok(true)
}
