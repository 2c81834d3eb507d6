//! ACME orders: what clients asked for, as it happens. People know them as the activity.

mod explain;
pub mod list;
pub mod refused;
pub mod show;
pub mod table;
pub mod timeline;

use crate::portal::gate::permitted::ViewActivity;
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default()
        .get("/activity", ViewActivity, list::list)
        .get("/activity/refused/{id}", ViewActivity, refused::show)
        .get("/activity/{id}", ViewActivity, show::show)
}
