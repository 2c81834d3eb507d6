//! What people of the operator did as the tenant, for its administrators.

use askama::Template;
use axum::extract::State;
use base::Timestamp;
use flow::access::team::list_acting::{DoneActing, list_acting};

use crate::portal::gate::permitted::{Permitted, ViewUsers};
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::when;
use crate::portal::page::part::When;
use crate::portal::page::shell::Shell;
use crate::portal::state::Portal;

/// `GET /team/support`.
pub(super) async fn show(State(portal): State<Portal>, who: Permitted<ViewUsers>) -> Answer {
    let now = portal.app.now();
    let acted = list_acting(&portal.app, &who.caller).await?;
    page(&SupportPage {
        shell: who.shell(Nav::Team, "Support access"),
        rows: acted.done.into_iter().map(|done| row(done, now)).collect(),
        looks: acted.looks.into_iter().map(|look| row(look, now)).collect(),
    })
}

fn row(done: DoneActing, now: Timestamp) -> SupportLine {
    SupportLine {
        at: when(done.at, now),
        what: done.what,
        about: done.about,
        who: done.who,
    }
}

/// Something that was done.
#[derive(Clone, Debug)]
pub struct SupportLine {
    /// When.
    pub at: When,
    /// Who did it.
    pub who: String,
    /// What.
    pub what: String,
    /// The reason of a beginning; of anything else what it was done to.
    pub about: String,
}

/// `GET /team/support`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/team/acting.html")]
pub struct SupportPage {
    /// The frame.
    pub shell: Shell,
    /// What was done, the last first.
    pub rows: Vec<SupportLine>,
    /// What was looked at, the last first.
    pub looks: Vec<SupportLine>,
}
