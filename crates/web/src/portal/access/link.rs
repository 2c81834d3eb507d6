//! Links with which people set a password (features F-011, F-030; security S-06, S-07).

pub mod ask;
pub mod show;

use crate::portal::gate::permitted::Open;
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default()
        .get("/forgotten", Open, ask::form)
        .post("/forgotten", Open, ask::submit)
        .get("/link/{token}", Open, show::form)
        .post("/link/{token}", Open, show::submit)
        .post("/link/{token}/rules", Open, show::rules)
}
