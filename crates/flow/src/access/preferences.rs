//! What a user sets for themselves: colours and name (features F-018).

use base::UserId;
use store::WriteTx;
use store::access::user;
use store::audit::{self, Entry};
use tenancy::user::{DisplayName, Theme};

use super::SignedIn;
use crate::audit::{Document, Event, Text};
use crate::{App, Caller};

/// Stores the colours that a signed-in user chose.
pub async fn set_theme(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    theme: Theme,
) -> Result<(), store::Error> {
    let user = signed_in.user.id;
    let event = Event::ThemeSet {
        user,
        theme: Document::new(&theme),
    };
    let entry = app.entry(caller, signed_in.session.tenant, &event, app.now());
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
    let event = Event::DisplayNameSet {
        user,
        from: Text::new(signed_in.user.display_name.as_str()),
        to: Text::new(name.as_str()),
    };
    let entry = app.entry(caller, signed_in.session.tenant, &event, app.now());
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
