//! A mail to whom a domain belongs to.

use axum::extract::State;
use flow::tenancy::domain::OwnDomainDetail;
use flow::tenancy::domain::ask_by_mail::{AskByMailError, ask_by_mail};
use serde::Deserialize;
use tenancy::domain::Addressee;

use super::form::DelegationForm;
use super::show::view;
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::ManageDomains;
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, done, not_done, refused_form};
use crate::portal::page::links;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct MailForm {
    to: String,
}

/// `POST /delegated-domains/{id}/mail`.
pub(super) async fn send(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ManageDomains, OwnDomainDetail>,
    Form(typed): Form<MailForm>,
) -> Answer {
    let refused = async |problem: &str| {
        let (nothing, problems) = (DelegationForm::default(), Problems::one("to", problem));
        refused_form(&view(&portal, &who, &found, (&nothing, problems)).await?)
    };
    let Some(to) = Addressee::parse(&typed.to) else {
        return refused("Choose an address of the list.").await;
    };
    let href = links::delegated_domain(found.domain.id);
    let of = (found.domain.id, to);
    match ask_by_mail(&portal.app, &who.caller, &portal.origin, of).await {
        Ok(domain) => {
            let to = domain.mailed.map(|link| link.to.replace(' ', ", "));
            let to = to.unwrap_or_default();
            Ok(done(
                &href,
                &format!("A mail was sent to {to}. Control is proven once its link is confirmed."),
            ))
        }
        Err(error @ AskByMailError::NoContact { .. }) => refused(&sentence(&error)).await,
        Err(
            error @ (AskByMailError::Contacts(_)
            | AskByMailError::Limited(_)
            | AskByMailError::Mail(_)
            | AskByMailError::NotTaken),
        ) => Ok(not_done(&href, &sentence(&error))),
        Err(
            error
            @ (AskByMailError::NotFound | AskByMailError::Store(_) | AskByMailError::Whole(_)),
        ) => Err(error.into()),
    }
}
