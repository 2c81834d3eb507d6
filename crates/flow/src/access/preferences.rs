//! What a user sets for themselves: colours and name (features F-018), and whether they see the list of first steps (F-010).

use base::{Timestamp, UserId};
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

/// Whether a signed-in user does not want to see the list of first steps.
pub async fn first_steps_hidden(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
) -> Result<bool, store::Error> {
    let store = app.store(caller);
    let since = store.read(signed_in.user.id, user::first_steps_hidden_at);
    Ok(since.await?.is_some())
}

/// Hides the list of first steps from a signed-in user, or shows it again.
pub async fn hide_first_steps(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    is_hidden: bool,
) -> Result<(), store::Error> {
    let (user, now) = (signed_in.user.id, app.now());
    let event = Event::FirstStepsHidden { user, is_hidden };
    let entry = app.entry(caller, signed_in.session.tenant, &event, now);
    let hidden = (user, is_hidden.then_some(now));
    let store = app.store(caller);
    store.write((hidden, entry), save_hidden).await
}

async fn save_hidden(
    tx: &mut WriteTx,
    (hidden, entry): &((UserId, Option<Timestamp>), Entry),
) -> Result<(), store::Error> {
    user::hide_first_steps(tx, hidden).await?;
    audit::append(tx, entry).await
}
