//! Who signs in, and what they may set for themselves.

pub mod session;
pub mod settings;

use crate::portal::table::Table;

/// All routes of the wing.
pub(super) fn routes() -> Table {
    session::routes().and(settings::routes())
}
