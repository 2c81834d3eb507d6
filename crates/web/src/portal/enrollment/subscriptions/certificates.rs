//! The certificates of an account.

use askama::Template;
use axum::extract::{Query, State};

use super::head::{self, SubscriptionHead, Tab};
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::permitted::ViewCertificates;
use crate::portal::issuance::certificates;
use crate::portal::issuance::certificates::table::CertificateRow;
use crate::portal::page::account::label;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::listing::{ListQuery, Paging};
use crate::portal::page::menu::Nav;
use crate::portal::page::shell::Shell;
use crate::portal::state::Portal;
use flow::enrollment::list_subscriptions::Summary;

/// `GET /accounts/{id}/certificates`.
pub(super) async fn show(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ViewCertificates, Summary>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let id = found.subscription.id;
    let path = format!("{}/certificates", links::account(id));
    let (certificates, paging) =
        certificates::list::of_account(&portal, &who, id, &query, &path).await?;
    page(&SubscriptionCertificatesPage {
        shell: who.shell(Nav::Accounts, &label(&found.subscription)),
        head: head::head(&found, &who, Tab::Certificates, portal.app.now()),
        certificates,
        paging,
    })
}

/// `GET /accounts/{id}/certificates`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/enrollment/subscriptions/certificates.html")]
pub struct SubscriptionCertificatesPage {
    /// The frame.
    pub shell: Shell,
    /// Title, state, tabs.
    pub head: SubscriptionHead,
    /// Certificates issued for this account.
    pub certificates: Vec<CertificateRow>,
    /// Links to the pages before and after.
    pub paging: Paging,
}
