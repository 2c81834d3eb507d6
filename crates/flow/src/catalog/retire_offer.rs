//! Sells an offer no more. Who bought it keeps it; publishing it again sells it again.

use base::{Class, OfferId, Refusal, Refuse, Timestamp};
use store::audit::Entry;
use store::catalog::offer::{self, Offer};
use store::{ReadTx, WriteTx};

use super::changed;
use super::reload::reload;
use crate::audit::{Event, Text};
use crate::memory::catalog::CatalogError;
use crate::{App, Caller};

/// Why it goes on.
#[derive(Debug, thiserror::Error)]
pub enum RetireOfferError {
    /// The catalogue could not be read again.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// There is none.
    #[error("there is no offer \"{0}\"; `chancery admin offer list` shows those that there are")]
    NotFound(String),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for RetireOfferError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Catalog(error) => Refusal::internal(error),
            Self::NotFound(_) => Class::NotFound.because("offer_unknown", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Retires the operator's offer of this name.
pub async fn retire_offer(app: &App, caller: &Caller, slug: &str) -> Result<(), RetireOfferError> {
    let event = Event::OfferRetired {
        slug: Text::new(slug),
    };
    let entry = changed::entry(app, caller, &event).await?;
    let wish = Wish {
        slug: slug.to_owned(),
        now: app.now(),
        entry,
    };
    app.store(caller).decide(wish, load, decide, save).await?;
    reload(app).await?;
    Ok(())
}

struct Wish {
    slug: String,
    now: Timestamp,
    entry: Option<Entry>,
}

async fn load(tx: &mut ReadTx, wish: &Wish) -> Result<Option<Offer>, store::Error> {
    offer::by_slug(tx, &wish.slug).await
}

fn decide(
    wish: &Wish,
    found: Option<Offer>,
) -> Result<(OfferId, Timestamp, Option<Entry>), RetireOfferError> {
    let found = found.ok_or_else(|| RetireOfferError::NotFound(wish.slug.clone()))?;
    Ok((found.id, wish.now, wish.entry.clone()))
}

async fn save(
    tx: &mut WriteTx,
    (id, now, entry): &(OfferId, Timestamp, Option<Entry>),
) -> Result<(), store::Error> {
    offer::retire(tx, &(*id, Some(*now))).await?;
    changed::record(tx, entry.as_ref()).await
}
