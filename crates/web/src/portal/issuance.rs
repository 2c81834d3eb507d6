//! What clients ordered, and the certificates that were issued.

pub mod certificates;
pub mod orders;

use crate::portal::table::Table;

/// All routes of the wing.
pub(super) fn routes() -> Table {
    certificates::routes().and(orders::routes())
}
