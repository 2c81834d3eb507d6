//! What is read across all wings.

pub mod dashboard;

use crate::portal::table::Table;

/// All routes of the wing.
pub(super) fn routes() -> Table {
    dashboard::routes()
}
