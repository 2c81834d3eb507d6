//! What a user sets for themselves: colours and name (features F-018).

use base::UserId;
use serde_json::json;
use store::WriteTx;
use store::access::user;
use store::audit::{self, Entry};
use tenancy::user::{DisplayName, Theme};

use super::SignedIn;
use crate::{App, Caller};

/// Stores the colours that a signed-in user chose.
pub async fn set_theme(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    theme: Theme,
) -> Result<(), store::Error> {
    let user = signed_in.user.id;
    let (detail, object) = (json!({ "theme": theme }), user.to_string());
    let (tenant, now) = (signed_in.session.tenant, app.now());
    let entry = app.audit_entry(caller, tenant, "user.set_theme", object, &detail, now);
    let store = app.store(caller);
    store.write(((user, theme), entry), save_theme).await
}

async fn save_theme(
    tx: &mut WriteTx,
    (theme, entry): &((UserId, Theme), Entry),
) -> Result<(), store::Error> {
    user::set_theme(tx, theme).await?;
    audit::append(tx, entry).await
}

/// Stores what the portal calls a signed-in user.
pub async fn set_display_name(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    name: DisplayName,
) -> Result<(), store::Error> {
    let user = signed_in.user.id;
    let detail = json!({ "from": signed_in.user.display_name, "to": name });
    let (tenant, now) = (signed_in.session.tenant, app.now());
    let object = user.to_string();
    let entry = app.audit_entry(
        caller,
        tenant,
        "user.set_display_name",
        object,
        &detail,
        now,
    );
    let store = app.store(caller);
    store.write(((user, name), entry), save_name).await
}

async fn save_name(
    tx: &mut WriteTx,
    (name, entry): &((UserId, DisplayName), Entry),
) -> Result<(), store::Error> {
    user::set_display_name(tx, name).await?;
    audit::append(tx, entry).await
}
