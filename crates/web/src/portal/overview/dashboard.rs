//! The start page.

pub mod chart;
pub mod onboarding;
pub mod show;

use crate::portal::gate::permitted::ViewDomains;
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default().get("/", ViewDomains, show::show)
}
