//! What is sold, with every version of its policies and how much was bought under each: for whoever runs the installation.

use std::collections::HashMap;

use base::OfferVersionId;
use store::ReadTx;
use store::access::user;
use store::catalog::offer::{self, Offer, OfferVersion};

use crate::{App, Caller};

/// An offer with its versions.
#[derive(Clone, Debug)]
pub struct OfferDetail {
    /// The offer.
    pub offer: Offer,
    /// Its versions, the newest first; at least one.
    pub versions: Vec<VersionLine>,
}

/// A version of an offer.
#[derive(Clone, Debug)]
pub struct VersionLine {
    /// The version.
    pub version: OfferVersion,
    /// How many subscriptions pin it, ended ones too.
    pub subscriptions: i64,
    /// Who published it, if that was a person who is still there.
    pub publisher: Option<String>,
}

/// Every offer, the oldest first.
pub async fn list_offers(app: &App, caller: &Caller) -> Result<Vec<OfferDetail>, store::Error> {
    app.store(caller).scan((), load).await
}

/// The operator's offer of this name.
pub async fn show_offer(
    app: &App,
    caller: &Caller,
    slug: &str,
) -> Result<Option<OfferDetail>, store::Error> {
    let all = list_offers(app, caller).await?;
    let mut own = all.into_iter().filter(|each| each.offer.seller.is_none());
    Ok(own.find(|each| each.offer.slug == slug))
}

async fn load(tx: &mut ReadTx, (): &()) -> Result<Vec<OfferDetail>, store::Error> {
    let bought: HashMap<OfferVersionId, i64> = offer::bought(tx, &()).await?.into_iter().collect();
    let mut publishers = HashMap::new();
    let mut all: Vec<OfferDetail> = Vec::new();
    for offer in offer::all(tx).await? {
        all.push(OfferDetail {
            offer,
            versions: Vec::new(),
        });
    }
    for version in offer::versions(tx).await? {
        if let Some(id) = version.created_by.user()
            && !publishers.contains_key(&id)
        {
            let found = user::by_id(tx, id).await?;
            publishers.insert(id, found.map(|user| user.display_name.as_str().to_owned()));
        }
        let publisher = version.created_by.user();
        let publisher = publisher.and_then(|id| publishers.get(&id).cloned().flatten());
        let own = all.iter_mut().find(|each| each.offer.id == version.offer);
        let line = VersionLine {
            subscriptions: bought.get(&version.id).copied().unwrap_or_default(),
            version,
            publisher,
        };
        if let Some(own) = own {
            own.versions.insert(0, line);
        }
    }
    all.retain(|each| !each.versions.is_empty());
    Ok(all)
}
