//! What was bought: subscriptions, and the domains in them.

pub mod domains;
pub mod subscriptions;

use crate::portal::table::Table;

/// All routes of the wing.
pub(super) fn routes() -> Table {
    domains::routes().and(subscriptions::routes())
}
