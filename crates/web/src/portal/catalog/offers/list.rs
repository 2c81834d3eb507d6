//! The list of offers.

use askama::Template;
use axum::extract::State;
use base::Timestamp;
use flow::catalog::show_offers::{OfferDetail, list_offers};

use super::{preset_of, status};
use crate::portal::gate::permitted::{Permitted, ViewOffers};
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::when;
use crate::portal::page::part::{Chip, When};
use crate::portal::page::shell::Shell;
use crate::portal::page::words::grouped;
use crate::portal::state::Portal;

/// `GET /offers`.
pub(super) async fn list(State(portal): State<Portal>, who: Permitted<ViewOffers>) -> Answer {
    let now = portal.app.now();
    let found = list_offers(&portal.app, &who.caller).await?;
    page(&OfferListPage {
        shell: who.shell(Nav::Offers, "Offers and policies"),
        rows: found.iter().filter_map(|each| row(each, now)).collect(),
    })
}

fn row(found: &OfferDetail, now: Timestamp) -> Option<OfferLine> {
    let newest = found.versions.first()?;
    let all: i64 = found.versions.iter().map(|each| each.subscriptions).sum();
    Some(OfferLine {
        href: links::offer(&found.offer.slug),
        name: found.offer.name.clone(),
        slug: found.offer.slug.clone(),
        product: found.offer.product_code.clone(),
        version: newest.version.number,
        published: when(newest.version.created_at, now),
        preset: preset_of(&newest.version.policy),
        accounts: grouped(all),
        status: status(found),
    })
}

/// An offer in the list.
#[derive(Clone, Debug)]
pub struct OfferLine {
    /// Path of its page.
    pub href: String,
    /// What people call it.
    pub name: String,
    /// What commands call it.
    pub slug: String,
    /// What is issued.
    pub product: String,
    /// The newest version.
    pub version: i64,
    /// Since when that is.
    pub published: When,
    /// Which preset it comes from.
    pub preset: String,
    /// How many ACME accounts were bought, under all versions.
    pub accounts: String,
    /// Whether it is sold.
    pub status: Chip,
}

/// `GET /offers`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/catalog/offers/list.html")]
pub struct OfferListPage {
    /// The frame.
    pub shell: Shell,
    /// All offers, the oldest first.
    pub rows: Vec<OfferLine>,
}
