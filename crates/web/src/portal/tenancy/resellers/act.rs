//! Acting as a reseller begins.

use axum::extract::State;
use flow::access::session::act_as::{ActAsError, act_as};
use serde::Deserialize;
use tenancy::session::acting::ActingReason;
use tenancy::session::set_cookie;

use super::{ResellerNamed, show};
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::ActAs;
use crate::portal::gate::recent::prove_and_go_on;
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, add_cookie, done, refused_form};
use crate::portal::page::refused::Refusal;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ActForm {
    reason: String,
    password: String,
}

/// `POST /resellers/{id}/act`.
pub(super) async fn begin(
    State(portal): State<Portal>,
    Allowed { mut who, object }: Allowed<ActAs, ResellerNamed>,
    Form(typed): Form<ActForm>,
) -> Answer {
    let found = &object.0;
    let reason = match ActingReason::parse(&typed.reason) {
        Ok(reason) => reason,
        Err(error) => {
            let wrong = Problems::one("reason", &sentence(&error));
            let view = show::view(&portal, &who, found, (&typed.reason, wrong)).await?;
            return refused_form(&view);
        }
    };
    if let Err(wrong) = prove_and_go_on(&portal, &mut who, typed.password).await? {
        let view = show::view(&portal, &who, found, (&typed.reason, wrong)).await?;
        return refused_form(&view);
    }
    let begun = act_as(
        &portal.app,
        &who.caller,
        &who.signed_in,
        (found.tenant.id, reason),
    );
    match begun.await {
        Ok(signed_in) => {
            let name = found.tenant.name.as_str();
            let mut answer = done("/", &format!("You act as {name} now."));
            add_cookie(&mut answer, &set_cookie(&signed_in.token));
            Ok(answer)
        }
        Err(ActAsError::Ended) => Err(Refusal::SignIn {
            next: "/".to_owned(),
            has_ended: true,
        }),
        Err(error) => Err(error.into()),
    }
}
