//! Offers: what is sold, and under which policies. A version never changes, so that whoever bought keeps theirs.

pub mod list;
mod publish;
pub mod show;

use enrollment::policy::{Policy, Preset};
use flow::Caller;
use flow::catalog::show_offers::{OfferDetail, show_offer};

use crate::portal::gate::allowed::Object;
use crate::portal::gate::permitted::{ManageOffers, ViewOffers};
use crate::portal::page::links;
use crate::portal::page::part::{Chip, Tone};
use crate::portal::page::refused::Refusal;
use crate::portal::page::words::count;
use crate::portal::state::Portal;
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default()
        .get(links::OFFERS, ViewOffers, list::list)
        .get("/offers/{id}", ViewOffers, show::show)
        .post("/offers/{id}", ManageOffers, publish::publish)
}

impl Object for OfferDetail {
    /// What is sold is nobody's tenant's: the permission, which only the operator's people hold, stands in the place of the
    /// scope.
    async fn load(portal: &Portal, caller: &Caller, slug: &str) -> Result<Option<Self>, Refusal> {
        Ok(show_offer(&portal.app, caller, slug).await?)
    }
}

/// Whether it is sold.
fn status(found: &OfferDetail) -> Chip {
    match found.offer.retired_at {
        Some(_) => Chip::new(Tone::Idle, "Not sold"),
        None => Chip::new(Tone::Good, "Sold"),
    }
}

/// Which preset a policy comes from: the one from which it differs least.
fn preset_of(policy: &Policy) -> String {
    let presets = Preset::all().iter();
    let nearest = presets
        .map(|preset| (changes(&preset.policy, policy).len(), preset))
        .min_by_key(|(differences, _)| *differences);
    match nearest {
        None => String::new(),
        Some((0, preset)) => preset.name.clone(),
        Some((differences, preset)) => {
            let number = i64::try_from(differences).unwrap_or(i64::MAX);
            format!("{}, {}", preset.name, count(number, "change", "changes"))
        }
    }
}

/// What differs.
fn changes(before: &Policy, after: &Policy) -> Vec<Change> {
    let pairs = before.describe().into_iter().zip(after.describe());
    let changed = pairs.filter(|(old, new)| old != new);
    changed
        .map(|((key, from), (_, to))| Change { key, from, to })
        .collect()
}

/// A value that differs from the version before.
#[derive(Clone, Debug)]
pub struct Change {
    /// Whose value.
    pub key: &'static str,
    /// Before.
    pub from: String,
    /// Now.
    pub to: String,
}
