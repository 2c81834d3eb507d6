//! The people of a tenant: who they are, what they may do, and inviting more.

pub mod acting;
pub mod change;
mod demand;
pub mod invite;
pub mod list;
pub mod provider;
pub mod show;
pub mod words;

use flow::access::link::Sender;
use flow::access::team::invite_user::Giver;
use flow::access::team::list_team::{Member, show_member};
use flow::mail::portal::origin_of;
use flow::{Caller, access::SignedIn};

use base::UserId;

use crate::portal::gate::allowed::Object;
use crate::portal::gate::permitted::{ManageUsers, ViewUsers};
use crate::portal::page::refused::Refusal;
use crate::portal::state::Portal;
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default()
        .get("/team", ViewUsers, list::list)
        .post("/team", ManageUsers, invite::invite)
        .post("/team/second-factor", ManageUsers, demand::demand)
        .get("/team/support", ViewUsers, acting::show)
        .get("/team/provider", ManageUsers, provider::show)
        .post("/team/provider", ManageUsers, provider::set)
        .post("/team/provider/remove", ManageUsers, provider::remove)
        .get("/team/{id}", ViewUsers, show::show)
        .post("/team/{id}/roles", ManageUsers, change::roles)
        .post("/team/{id}/binding", ManageUsers, change::bind)
        .post("/team/{id}/disable", ManageUsers, change::disable)
        .post("/team/{id}/enable", ManageUsers, change::enable)
        .post("/team/{id}/unlock", ManageUsers, change::unlock)
        .post("/team/{id}/invite", ManageUsers, invite::again)
        .post(
            "/team/{id}/second-factor",
            ManageUsers,
            change::reset_factor,
        )
        .get("/team/{id}/remove", ManageUsers, change::remove_form)
        .post("/team/{id}/remove", ManageUsers, change::remove)
}

impl Object for Member {
    async fn load(portal: &Portal, caller: &Caller, id: &str) -> Result<Option<Self>, Refusal> {
        let Ok(id) = UserId::from_suffix(id) else {
            return Ok(None);
        };
        Ok(show_member(&portal.app, caller, id).await?)
    }
}

/// How whoever is signed in sends links.
fn sender(portal: &Portal, signed_in: &SignedIn) -> Sender {
    Sender {
        portal: origin_of(&portal.app, &signed_in.tenant.path)
            .unwrap_or_else(|| portal.origin.to_string()),
        organization: signed_in.tenant.name.as_str().to_owned(),
        name: signed_in.user.display_name.as_str().to_owned(),
    }
}

/// What whoever is signed in may give away.
fn giver(signed_in: &SignedIn) -> Giver {
    Giver {
        level: signed_in.tenant.kind,
        roles: signed_in.roles.clone(),
    }
}
