//! Who owns what: the organizations of a tenant, and the reviews of them by the operator.

pub mod fields;
pub mod organizations;
pub mod reviews;
pub mod standing;

use crate::portal::table::Table;

/// All routes of the wing.
pub(super) fn routes() -> Table {
    organizations::routes().and(reviews::routes())
}
