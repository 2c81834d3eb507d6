//! Makes a directory, gives it other CAs, another profile or other rules, or closes it.

use base::{CaId, Class, Refusal, Refuse, Timestamp};
use pki::Level;
use serde_json::json;
use store::audit::Entry;
use store::catalog::ca::{self, Ca, Trust};
use store::catalog::directory::{self, Directory, DirectoryCa, DirectoryProfile};
use store::catalog::product::{self, Product};
use store::catalog::profile::{self, ProfileVersion};
use store::{ReadTx, WriteTx};

use super::changed;
use super::reload::reload;
use crate::audit::{Document, Event, Text};
use crate::memory::catalog::{CatalogError, DirectoryRules, Role, RuleError, read_rules};
use crate::{App, Caller};

/// What to change; what is not given stays as it is.
#[derive(Clone, Debug, Default)]
pub struct DirectoryPlan {
    /// The last segment of its URL.
    pub slug: String,
    /// Makes the directory, for this product.
    pub product: Option<String>,
    /// Makes it a test directory beside this production directory.
    pub beside: Option<String>,
    /// Who signs, the first one now.
    pub cas: Vec<CaId>,
    /// What its certificates look like, by the newest version of this profile.
    pub profile: Option<String>,
    /// Rules as an operator types them.
    pub rules: Vec<(String, String)>,
    /// Closes it, or opens it again.
    pub is_closed: Option<bool>,
}

/// Why it stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ChangeDirectoryError {
    /// A publicly trusted CA has to check CAA records.
    #[error(
        "a publicly trusted CA has to check CAA records: say by which names they call it with --set \
         caa_identities=NAME, or for all directories under [acme] of the configuration"
    )]
    CaaIdentities,
    /// The CA cannot sign there.
    #[error(
        "there is no CA {0} here that signs certificates of subscribers; `chancery admin ca list` shows those that do"
    )]
    Ca(CaId),
    /// The catalogue could not be read.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// There is one.
    #[error(
        "there is a directory \"{0}\" already; change it with `chancery admin directory change`"
    )]
    Exists(String),
    /// A test directory has no rules and no profile of its own.
    #[error(
        "{slug} follows the profile and the rules of {production}; change them there (its own are its CAs, \
         external_account_required and joins)"
    )]
    Follows {
        /// The test directory.
        slug: String,
        /// The one that it stands beside.
        production: String,
    },
    /// It needs more to be made.
    #[error("a new directory needs a CA and a profile")]
    Incomplete,
    /// The CA is for other policies.
    #[error(
        "CA {0} is not for the policies of profile \"{1}\", so that its certificates would be good for nobody who asks for a \
         policy; `chancery admin ca show` prints it, `chancery admin ca create --policy` makes one that fits"
    )]
    Policies(CaId, String),
    /// The profile says more or less of the owner than the product.
    #[error(
        "profile \"{profile}\" is of the level {level}, and product \"{product}\" of the level {wanted}; give the directory \
         a profile of that level"
    )]
    Level {
        /// The profile.
        profile: String,
        /// Its level.
        level: Level,
        /// The directory's product.
        product: String,
        /// Its level.
        wanted: String,
    },
    /// There is none.
    #[error(
        "there is no directory \"{0}\"; `chancery admin directory list` shows those that there are"
    )]
    NotFound(String),
    /// There is no such product.
    #[error("there is no product \"{0}\"; make it with `chancery admin product create`")]
    Product(String),
    /// There is no such profile.
    #[error("there is no profile \"{0}\"; publish it with `chancery admin profile publish`")]
    Profile(String),
    /// The rules of the public web would be lifted where they hold.
    #[error(
        "a publicly trusted CA signs by profiles that keep the rules of the public web only; \"{0}\" lifts them"
    )]
    Public(String),
    /// A rule.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The name cannot be one.
    #[error("\"{0}\" cannot name a directory: use 1 to 32 letters, digits and hyphens")]
    Slug(String),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Its CA is believed where it must not be, or nowhere.
    #[error(
        "a test directory has CAs that are made for tests (`--trust test`), and no other directory has"
    )]
    Trust,
}

impl Refuse for ChangeDirectoryError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::CaaIdentities => Class::Invalid.because("directory_caa_identities", self),
            Self::Ca(_) => Class::NotFound.because("ca_not_found", self),
            Self::Catalog(error) => Refusal::internal(error),
            Self::Exists(_) => Class::Conflict.because("directory_exists", self),
            Self::Follows { .. } => Class::Invalid.because("directory_follows", self),
            Self::Incomplete => Class::Invalid.because("directory_incomplete", self),
            Self::Level { .. } => Class::Invalid.because("directory_level", self),
            Self::NotFound(_) => Class::NotFound.because("directory_not_found", self),
            Self::Policies(..) => Class::Invalid.because("directory_ca_policies", self),
            Self::Product(_) => Class::NotFound.because("product_not_found", self),
            Self::Profile(_) => Class::NotFound.because("profile_not_found", self),
            Self::Public(_) => Class::Conflict.because("profile_of_public_ca", self),
            Self::Rule(error) => error.refusal(),
            Self::Slug(_) => Class::Invalid.because("directory_name", self),
            Self::Store(error) => error.refusal(),
            Self::Trust => Class::Invalid.because("directory_ca_trust", self),
        }
    }
}

/// Makes or changes a directory, all of it at once.
pub async fn change_directory(
    app: &App,
    caller: &Caller,
    plan: DirectoryPlan,
) -> Result<Directory, ChangeDirectoryError> {
    check_slug(&plan.slug)?;
    let entry = changed::entry(app, caller, &event(&plan)).await?;
    let wish = Wish {
        now: app.now(),
        plan,
        identities: app.settings().meta.caa_identities.clone(),
        entry,
    };
    let changed = app.store(caller).decide(wish, load, decide, save).await?;
    reload(app).await?;
    Ok(changed)
}

fn event(plan: &DirectoryPlan) -> Event {
    let slug = Text::new(&plan.slug);
    let told = json!({ "product": plan.product, "beside": plan.beside, "cas": plan.cas,
        "profile": plan.profile, "rules": plan.rules, "closed": plan.is_closed });
    let told = Document::new(&told);
    if plan.product.is_some() {
        Event::DirectoryCreated { slug, plan: told }
    } else {
        Event::DirectoryChanged { slug, plan: told }
    }
}

fn check_slug(slug: &str) -> Result<(), ChangeDirectoryError> {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if slug.is_empty() || slug.len() > 32 || !slug.bytes().all(is_fit) {
        return Err(ChangeDirectoryError::Slug(slug.to_owned()));
    }
    Ok(())
}

struct Wish {
    plan: DirectoryPlan,
    /// The names by which CAA records call us in a directory that says no others.
    identities: Vec<String>,
    now: Timestamp,
    entry: Option<Entry>,
}

struct Facts {
    cas: Vec<Ca>,
    directories: Vec<Directory>,
    placed: Vec<DirectoryCa>,
    in_use: Vec<DirectoryProfile>,
    products: Vec<Product>,
    profiles: Vec<ProfileVersion>,
}

struct Decision {
    directory: Directory,
    is_new: bool,
    cas: Vec<DirectoryCa>,
    profile: DirectoryProfile,
    entry: Option<Entry>,
}

async fn load(tx: &mut ReadTx, _: &Wish) -> Result<Facts, store::Error> {
    Ok(Facts {
        cas: ca::all(tx, &()).await?,
        directories: directory::all(tx, &()).await?,
        placed: directory::cas(tx).await?,
        in_use: directory::profiles(tx).await?,
        products: product::all(tx, &()).await?,
        profiles: profile::all(tx, &()).await?,
    })
}

fn decide(wish: &Wish, facts: Facts) -> Result<Decision, ChangeDirectoryError> {
    let plan = &wish.plan;
    let mut directory = directory_of(wish, &facts)?;
    let mut rules = read_rules(&directory)?;
    check_follows(plan, rules.production.as_deref())?;
    for (key, text) in &plan.rules {
        rules = rules.with(key, text)?;
    }
    directory.config = rules.to_json();
    directory.retired_at = match plan.is_closed {
        Some(true) => Some(directory.retired_at.unwrap_or(wish.now)),
        Some(false) => None,
        None => directory.retired_at,
    };
    let cas = cas_of(&directory, plan, &facts)?;
    let (profile, version) = profile_of(&directory, plan, facts.profiles, &facts.in_use)?;
    let is_public = |placed: &DirectoryCa| {
        let mut all = facts.cas.iter();
        all.any(|ca| ca.id == placed.ca && ca.trust == Trust::Public)
    };
    let read = pki::Profile::from_json(&version.name, &version.config);
    let read = read.map_err(CatalogError::from)?;
    check_level(&directory, &facts.products, &read)?;
    // What stands there already is not in the way of another rule.
    if !plan.cas.is_empty() || plan.profile.is_some() {
        check_policies(&cas, &facts.cas, &read)?;
    }
    if read.trust != pki::ProfileTrust::Public && cas.iter().any(is_public) {
        return Err(ChangeDirectoryError::Public(version.name.clone()));
    }
    let is_open = directory.retired_at.is_none();
    if is_open && rules.identities(&wish.identities).is_empty() && cas.iter().any(is_public) {
        return Err(ChangeDirectoryError::CaaIdentities);
    }
    Ok(Decision {
        is_new: plan.product.is_some(),
        directory,
        cas,
        profile,
        entry: wish.entry.clone(),
    })
}

/// A certificate's policies are those of its CA too (RFC 5280 §6.1.3).
fn check_policies(
    placed: &[DirectoryCa],
    cas: &[Ca],
    profile: &pki::Profile,
) -> Result<(), ChangeDirectoryError> {
    for ca in cas
        .iter()
        .filter(|ca| placed.iter().any(|each| each.ca == ca.id))
    {
        let certificate = pki::Certificate::from_der(&ca.certificate)
            .map_err(|error| CatalogError::Issuer(ca.id, error.into()))?;
        if !certificate.allows_policies(&profile.policies) {
            return Err(ChangeDirectoryError::Policies(ca.id, profile.name.clone()));
        }
    }
    Ok(())
}

/// A product is sold by what is checked of the owner, so its certificates say just that.
fn check_level(
    directory: &Directory,
    products: &[Product],
    profile: &pki::Profile,
) -> Result<(), ChangeDirectoryError> {
    let mut products = products.iter();
    let product = products.find(|each| each.code == directory.product_code);
    match product.filter(|product| product.level != profile.level.as_str()) {
        Some(product) => Err(ChangeDirectoryError::Level {
            profile: profile.name.clone(),
            level: profile.level,
            product: product.code.clone(),
            wanted: product.level.clone(),
        }),
        None => Ok(()),
    }
}

/// What is set for a production directory holds beside it too.
fn check_follows(
    plan: &DirectoryPlan,
    production: Option<&str>,
) -> Result<(), ChangeDirectoryError> {
    let mut keys = plan.rules.iter().map(|(key, _)| key);
    let sets_more = plan.profile.is_some() || keys.any(|key| !DirectoryRules::is_own(key));
    match production.filter(|_| sets_more) {
        Some(production) => Err(ChangeDirectoryError::Follows {
            slug: plan.slug.clone(),
            production: production.to_owned(),
        }),
        None => Ok(()),
    }
}

/// The directory that there is, or a new one.
fn directory_of(wish: &Wish, facts: &Facts) -> Result<Directory, ChangeDirectoryError> {
    let plan = &wish.plan;
    let find = |slug: &str| facts.directories.iter().find(|each| each.slug == slug);
    let not_found = |slug: &str| ChangeDirectoryError::NotFound(slug.to_owned());
    let found = find(&plan.slug);
    let Some(code) = &plan.product else {
        return found.cloned().ok_or_else(|| not_found(&plan.slug));
    };
    // Clients write URLs by hand, and some file systems know no difference.
    let is_taken = |each: &Directory| each.slug.eq_ignore_ascii_case(&plan.slug);
    if facts.directories.iter().any(is_taken) {
        return Err(ChangeDirectoryError::Exists(plan.slug.clone()));
    }
    if facts.products.iter().all(|each| each.code != *code) {
        return Err(ChangeDirectoryError::Product(code.clone()));
    }
    if let Some(slug) = &plan.beside {
        let production = find(slug).filter(|each| !each.is_test && each.product_code == *code);
        production.ok_or_else(|| not_found(slug))?;
    }
    let rules = DirectoryRules {
        production: plan.beside.clone(),
        ..DirectoryRules::default()
    };
    Ok(Directory {
        slug: plan.slug.clone(),
        product_code: code.clone(),
        is_test: plan.beside.is_some(),
        config: rules.to_json(),
        created_at: wish.now,
        retired_at: None,
    })
}

/// The CAs that it is to have.
fn cas_of(
    directory: &Directory,
    plan: &DirectoryPlan,
    facts: &Facts,
) -> Result<Vec<DirectoryCa>, ChangeDirectoryError> {
    if plan.cas.is_empty() {
        let placed = facts
            .placed
            .iter()
            .filter(|each| each.directory == directory.slug);
        let placed: Vec<_> = placed.cloned().collect();
        return (!placed.is_empty())
            .then_some(placed)
            .ok_or(ChangeDirectoryError::Incomplete);
    }
    let place = |(position, id): (usize, &CaId)| {
        let can_sign = |ca: &&Ca| {
            ca.id == *id
                && Role::parse(&ca.kind) == Some(Role::Issuing)
                && ca.private_key.is_some()
                && ca.retired_at.is_none()
        };
        let ca = facts
            .cas
            .iter()
            .find(can_sign)
            .ok_or(ChangeDirectoryError::Ca(*id))?;
        if (ca.trust == Trust::Test) != directory.is_test {
            return Err(ChangeDirectoryError::Trust);
        }
        Ok(DirectoryCa {
            directory: directory.slug.clone(),
            ca: ca.id,
            position: i64::try_from(position).unwrap_or(i64::MAX),
        })
    };
    plan.cas.iter().enumerate().map(place).collect()
}

/// The profile that it is to have, in its newest version.
fn profile_of(
    directory: &Directory,
    plan: &DirectoryPlan,
    profiles: Vec<ProfileVersion>,
    in_use: &[DirectoryProfile],
) -> Result<(DirectoryProfile, ProfileVersion), ChangeDirectoryError> {
    let leading = plan.beside.as_ref().unwrap_or(&directory.slug);
    let mut present = in_use.iter().filter(|each| each.directory == *leading);
    let present = present
        .find(|each| each.is_default)
        .map(|each| each.profile_name.clone());
    let wanted = plan.profile.clone().or(present);
    let wanted = wanted.ok_or(ChangeDirectoryError::Incomplete)?;
    let newest = profiles.into_iter().rev().find(|each| each.name == wanted);
    let newest = newest.ok_or_else(|| ChangeDirectoryError::Profile(wanted.clone()))?;
    let profile = DirectoryProfile {
        directory: directory.slug.clone(),
        profile_name: wanted,
        version: newest.id,
        is_default: true,
    };
    Ok((profile, newest))
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Directory, store::Error> {
    let new = &decision.directory;
    if decision.is_new {
        tx.insert(new).await?;
    } else {
        directory::update(tx, new).await?;
    }
    directory::set_cas(tx, &new.slug, &decision.cas).await?;
    directory::set_profile(tx, &decision.profile).await?;
    changed::record(tx, decision.entry.as_ref()).await?;
    Ok(new.clone())
}
