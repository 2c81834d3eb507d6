//! Removing a domain.

use axum::extract::State;
use flow::tenancy::domain::OwnDomainDetail;
use flow::tenancy::domain::release_domain::release_domain;

use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::{Form, Nothing};
use crate::portal::gate::permitted::ManageDomains;
use crate::portal::page::confirm::{ConfirmPage, Extras};
use crate::portal::page::frame::{Answer, done, page};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::shell::Shell;
use crate::portal::state::Portal;

/// `GET /delegated-domains/{id}/remove`.
pub(super) async fn form(
    Allowed { who, object: found }: Allowed<ManageDomains, OwnDomainDetail>,
) -> Answer {
    who.must_have_whole()?;
    let name = found.domain.name.to_string();
    let shell = who.shell(Nav::Organizations, &format!("Remove {name}"));
    let of = found
        .delegations
        .iter()
        .map(|named| match &named.department {
            Some(department) => format!("{}, {department}", named.organization),
            None => named.organization.clone(),
        });
    let href = links::delegated_domain(found.domain.id);
    page(&release_page(shell, &name, &href, of.collect()))
}

/// `POST /delegated-domains/{id}/remove`.
pub(super) async fn release(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ManageDomains, OwnDomainDetail>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let released = release_domain(&portal.app, &who.caller, found.domain.id).await?;
    Ok(done(
        links::DELEGATED_DOMAINS,
        &format!("{} was removed.", released.name),
    ))
}

/// The page of `GET /delegated-domains/{id}/remove`; `delegated` are those who may not use it any more.
pub fn release_page(shell: Shell, name: &str, href: &str, delegated: Vec<String>) -> ConfirmPage {
    ConfirmPage {
        back: (name.to_owned(), href.to_owned()),
        lead: format!("{name} will be removed with its delegations."),
        consequences: vec![
            "Nothing can be issued for names in it by accounts whose names come from delegated domains; orders that run are \
             refused when they are to be finalized."
                .to_owned(),
            "Certificates that were issued stay valid until they end.".to_owned(),
            "It can be added again, and has to be proven again then.".to_owned(),
        ],
        names: delegated,
        names_title: "Who may not use it any more".to_owned(),
        action_href: format!("{href}/remove"),
        action: "Remove domain".to_owned(),
        is_dangerous: true,
        shell,
        typed: None,
        extras: Extras::default(),
    }
}
