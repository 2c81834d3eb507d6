//! What is sold and who signs, for people of the operator.

pub mod authorities;
pub mod offers;

use crate::portal::table::Table;

/// All routes of the wing.
pub(super) fn routes() -> Table {
    offers::routes().and(authorities::routes())
}
