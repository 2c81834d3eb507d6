//! The review of organizations by the operator (features F-032, F-034). What is reviewed belongs to the tenants below:
//! whoever may decide sees all of it, and its use cases find the tenant themselves.

pub mod decide;
pub mod list;
pub mod show;

use base::PreValidationId;
use flow::Caller;
use flow::tenancy::pre_validation::list_waiting::{Reviewed, show_pre_validation};

use crate::portal::gate::allowed::Object;
use crate::portal::gate::permitted::DecidePreValidations;
use crate::portal::page::refused::Refusal;
use crate::portal::state::Portal;
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default()
        .get("/reviews", DecidePreValidations, list::list)
        .get("/reviews/{id}", DecidePreValidations, show::show)
        .post("/reviews/{id}", DecidePreValidations, decide::decide)
}

impl Object for Reviewed {
    /// The permission, which only the operator's people hold, stands in the place of the scope.
    async fn load(portal: &Portal, _: &Caller, id: &str) -> Result<Option<Self>, Refusal> {
        let Ok(id) = PreValidationId::from_suffix(id) else {
            return Ok(None);
        };
        Ok(show_pre_validation(&portal.app, id).await?)
    }
}
