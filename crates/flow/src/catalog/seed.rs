//! What a fresh database offers, as data: `seed.json`. Everything in it is rows from then on, and an operator's.

use std::collections::BTreeMap;

use base::{
    Actor, AuthorityId, Class, OfferId, OfferVersionId, ProfileVersionId, Refusal, Refuse,
    Timestamp,
};
use enrollment::policy::Preset;
use pki::{CaName, KeyAlgorithm, ObjectIdentifier};
use serde::Deserialize;
use serde_json::value::RawValue;
use store::catalog::ca::{self, Ca as StoredCa, Trust};
use store::catalog::directory::{self, Directory, DirectoryCa, DirectoryProfile};
use store::catalog::offer::{self, Offer, OfferVersion};
use store::catalog::product::{self, Authority, Product};
use store::catalog::profile::{self, ProfileVersion};
use store::catalog::version;
use store::operations::setting::{self, Setting};
use store::{ReadTx, WriteTx};

use super::add_cas::{NewCa, seal};
use super::create_ca::{CaPlan, called, make_issuing, make_root};
use super::publish_offer::digest_of;
use crate::caller::system;
use crate::memory::catalog::{CatalogError, DirectoryRules};
use crate::outside::Outside;

/// The setting decides between nodes that start at the same time; another number adds what is new in it.
const SEEDED: &str = "catalog_seed_3";

/// What `seed.json` says.
#[derive(Deserialize)]
struct Seed {
    server_ca: String,
    authority: SeedAuthority,
    hierarchies: BTreeMap<String, SeedHierarchy>,
    products: Vec<SeedProduct>,
    profiles: BTreeMap<String, Box<RawValue>>,
    directories: Vec<SeedDirectory>,
    offers: Vec<SeedOffer>,
}

#[derive(Deserialize)]
struct SeedAuthority {
    kind: String,
    name: String,
}

/// A root and an issuing CA below it.
#[derive(Deserialize)]
struct SeedHierarchy {
    root: String,
    issuing: String,
    trust: String,
    /// The certificate policies that the issuing CA is for.
    #[serde(default)]
    policies: Vec<String>,
}

#[derive(Deserialize)]
struct SeedProduct {
    code: String,
    name: String,
    level: String,
}

#[derive(Deserialize)]
struct SeedDirectory {
    slug: String,
    product: String,
    hierarchy: String,
    profile: String,
    beside: Option<String>,
}

#[derive(Deserialize)]
struct SeedOffer {
    slug: String,
    name: String,
    product: String,
    preset: String,
}

/// What this program brings along cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The CAs.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The data itself.
    #[error("the data that a fresh database begins with cannot be read")]
    Json(#[from] serde_json::Error),
    /// It names something that it does not have.
    #[error("the data that a fresh database begins with has no \"{0}\"")]
    Missing(String),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for SeedError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Store(error) => error.refusal(),
            Self::Catalog(_) | Self::Json(_) | Self::Missing(_) => {
                Class::Internal.because("internal", self)
            }
        }
    }
}

/// Everything that may be missing.
#[derive(Clone)]
struct Rows {
    setting: Setting,
    authority: Authority,
    products: Vec<Product>,
    cas: Vec<StoredCa>,
    profiles: Vec<ProfileVersion>,
    directories: Vec<(Directory, DirectoryCa, DirectoryProfile)>,
    offers: Vec<(Offer, OfferVersion)>,
}

/// What is there already.
struct Known {
    seeded: Option<Setting>,
    authority: Option<Authority>,
    products: Vec<Product>,
    profiles: Vec<ProfileVersion>,
    directories: Vec<Directory>,
    offers: Vec<Offer>,
}

/// Stores what is missing of the seed, once; several nodes may do so at once.
pub(crate) async fn seed(outside: &Outside) -> Result<(), SeedError> {
    let store = outside.store.within(system("the catalogue"));
    if store.read((), is_seeded).await? {
        return Ok(());
    }
    let rows = rows(outside)?;
    store.decide(rows, load, decide, save).await
}

async fn is_seeded(tx: &mut ReadTx, (): &()) -> Result<bool, store::Error> {
    Ok(setting::by_name(tx, SEEDED).await?.is_some())
}

async fn load(tx: &mut ReadTx, rows: &Rows) -> Result<Known, store::Error> {
    Ok(Known {
        seeded: setting::by_name(tx, SEEDED).await?,
        authority: product::authority(tx, &rows.authority.kind).await?,
        products: product::all(tx, &()).await?,
        profiles: profile::all(tx, &()).await?,
        directories: directory::all(tx, &()).await?,
        offers: offer::all(tx).await?,
    })
}

/// Leaves out what is there, and the CAs that would then stand nowhere.
fn decide(rows: &Rows, known: Known) -> Result<Option<Rows>, SeedError> {
    if known.seeded.is_some() {
        return Ok(None);
    }
    let mut new = rows.clone();
    let authority = known.authority.unwrap_or_else(|| rows.authority.clone());
    let is_known = |code: &str| known.products.iter().any(|each| each.code == code);
    new.products.retain(|each| !is_known(&each.code));
    new.directories.retain(|(each, ..)| {
        known
            .directories
            .iter()
            .all(|known| known.slug != each.slug)
    });
    new.offers
        .retain(|(each, _)| known.offers.iter().all(|known| known.slug != each.slug));
    for (offer, _) in &mut new.offers {
        offer.authority = authority.id;
    }
    for (_, _, in_use) in &mut new.directories {
        let newest = known
            .profiles
            .iter()
            .rev()
            .find(|each| each.name == in_use.profile_name);
        if let Some(newest) = newest {
            in_use.version = newest.id;
        }
    }
    new.profiles
        .retain(|each| known.profiles.iter().all(|known| known.name != each.name));
    let stands = |id| new.directories.iter().any(|(_, placed, _)| placed.ca == id);
    let kept: Vec<_> = new.cas.iter().filter(|ca| stands(ca.id)).cloned().collect();
    new.cas
        .retain(|ca| stands(ca.id) || kept.iter().any(|child| child.parent == Some(ca.id)));
    new.authority = authority;
    Ok(Some(new))
}

async fn save(tx: &mut WriteTx, new: &Option<Rows>) -> Result<(), store::Error> {
    let Some(new) = new else {
        return Ok(());
    };
    if !setting::insert(tx, &new.setting).await? {
        return Ok(());
    }
    tx.insert_new(&new.authority).await?;
    for product in &new.products {
        product::insert(tx, product).await?;
    }
    for new in &new.cas {
        ca::insert(tx, new).await?;
    }
    for version in &new.profiles {
        profile::insert(tx, version).await?;
    }
    for (new, placed, in_use) in &new.directories {
        directory::insert(tx, new).await?;
        directory::set_cas(tx, &new.slug, std::slice::from_ref(placed)).await?;
        directory::set_profile(tx, in_use).await?;
    }
    for (offer, version) in &new.offers {
        tx.insert(offer).await?;
        tx.insert(version).await?;
    }
    version::raise_catalog(tx).await
}

fn rows(outside: &Outside) -> Result<Rows, SeedError> {
    let (now, random) = (outside.clock.now(), outside.random.as_ref());
    let seed = read()?;
    let authority = Authority {
        id: AuthorityId::generate(now, random),
        kind: seed.authority.kind,
        name: seed.authority.name,
        config: "{}".to_owned(),
        created_at: now,
    };
    let cas = hierarchies(outside, &seed.hierarchies)?;
    let profiles: Vec<_> = seed
        .profiles
        .iter()
        .map(|(name, config)| profile_version(outside, name, config, now))
        .collect::<Result<_, _>>()?;
    let directories = seed.directories.iter().map(|each| {
        let issuing = cas.get(&each.hierarchy).and_then(|cas| cas.last());
        let issuing = issuing.ok_or_else(|| SeedError::Missing(each.hierarchy.clone()))?;
        let profile = profiles.iter().find(|profile| profile.name == each.profile);
        let profile = profile.ok_or_else(|| SeedError::Missing(each.profile.clone()))?;
        Ok(directory_rows(each, issuing, profile, now))
    });
    let directories = directories.collect::<Result<_, SeedError>>()?;
    let offers = seed
        .offers
        .iter()
        .map(|each| offer_rows(outside, each, &authority, now));
    Ok(Rows {
        setting: Setting {
            name: SEEDED.to_owned(),
            value: now.to_string(),
        },
        offers: offers.collect::<Result<_, _>>()?,
        products: seed
            .products
            .into_iter()
            .map(|each| product_row(each, now))
            .collect(),
        cas: cas.into_values().flatten().collect(),
        authority,
        profiles,
        directories,
    })
}

fn read() -> Result<Seed, serde_json::Error> {
    serde_json::from_str(include_str!("seed.json"))
}

/// What the CA of the server's own certificates is called.
pub(super) fn server_ca(outside: &Outside) -> Result<CaName, CatalogError> {
    let seed = read().map_err(|error| CatalogError::Seed(error.to_string()))?;
    name_after(outside, &seed.server_ca)
}

/// A name of the seed: `{host}` stands for that of the server.
fn name_after(outside: &Outside, pattern: &str) -> Result<CaName, CatalogError> {
    let host = called(&outside.settings.acme_origin);
    Ok(CaName::private(&pattern.replace("{host}", host))?)
}

/// The root and the issuing CA of each hierarchy, with their keys sealed.
fn hierarchies(
    outside: &Outside,
    wanted: &BTreeMap<String, SeedHierarchy>,
) -> Result<BTreeMap<String, Vec<StoredCa>>, SeedError> {
    let made = wanted.iter().map(|(key, hierarchy)| {
        let new = make_hierarchy(outside, hierarchy)?;
        let now = outside.clock.now();
        let sealed = new.into_iter().map(|ca| seal(outside, ca, now));
        Ok((key.clone(), sealed.collect::<Result<Vec<_>, _>>()?))
    });
    made.collect()
}

fn make_hierarchy(outside: &Outside, wanted: &SeedHierarchy) -> Result<[NewCa; 2], SeedError> {
    let name = |pattern: &str| name_after(outside, pattern);
    let trust = Trust::parse(&wanted.trust);
    let trust = trust.ok_or_else(|| SeedError::Missing(wanted.trust.clone()))?;
    let root = make_root(
        outside,
        &name(&wanted.root)?,
        KeyAlgorithm::EcdsaP384,
        trust,
    )?;
    let parent = (root.new.id, &root.issuer);
    let policies = wanted
        .policies
        .iter()
        .map(|text| ObjectIdentifier::new(text));
    let plan = CaPlan {
        name: name(&wanted.issuing)?,
        algorithm: KeyAlgorithm::EcdsaP256,
        parent: Some(root.new.id),
        trust,
        policies: policies
            .collect::<Result<_, _>>()
            .map_err(|_| SeedError::Missing("policies".to_owned()))?,
    };
    let issuing = make_issuing(outside, parent, &plan)?;
    Ok([root.new, issuing])
}

fn product_row(product: SeedProduct, created_at: Timestamp) -> Product {
    Product {
        code: product.code,
        name: product.name,
        level: product.level,
        config: "{}".to_owned(),
        created_at,
        retired_at: None,
    }
}

fn profile_version(
    outside: &Outside,
    name: &str,
    config: &RawValue,
    created_at: Timestamp,
) -> Result<ProfileVersion, SeedError> {
    // Read and written again, so that it is stored as every other version is.
    let profile = pki::Profile::from_json(name, config.get()).map_err(CatalogError::from)?;
    Ok(ProfileVersion {
        id: ProfileVersionId::generate(created_at, outside.random.as_ref()),
        name: name.to_owned(),
        number: 1,
        config: profile.to_json(),
        created_at,
    })
}

fn directory_rows(
    seed: &SeedDirectory,
    issuing: &StoredCa,
    profile: &ProfileVersion,
    created_at: Timestamp,
) -> (Directory, DirectoryCa, DirectoryProfile) {
    let rules = DirectoryRules {
        production: seed.beside.clone(),
        ..DirectoryRules::default()
    };
    let directory = Directory {
        slug: seed.slug.clone(),
        product_code: seed.product.clone(),
        is_test: seed.beside.is_some(),
        config: rules.to_json(),
        created_at,
        retired_at: None,
    };
    let placed = DirectoryCa {
        directory: seed.slug.clone(),
        ca: issuing.id,
        position: 0,
    };
    let in_use = DirectoryProfile {
        directory: seed.slug.clone(),
        profile_name: profile.name.clone(),
        version: profile.id,
        is_default: true,
    };
    (directory, placed, in_use)
}

fn offer_rows(
    outside: &Outside,
    seed: &SeedOffer,
    authority: &Authority,
    created_at: Timestamp,
) -> Result<(Offer, OfferVersion), SeedError> {
    let random = outside.random.as_ref();
    let preset = Preset::named(&seed.preset);
    let preset = preset.ok_or_else(|| SeedError::Missing(seed.preset.clone()))?;
    let offer = Offer {
        id: OfferId::generate(created_at, random),
        seller: None,
        authority: authority.id,
        product_code: seed.product.clone(),
        slug: seed.slug.clone(),
        name: seed.name.clone(),
        created_at,
        retired_at: None,
    };
    let version = OfferVersion {
        id: OfferVersionId::generate(created_at, random),
        offer: offer.id,
        number: 1,
        policy_digest: digest_of(&preset.policy),
        policy: preset.policy.clone(),
        created_at,
        created_by: Actor::System,
    };
    Ok((offer, version))
}
