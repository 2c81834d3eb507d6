//! The list of organizations.

use askama::Template;
use axum::extract::{Query, State};
use base::{OrganizationId, Timestamp};
use flow::tenancy::organization::list_organizations::{OrganizationRow, list_organizations};
use flow::tenancy::organization::{OrganizationFilter, OrganizationQuery};
use tenancy::certificate_type::CertificateType;
use tenancy::role::Permission;

use crate::portal::gate::permitted::{Permitted, ViewOrganizations};
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::listing::{ListQuery, Paging, Search};
use crate::portal::page::menu::Nav;
use crate::portal::page::part::Chip;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::count;
use crate::portal::state::Portal;
use crate::portal::tenancy::standing::TypeStanding;

const PATH: &str = "/organizations";

/// `GET /organizations`.
pub(super) async fn list(
    State(portal): State<Portal>,
    who: Permitted<ViewOrganizations>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let now = portal.app.now();
    let filter = OrganizationFilter {
        part: query.q.trim().to_owned(),
    };
    let is_filtered = !filter.part.is_empty() || !query.after.is_empty();
    let asked: OrganizationQuery = query.asked(filter);
    let found = list_organizations(&portal.app, &who.caller, asked).await?;
    let suffix = |row: &OrganizationRow| OrganizationId::suffix(row.organization.id);
    let first = found.rows.first().filter(|_| found.has_before).map(suffix);
    let last = found.rows.last().filter(|_| found.has_after).map(suffix);
    let shown = i64::try_from(found.rows.len()).unwrap_or(i64::MAX);
    let outcome = count(shown, "organization", "organizations");
    page(&OrganizationListPage {
        shell: who.shell(Nav::Organizations, "Organizations"),
        search: query.search(PATH, "Search names", format!("{outcome} shown")),
        paging: query.paging(PATH, first.as_deref(), last.as_deref(), outcome),
        rows: found.rows.iter().map(|found| row(found, now)).collect(),
        is_filtered,
        is_renewed: who.signed_in.tenant.renews_pre_validations,
        may_manage: who.may_for_whole(Permission::ManageOrganizations),
    })
}

fn row(found: &OrganizationRow, now: Timestamp) -> OrganizationLine {
    let chip = |kind| TypeStanding::of(&found.checks, kind, now).map(|each| each.chip());
    let fields = &found.organization.fields;
    OrganizationLine {
        href: links::organization(found.organization.id),
        name: fields.legal_name.clone(),
        country: fields.country.clone(),
        ov: chip(CertificateType::Ov),
        ev: chip(CertificateType::Ev),
        qwac: chip(CertificateType::Qwac),
    }
}

/// An organization in the list.
#[derive(Clone, Debug)]
pub struct OrganizationLine {
    /// Path of its page.
    pub href: String,
    /// Its legal name.
    pub name: String,
    /// Where it is, such as "FI".
    pub country: String,
    /// What was checked for OV certificates; none if nobody asked.
    pub ov: Option<Chip>,
    /// The same for EV.
    pub ev: Option<Chip>,
    /// The same for QWAC.
    pub qwac: Option<Chip>,
}

/// `GET /organizations`, with `q`, `after`, `before`, `size`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/tenancy/organizations/list.html")]
pub struct OrganizationListPage {
    /// The frame.
    pub shell: Shell,
    /// The search field.
    pub search: Search,
    /// Rows of this page.
    pub rows: Vec<OrganizationLine>,
    /// Links to other pages.
    pub paging: Paging,
    /// Whether an empty list is empty because of the search.
    pub is_filtered: bool,
    /// Whether reviewers are asked by themselves before pre-validations end.
    pub is_renewed: bool,
    /// Whether the one who looks may add one.
    pub may_manage: bool,
}
