//! The resellers of the installation, for people of the operator. They belong to nobody's tenant: whoever may see them sees
//! all of them.

mod act;
pub mod change;
pub mod list;
pub mod show;

use base::TenantId;
use flow::Caller;
use flow::tenancy::list_below::{TenantBelow, find_reseller};

use crate::portal::gate::allowed::Object;
use crate::portal::gate::permitted::{ActAs, ManageResellers, UnlockUsers, ViewResellers};
use crate::portal::page::links;
use crate::portal::page::refused::Refusal;
use crate::portal::state::Portal;
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default()
        .get(links::RESELLERS, ViewResellers, list::list)
        .get("/resellers/{id}", ViewResellers, show::show)
        .post("/resellers/{id}/act", ActAs, act::begin)
        .post("/resellers/{id}/products", ManageResellers, change::entitle)
        .post("/resellers/{id}/unlock", UnlockUsers, change::unlock)
        .get(
            "/resellers/{id}/suspend",
            ManageResellers,
            change::suspend_form,
        )
        .post("/resellers/{id}/suspend", ManageResellers, change::suspend)
        .post("/resellers/{id}/resume", ManageResellers, change::resume)
        .get("/resellers/{id}/hold", ManageResellers, change::hold_form)
        .post("/resellers/{id}/hold", ManageResellers, change::hold)
        .post("/resellers/{id}/release", ManageResellers, change::release)
}

/// A reseller that a path names.
pub(super) struct ResellerNamed(pub(super) TenantBelow);

impl Object for ResellerNamed {
    /// The permission, which only the operator's people hold, stands in the place of the scope.
    async fn load(portal: &Portal, caller: &Caller, id: &str) -> Result<Option<Self>, Refusal> {
        let Ok(id) = TenantId::from_suffix(id) else {
            return Ok(None);
        };
        let found = find_reseller(&portal.app, caller, id).await?;
        Ok(found.map(Self))
    }
}
