//! One's own second factor: setting it up, recovery codes, switching it off (features F-016, F-017).

pub mod set_up;
pub mod show;

use crate::portal::gate::permitted::{Own, SettingUp};
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default()
        .get("/settings/second-factor", SettingUp, show::show)
        .post("/settings/second-factor", SettingUp, set_up::begin)
        .get("/settings/second-factor/confirm", SettingUp, set_up::form)
        .post(
            "/settings/second-factor/confirm",
            SettingUp,
            set_up::confirm,
        )
        .post("/settings/second-factor/codes", Own, show::new_codes)
        .post("/settings/second-factor/off", Own, show::turn_off)
}
