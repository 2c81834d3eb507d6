//! Acting as a tenant, or looking after one below, ends by a button, which stands on every page meanwhile.

use axum::extract::State;
use flow::access::session::act_as::{StopActingError, Stopped, stop_acting};
use tenancy::session::set_cookie;

use crate::portal::gate::csrf::{Form, Nothing};
use crate::portal::gate::permitted::{Leaving, Permitted};
use crate::portal::page::frame::{Answer, add_cookie, done};
use crate::portal::page::refused::Refusal;
use crate::portal::state::Portal;

/// `POST /acting/stop`.
pub(super) async fn stop(
    State(portal): State<Portal>,
    who: Permitted<Leaving>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let signed_in = &who.signed_in;
    let name = signed_in.tenant.name.as_str();
    match stop_acting(&portal.app, &who.caller, signed_in, Stopped::Button).await {
        Ok(stopped) => {
            let message = match signed_in.session.acting {
                Some(_) => format!("You no longer act as {name}."),
                None => format!("You are back from {name}."),
            };
            let mut answer = done("/", &message);
            add_cookie(&mut answer, &set_cookie(&stopped.token));
            Ok(answer)
        }
        Err(StopActingError::Ended) => Err(Refusal::SignIn {
            next: "/".to_owned(),
            has_ended: true,
        }),
        Err(error @ StopActingError::Store(_)) => Err(error.into()),
    }
}
