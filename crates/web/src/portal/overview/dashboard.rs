//! The start page.

pub mod chart;
pub mod onboarding;
pub mod show;

use crate::portal::gate::permitted::ViewOrganizations;
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    // Whoever sees anything has a start page, also where no product may be bought.
    Table::default().get("/", ViewOrganizations, show::show)
}
