//! One's own second factor: an authenticator app, passkeys, recovery codes, switching it off (features F-016, F-017; security
//! S-16).

pub mod add_passkey;
pub mod passkey;
pub mod set_up;
pub mod show;

use tenancy::passkey::Passkey;

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
        .get(
            "/settings/second-factor/passkeys/new",
            SettingUp,
            add_passkey::form,
        )
        .post(
            "/settings/second-factor/passkeys/ask",
            SettingUp,
            add_passkey::ask,
        )
        .post(
            "/settings/second-factor/passkeys/new",
            SettingUp,
            add_passkey::add,
        )
        .get("/settings/second-factor/passkeys/{id}", Own, passkey::show)
        .post(
            "/settings/second-factor/passkeys/{id}",
            Own,
            passkey::rename,
        )
        .post(
            "/settings/second-factor/passkeys/{id}/remove",
            Own,
            passkey::remove,
        )
        .post("/settings/second-factor/codes", Own, show::new_codes)
        .post("/settings/second-factor/off", Own, show::turn_off)
}

/// Where a passkey is added.
const NEW_PASSKEY: &str = "/settings/second-factor/passkeys/new";

/// The page of a passkey.
fn passkey_href(passkey: &Passkey) -> String {
    format!("/settings/second-factor/passkeys/{}", passkey.id.shown())
}
