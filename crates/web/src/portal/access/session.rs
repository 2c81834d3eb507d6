//! The door: signing in and out.

pub mod code;
pub mod organization;
mod passkey;
mod provider;
pub mod sign_in;
pub mod sign_out;
mod stop_acting;

use crate::portal::gate::permitted::{Leaving, Open};
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default()
        .get("/sign-in", Open, sign_in::form)
        .post("/sign-in", Open, sign_in::submit)
        .post("/sign-in/passkey/ask", Open, passkey::ask)
        .post("/sign-in/passkey", Open, passkey::submit)
        .get("/sign-in/code", Open, code::form)
        .post("/sign-in/code", Open, code::submit)
        .post("/sign-in/code/passkey", Open, passkey::ask_for_step)
        .get("/sign-in/organization", Open, organization::form)
        .get("/sign-in/oidc/{name}", Open, provider::begin)
        .get("/sign-in/oidc/{name}/callback", Open, provider::answer)
        .post("/acting/stop", Leaving, stop_acting::stop)
        .post("/sign-out", Leaving, sign_out::sign_out)
        .get("/signed-out", Open, sign_out::signed_out)
}
