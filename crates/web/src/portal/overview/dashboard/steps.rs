//! Whether a person wants to see the list of first steps. What is left to do stays left to do.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use flow::access::preferences::hide_first_steps;

use crate::portal::gate::csrf::{Form, Nothing};
use crate::portal::gate::permitted::{Own, Permitted};
use crate::portal::page::frame::Answer;
use crate::portal::state::Portal;

/// `POST /first-steps/hide`.
pub(super) async fn hide(
    State(portal): State<Portal>,
    who: Permitted<Own>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    hide_first_steps(&portal.app, &who.caller, &who.signed_in, true).await?;
    Ok(Redirect::to("/").into_response())
}

/// `POST /first-steps/show`.
pub(super) async fn show(
    State(portal): State<Portal>,
    who: Permitted<Own>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    hide_first_steps(&portal.app, &who.caller, &who.signed_in, false).await?;
    Ok(Redirect::to("/").into_response())
}
