//! Taking a domain out of its account (features F-083, F-085).

use axum::extract::State;
use base::EnrolledDomainId;
use enrollment::enrolled_domain::EnrolledDomain;
use flow::enrollment::remove_domain::{self, RemovalPreview, remove_domain};

use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::{Form, Nothing};
use crate::portal::gate::permitted::ManageDomains;
use crate::portal::issuance::certificates;
use crate::portal::page::confirm::{ConfirmPage, Extras};
use crate::portal::page::frame::{Answer, done, page};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::part::Tone;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::count;
use crate::portal::state::Portal;
use flow::enrollment::list_domains::DomainDetail;

/// `GET /domains/{id}/remove`.
pub(super) async fn form(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ManageDomains, DomainDetail>,
) -> Answer {
    let domain = found.line.domain;
    let leaving = remove_domain::preview(&portal.app, &who.caller, domain.id).await;
    let RemovalPreview { leaving, revokes } = leaving?;
    let companions = leaving.iter().filter(|other| other.id != domain.id);
    let companions = companions.map(|other| other.name.to_string()).collect();
    let account = domain.subscription;
    let rows = certificates::list::of_name(&portal, &who, account, &domain.name).await?;
    let valid = rows
        .iter()
        .filter(|row| matches!(row.status.tone, Tone::Good | Tone::Warn))
        .count();
    let name = domain.name.to_string();
    let shell = who.shell(Nav::Domains, &format!("Remove {name}"));
    let href = links::domain(domain.id);
    let valid = u64::try_from(valid).unwrap_or(u64::MAX);
    page(&remove_page(
        shell,
        (&name, &href),
        companions,
        (valid, revokes),
    ))
}

/// `POST /domains/{id}/remove`.
pub(super) async fn remove(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ManageDomains, DomainDetail>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let id = found.line.domain.id;
    let removed = remove_domain(&portal.app, &who.caller, id).await;
    let removed = removed?;
    Ok(done("/domains", &message(&removed, id)))
}

fn message(removed: &[EnrolledDomain], id: EnrolledDomainId) -> String {
    let domain = removed.iter().find(|domain| domain.id == id);
    let name = domain
        .map(|domain| domain.name.to_string())
        .unwrap_or_default();
    match removed.len() {
        0 | 1 => format!("{name} was removed."),
        many => {
            let others = i64::try_from(many - 1).unwrap_or(i64::MAX);
            let others = count(others, "free companion", "free companions");
            format!("{name} was removed with {others}.")
        }
    }
}

/// The page of `GET /domains/{id}/remove`. `companions` go with the name; `certificates` are the valid ones, and whether they
/// are revoked.
pub fn remove_page(
    shell: Shell,
    (name, href): (&str, &str),
    companions: Vec<String>,
    certificates: (u64, bool),
) -> ConfirmPage {
    let kept = match certificates {
        (0, _) => "No valid certificate contains it.".to_owned(),
        (1, true) => {
            "One certificate that contains it is revoked at once, with all its names.".to_owned()
        }
        (many, true) => format!(
            "{many} certificates that contain it are revoked at once, with all their names."
        ),
        (1, false) => {
            "One certificate that contains it stays valid until it ends, but is not renewed."
                .to_owned()
        }
        (many, false) => format!(
            "{many} certificates that contain it stay valid until they end, but are not renewed."
        ),
    };
    let consequences = vec![
        "Nothing can be issued for this name from now on; running orders for it stop.".to_owned(),
        kept,
        "It can be added again later.".to_owned(),
    ];
    ConfirmPage {
        back: (name.to_owned(), href.to_owned()),
        lead: format!("{name} will be removed from its ACME account."),
        consequences,
        names: companions,
        names_title: "Removed with it".to_owned(),
        action_href: format!("{href}/remove"),
        action: "Remove domain".to_owned(),
        is_dangerous: true,
        shell,
        typed: None,
        extras: Extras::default(),
    }
}
