//! The start page.

pub mod chart;
pub mod onboarding;
pub mod show;
mod steps;

use crate::portal::gate::permitted::{Own, ViewDomains};
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default()
        .get("/", ViewDomains, show::show)
        .post("/first-steps/hide", Own, steps::hide)
        .post("/first-steps/show", Own, steps::show)
}
