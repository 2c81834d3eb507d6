//! How a tenant shows itself to its people, and at which host names of the portal (`ux.md` R26, without logo and colours).

pub mod change;
pub mod hosts;
pub mod show;

use crate::portal::gate::permitted::ManageBrand;
use crate::portal::table::Table;

/// The page, to which its forms lead back.
pub(crate) const BRAND: &str = "/settings/brand";

pub(super) fn routes() -> Table {
    Table::default()
        .get(BRAND, ManageBrand, show::show)
        .post(BRAND, ManageBrand, change::submit)
        .post("/settings/brand/hosts/remove", ManageBrand, hosts::remove)
}
