//! The customers of a reseller: tenants below it, with people, accounts and domains of their own. Whoever may see them looks
//! after one by going there, with the role that they have; distributors have no such pages.

pub mod add;
mod change;
pub mod list;
pub mod show;

use base::TenantId;
use flow::Caller;
use flow::tenancy::list_below::{TenantBelow, find_customer};

use crate::portal::gate::allowed::Object;
use crate::portal::gate::permitted::{ManageTenants, ViewTenants};
use crate::portal::page::links;
use crate::portal::page::refused::Refusal;
use crate::portal::state::Portal;
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default()
        .get(links::CUSTOMERS, ViewTenants, list::list)
        .get("/customers/new", ManageTenants, add::form)
        .post("/customers/new", ManageTenants, add::add)
        .get("/customers/{id}", ViewTenants, show::show)
        .post("/customers/{id}/visit", ViewTenants, change::visit)
        .post("/customers/{id}/invite", ManageTenants, change::invite)
        .get(
            "/customers/{id}/suspend",
            ManageTenants,
            change::suspend_form,
        )
        .post("/customers/{id}/suspend", ManageTenants, change::suspend)
        .post("/customers/{id}/resume", ManageTenants, change::resume)
}

/// A customer that a path names.
pub(super) struct CustomerNamed(pub(super) TenantBelow);

impl Object for CustomerNamed {
    async fn load(portal: &Portal, caller: &Caller, id: &str) -> Result<Option<Self>, Refusal> {
        let Ok(id) = TenantId::from_suffix(id) else {
            return Ok(None);
        };
        let found = find_customer(&portal.app, caller, id).await?;
        Ok(found.map(Self))
    }
}
