//! One account: what an address leads to.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use base::SubscriptionId;
use flow::enrollment::list_subscriptions::{self, Summary};

use crate::portal::gate::permitted::{Permitted, ViewAccounts};
use crate::portal::page::links;
use crate::portal::page::refused::Refusal;
use crate::portal::state::Portal;

/// `GET /accounts/{id}`, and `GET` of what only takes a form.
pub(super) async fn redirect(
    State(portal): State<Portal>,
    who: Permitted<ViewAccounts>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let found = find(&portal, &who, &id).await?;
    let href = links::account(found.subscription.id);
    Ok(Redirect::to(&format!("{href}/credentials")).into_response())
}

/// The tenant's account behind an address.
pub(super) async fn find<P>(
    portal: &Portal,
    who: &Permitted<P>,
    id: &str,
) -> Result<Summary, Refusal> {
    let id = SubscriptionId::from_suffix(id).map_err(|_| Refusal::NotFound)?;
    let found = list_subscriptions::find(&portal.app, &who.caller, id).await?;
    found.ok_or(Refusal::NotFound)
}
