//! The person's own settings: profile, appearance, password, sessions (`ux.md` R25).

mod appearance;
pub mod browsers;
mod password;
mod profile;
pub mod rules;
pub mod show;

use crate::portal::gate::permitted::Own;
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default()
        .get("/settings", Own, show::show)
        .post("/settings/profile", Own, profile::submit)
        .post("/settings/appearance", Own, appearance::submit)
        .post("/settings/password", Own, password::change)
        .post("/settings/password/rules", Own, rules::show)
        .post("/settings/sessions/{id}/end", Own, browsers::end_session)
        .post("/settings/sessions/end-others", Own, browsers::end_others)
}
