//! One account: what an address leads to.

use axum::response::{IntoResponse, Redirect, Response};
use base::SubscriptionId;
use flow::Caller;
use flow::enrollment::list_subscriptions::{self, Summary};

use crate::portal::gate::allowed::{Allowed, Object};
use crate::portal::gate::permitted::ViewAccounts;
use crate::portal::page::links;
use crate::portal::page::refused::Refusal;
use crate::portal::state::Portal;

/// `GET /accounts/{id}`, and `GET` of what only takes a form.
pub(super) async fn redirect(
    Allowed { object, .. }: Allowed<ViewAccounts, Summary>,
) -> Result<Response, Refusal> {
    let href = links::account(object.subscription.id);
    Ok(Redirect::to(&format!("{href}/credentials")).into_response())
}

impl Object for Summary {
    async fn load(portal: &Portal, caller: &Caller, id: &str) -> Result<Option<Self>, Refusal> {
        let Ok(id) = SubscriptionId::from_suffix(id) else {
            return Ok(None);
        };
        Ok(list_subscriptions::find(&portal.app, caller, id).await?)
    }
}
