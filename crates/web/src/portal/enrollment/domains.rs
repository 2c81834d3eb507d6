//! Enrolled domains (`ux.md` R10, R11, R13).

pub mod add;
mod form;
pub mod list;
pub mod remove;
pub mod show;
pub mod table;
pub mod verdict;

use crate::portal::gate::permitted::{ManageDomains, ViewDomains};
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default()
        .get("/domains", ViewDomains, list::list)
        .post("/domains", ManageDomains, add::add)
        .get("/domains/new", ManageDomains, add::form)
        .post("/domains/preview", ManageDomains, add::preview)
        .post("/domains/edit", ManageDomains, add::edit)
        .get("/domains/{id}", ViewDomains, show::show)
        .get("/domains/{id}/remove", ManageDomains, remove::form)
        .post("/domains/{id}/remove", ManageDomains, remove::remove)
}
