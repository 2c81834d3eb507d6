//! Domains whose control is proven outside of orders, and to whom they are delegated.

pub mod add;
pub mod confirm;
pub mod delegate;
mod form;
pub mod list;
mod mail;
pub mod prove;
pub mod release;
pub mod show;

use base::{DomainId, Timestamp};
use flow::Caller;
use flow::tenancy::domain::OwnDomainDetail;
use flow::tenancy::domain::list_own_domains::show_own_domain;
use tenancy::domain::{Domain, DomainState};

use crate::portal::gate::allowed::Object;
use crate::portal::gate::permitted::{ManageDomains, Open, ViewDomains};
use crate::portal::page::links;
use crate::portal::page::part::{Chip, Tone};
use crate::portal::page::refused::Refusal;
use crate::portal::state::Portal;
use crate::portal::table::Table;
use crate::portal::tenancy::standing::{is_soon, until};

pub(super) fn routes() -> Table {
    Table::default()
        .get(links::DELEGATED_DOMAINS, ViewDomains, list::list)
        .get("/delegated-domains/new", ManageDomains, add::form)
        .post("/delegated-domains/new", ManageDomains, add::add)
        .get("/delegated-domains/{id}", ViewDomains, show::show)
        .post("/delegated-domains/{id}/ask", ManageDomains, prove::ask)
        .post("/delegated-domains/{id}/check", ManageDomains, prove::check)
        .post("/delegated-domains/{id}/mail", ManageDomains, mail::send)
        .get("/domain-proof/{token}", Open, confirm::form)
        .post("/domain-proof/{token}", Open, confirm::confirm)
        .post(
            "/delegated-domains/{id}/delegations",
            ManageDomains,
            delegate::delegate,
        )
        .post(
            "/delegated-domains/{id}/delegations/end",
            ManageDomains,
            delegate::end,
        )
        .get(
            "/delegated-domains/{id}/remove",
            ManageDomains,
            release::form,
        )
        .post(
            "/delegated-domains/{id}/remove",
            ManageDomains,
            release::release,
        )
}

impl Object for OwnDomainDetail {
    async fn load(portal: &Portal, caller: &Caller, id: &str) -> Result<Option<Self>, Refusal> {
        let Ok(id) = DomainId::from_suffix(id) else {
            return Ok(None);
        };
        Ok(show_own_domain(&portal.app, caller, id).await?)
    }
}

/// Where the proof of a domain stands; one that counts says until when.
pub(crate) fn chip(domain: &Domain, now: Timestamp) -> Chip {
    match (domain.state(now), domain.proof) {
        (DomainState::Valid, Some(proof)) if is_soon(proof.valid_until, now) => {
            Chip::new(Tone::Warn, &until(proof.valid_until))
        }
        (DomainState::Valid, Some(proof)) => Chip::new(Tone::Good, &until(proof.valid_until)),
        (DomainState::Valid, None) => Chip::new(Tone::Good, "Valid"),
        (DomainState::Waiting, _) => Chip::new(Tone::Warn, "Action needed"),
        (DomainState::Expired, _) => Chip::new(Tone::Bad, "Expired"),
        (DomainState::New, _) => Chip::new(Tone::Idle, "Not proven"),
    }
}
