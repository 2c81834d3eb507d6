//! What waits for reviewers, the oldest first.

use askama::Template;
use axum::extract::{Query, State};
use base::{PreValidationId, Timestamp};
use flow::tenancy::pre_validation::Waiting;
use flow::tenancy::pre_validation::list_waiting::list_waiting;

use crate::portal::gate::permitted::{DecidePreValidations, Permitted};
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::listing::{ListQuery, Paging};
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::when;
use crate::portal::page::part::{Chip, When};
use crate::portal::page::shell::Shell;
use crate::portal::page::words::count;
use crate::portal::state::Portal;
use crate::portal::tenancy::standing::chip;

/// `GET /reviews`.
pub(super) async fn list(
    State(portal): State<Portal>,
    who: Permitted<DecidePreValidations>,
    Query(query): Query<ListQuery>,
) -> Answer {
    let now = portal.app.now();
    let after = PreValidationId::from_suffix(&query.after).unwrap_or(PreValidationId::FIRST);
    let limit = query.limit();
    // One more tells whether there are more.
    let found = list_waiting(&portal.app, after, limit.saturating_add(1)).await?;
    let shown = found
        .len()
        .min(usize::try_from(limit).unwrap_or(usize::MAX));
    let (rows, rest) = found.split_at_checked(shown).unwrap_or((&found, &[]));
    let last = rows.last().filter(|_| !rest.is_empty());
    let last = last.map(|waiting| waiting.check.id.suffix());
    let text = count(
        i64::try_from(shown).unwrap_or(i64::MAX),
        "review",
        "reviews",
    );
    page(&ReviewListPage {
        shell: who.shell(Nav::Reviews, "Review"),
        paging: query.paging("/reviews", None, last.as_deref(), text),
        rows: rows.iter().map(|waiting| row(waiting, now)).collect(),
    })
}

fn row(waiting: &Waiting, now: Timestamp) -> ReviewLine {
    let check = &waiting.check;
    ReviewLine {
        href: links::review(check.id),
        name: waiting.organization.clone(),
        kind: check.kind.title(),
        tenant: waiting.tenant.clone(),
        asked: when(check.requested_at, now),
        status: chip(check, now),
    }
}

/// A pre-validation that waits.
#[derive(Clone, Debug)]
pub struct ReviewLine {
    /// Path of its page.
    pub href: String,
    /// The organization.
    pub name: String,
    /// Its type, such as "OV".
    pub kind: &'static str,
    /// Who asked.
    pub tenant: String,
    /// When.
    pub asked: When,
    /// Whether somebody said yes already.
    pub status: Chip,
}

/// `GET /reviews`, with `after` and `size`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/tenancy/reviews/list.html")]
pub struct ReviewListPage {
    /// The frame.
    pub shell: Shell,
    /// What waits, the oldest first.
    pub rows: Vec<ReviewLine>,
    /// Links to other pages.
    pub paging: Paging,
}
