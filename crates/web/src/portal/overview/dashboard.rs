//! The start page.

pub mod chart;
pub mod onboarding;
pub mod show;
mod steps;

use crate::portal::gate::permitted::{Own, ViewOrganizations};
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default()
        // Whoever sees anything has a start page, also where no product may be bought.
        .get("/", ViewOrganizations, show::show)
        .post("/first-steps/hide", Own, steps::hide)
        .post("/first-steps/show", Own, steps::show)
}
