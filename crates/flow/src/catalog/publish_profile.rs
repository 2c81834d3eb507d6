//! Publishes a version of a profile. The directories that have the profile make certificates by it from now on; what was
//! begun by an older version ends by that.

use base::{Class, ProfileVersionId, Refusal, Refuse};
use pki::{Level, Profile};
use store::audit::Entry;
use store::catalog::directory::{self, DirectoryProfile};
use store::catalog::profile::{self, ProfileVersion};
use store::{ReadTx, WriteTx};

use super::changed;
use super::reload::reload;
use crate::audit::{Document, Event, Text};
use crate::memory::catalog::CatalogError;
use crate::{App, Caller};

/// Why it was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishProfileError {
    /// The catalogue could not be read again.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// It was of another level before, and products stand on that.
    #[error(
        "profile \"{name}\" is of the level {level} and stays so; publish this one under another name"
    )]
    Level {
        /// The profile.
        name: String,
        /// Its level.
        level: Level,
    },
    /// The rules of the public web would be lifted where they hold.
    #[error(
        "directory {0} has a publicly trusted CA, so its profile has to keep the rules of the public web"
    )]
    Public(String),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for PublishProfileError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Catalog(error) => Refusal::internal(error),
            Self::Level { .. } => Class::Conflict.because("profile_level", self),
            Self::Public(_) => Class::Conflict.because("profile_of_public_ca", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Publishes it; the newest version again, if that says the same.
pub async fn publish_profile(
    app: &App,
    caller: &Caller,
    profile: &Profile,
) -> Result<ProfileVersion, PublishProfileError> {
    if profile.trust != pki::ProfileTrust::Public
        && let Some(held) = held_to_public_rules(app, &profile.name)
    {
        return Err(PublishProfileError::Public(held));
    }
    let level = profile.level;
    let now = app.now();
    let new = ProfileVersion {
        id: ProfileVersionId::generate(now, app.random()),
        name: profile.name.clone(),
        number: 1,
        config: profile.to_json(),
        created_at: now,
    };
    let event = Event::ProfilePublished {
        name: Text::new(&new.name),
        version: new.id,
        config: Document::new(&new.config),
    };
    let entry = changed::entry(app, caller, &event).await?;
    let wish = Wish { new, level, entry };
    let published = app.store(caller).decide(wish, load, decide, save).await?;
    reload(app).await?;
    Ok(published)
}

fn held_to_public_rules(app: &App, name: &str) -> Option<String> {
    let catalog = app.catalog();
    let mut all = catalog.directories().into_iter();
    let held = all.find(|each| {
        each.profile.profile.name == name && each.issuing.trust == store::catalog::ca::Trust::Public
    });
    held.map(|each| each.slug.clone())
}

struct Wish {
    new: ProfileVersion,
    level: Level,
    entry: Option<Entry>,
}

struct Facts {
    versions: Vec<ProfileVersion>,
    in_use: Vec<DirectoryProfile>,
}

/// The version that counts, and what is written if it is new.
struct Decision {
    version: ProfileVersion,
    is_new: bool,
    in_use: Vec<DirectoryProfile>,
    entry: Option<Entry>,
}

async fn load(tx: &mut ReadTx, _: &Wish) -> Result<Facts, store::Error> {
    Ok(Facts {
        versions: profile::all(tx, &()).await?,
        in_use: directory::profiles(tx).await?,
    })
}

fn decide(wish: &Wish, facts: Facts) -> Result<Decision, PublishProfileError> {
    let mut versions = facts.versions.into_iter().rev();
    let newest = versions.find(|version| version.name == wish.new.name);
    if let Some(same) = newest
        .clone()
        .filter(|newest| newest.config == wish.new.config)
    {
        return Ok(Decision {
            version: same,
            is_new: false,
            in_use: Vec::new(),
            entry: None,
        });
    }
    if let Some(newest) = &newest {
        let (name, level) = (newest.name.clone(), level_of(newest)?);
        if level != wish.level {
            return Err(PublishProfileError::Level { name, level });
        }
    }
    let number = newest.map_or(1, |newest| newest.number.saturating_add(1));
    let version = ProfileVersion {
        number,
        ..wish.new.clone()
    };
    let of_it = facts
        .in_use
        .into_iter()
        .filter(|each| each.profile_name == version.name);
    let in_use = of_it.map(|each| DirectoryProfile {
        version: version.id,
        ..each
    });
    Ok(Decision {
        in_use: in_use.collect(),
        version,
        is_new: true,
        entry: wish.entry.clone(),
    })
}

fn level_of(version: &ProfileVersion) -> Result<Level, CatalogError> {
    Ok(Profile::from_json(&version.name, &version.config)?.level)
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<ProfileVersion, store::Error> {
    if decision.is_new {
        tx.insert(&decision.version).await?;
        for each in &decision.in_use {
            directory::set_profile(tx, each).await?;
        }
        changed::record(tx, decision.entry.as_ref()).await?;
    }
    Ok(decision.version.clone())
}
