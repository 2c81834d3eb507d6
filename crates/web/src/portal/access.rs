//! Who signs in, what they may set for themselves, and the people of a tenant.

pub mod identity;
pub mod link;
mod passkey;
pub mod password_rules;
pub mod second_factor;
pub mod session;
pub mod settings;
pub mod team;
pub mod tokens;

use crate::portal::table::Table;

/// All routes of the wing.
pub(super) fn routes() -> Table {
    session::routes()
        .and(settings::routes())
        .and(second_factor::routes())
        .and(identity::routes())
        .and(link::routes())
        .and(tokens::routes())
        .and(team::routes())
}
