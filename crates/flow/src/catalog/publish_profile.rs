//! Stores the profile that this program makes certificates by as a version of its own, unless it is the newest one.

use base::ProfileVersionId;
use store::catalog::profile::{self, ProfileVersion};
use store::{ReadTx, WriteTx};

use crate::caller::system;
use crate::outside::Outside;

/// Stores it; intents and certificates of older versions keep theirs.
pub(crate) async fn publish_profile(outside: &Outside) -> Result<(), store::Error> {
    let now = outside.clock.now();
    let wanted = &outside.settings.profile;
    let new = ProfileVersion {
        id: ProfileVersionId::generate(now, outside.random.as_ref()),
        name: wanted.name.clone(),
        number: 1,
        config: wanted.to_json(),
        created_at: now,
    };
    let store = outside.store.within(system("the catalogue"));
    store.decide(new, load, decide, save).await
}

async fn load(tx: &mut ReadTx, _: &ProfileVersion) -> Result<Vec<ProfileVersion>, store::Error> {
    profile::all(tx, &()).await
}

fn decide(
    new: &ProfileVersion,
    versions: Vec<ProfileVersion>,
) -> Result<Option<ProfileVersion>, store::Error> {
    let newest = versions
        .into_iter()
        .rev()
        .find(|version| version.name == new.name);
    Ok(match newest {
        Some(newest) if newest.config == new.config => None,
        Some(newest) => Some(ProfileVersion {
            number: newest.number.saturating_add(1),
            ..new.clone()
        }),
        None => Some(new.clone()),
    })
}

async fn save(tx: &mut WriteTx, new: &Option<ProfileVersion>) -> Result<(), store::Error> {
    if let Some(new) = new {
        // Another node that stored the same number has the same program.
        profile::insert(tx, new).await?;
    }
    Ok(())
}
