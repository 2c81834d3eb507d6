//! The component sheet: every part of the pages in every state, from the same macros that they use, so that it
//! cannot say anything else than they do. Everybody may look at it, and it shows nobody's data; it is there in the
//! demo and in debug builds only.

mod rows;
mod sheet;
pub mod show;

use crate::portal::gate::permitted::Open;
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default().get("/design", Open, show::show)
}
