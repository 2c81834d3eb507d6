//! What a user sets for themselves: colours and name (features F-018).

use serde_json::json;
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
    let (tenant, now) = (signed_in.session.tenant, app.clock.now());
    let audit = app.audit_entry(caller, tenant, "user.set_theme", object, &detail, now);
    app.store
        .write((user, theme, audit), |tx, (user, theme, audit)| {
            Box::pin(async move {
                store::access::user::set_theme(tx, *user, *theme).await?;
                store::audit::append(tx, audit).await
            })
        })
        .await
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
    let (tenant, now) = (signed_in.session.tenant, app.clock.now());
    let object = user.to_string();
    let audit = app.audit_entry(
        caller,
        tenant,
        "user.set_display_name",
        object,
        &detail,
        now,
    );
    app.store
        .write((user, name, audit), |tx, (user, name, audit)| {
            Box::pin(async move {
                store::access::user::set_display_name(tx, *user, name).await?;
                store::audit::append(tx, audit).await
            })
        })
        .await
}
