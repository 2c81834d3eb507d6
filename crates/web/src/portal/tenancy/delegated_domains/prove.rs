//! Proving control of a domain: new values are asked for, and looked for.

use axum::extract::State;
use flow::tenancy::domain::OwnDomainDetail;
use flow::tenancy::domain::prove_domain::{ProveDomainError, ask_for_proof, prove_domain};
use serde::Deserialize;
use tenancy::domain::ProofMethod;

use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::{Form, Nothing};
use crate::portal::gate::permitted::ManageDomains;
use crate::portal::page::frame::{Answer, done, not_done};
use crate::portal::page::links;
use crate::portal::page::refused::Refusal;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct MethodForm {
    method: String,
}

/// `POST /delegated-domains/{id}/ask`.
pub(super) async fn ask(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ManageDomains, OwnDomainDetail>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let id = found.domain.id;
    ask_for_proof(&portal.app, &who.caller, id).await?;
    Ok(done(
        &links::delegated_domain(id),
        "These values prove control of the domain from now on; older ones count no more.",
    ))
}

/// `POST /delegated-domains/{id}/check`: waits as long as a probe takes.
pub(super) async fn check(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ManageDomains, OwnDomainDetail>,
    Form(typed): Form<MethodForm>,
) -> Answer {
    let method = ProofMethod::parse(&typed.method).ok_or(Refusal::NotFound)?;
    let href = links::delegated_domain(found.domain.id);
    match prove_domain(&portal.app, &who.caller, found.domain.id, method).await {
        Ok(domain) if domain.missed.is_some() => Ok(not_done(
            &href,
            "Control of the domain was not proven. Below is what was seen, and what to do.",
        )),
        Ok(_) => Ok(done(&href, "Control of the domain is proven.")),
        Err(
            error @ (ProveDomainError::ByMail
            | ProveDomainError::Challenge(_)
            | ProveDomainError::Limited(_)),
        ) => Ok(not_done(&href, &sentence(&error))),
        Err(
            error @ (ProveDomainError::NotFound
            | ProveDomainError::Store(_)
            | ProveDomainError::Whole(_)),
        ) => Err(error.into()),
    }
}
