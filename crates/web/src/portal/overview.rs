//! What is read across all wings.

pub mod dashboard;
pub mod design;

use crate::portal::table::Table;

/// All routes of the wing.
pub(super) fn routes() -> Table {
    dashboard::routes().and(design::routes())
}
