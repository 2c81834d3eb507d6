//! Reads the whole catalogue. CAs that an older picture has are not opened again: a key and a certificate never change.

use std::collections::HashMap;
use std::sync::Arc;

use base::CaId;
use enrollment::policy::Policy;
use pki::{Certificate, Issuer, Profile};
use store::catalog::ca::{self, Ca as Stored, Trust};
use store::catalog::directory::{self, DirectoryCa, DirectoryProfile};
use store::catalog::offer::{self, Offer, OfferVersion};
use store::catalog::profile::{self, ProfileVersion};
use store::catalog::version;
use store::{ReadTx, Scoped};

use super::ca::{crl_url, open};
use super::directory::read_rules;
use super::{
    Ca, Catalog, CatalogError, Directory, Placed, Role, SoldOffer, VersionedProfile, path,
};
use crate::caller::system;
use crate::outside::Outside;

/// How often it is read again while somebody changes it.
const TRIES: u32 = 16;

/// All rows, as they were at one version.
#[derive(Clone, Debug)]
struct Rows {
    before: i64,
    cas: Vec<Stored>,
    directories: Vec<directory::Directory>,
    placed: Vec<DirectoryCa>,
    in_use: Vec<DirectoryProfile>,
    profiles: Vec<ProfileVersion>,
    offers: Vec<Offer>,
    policies: Vec<OfferVersion>,
    after: i64,
}

/// Reads the catalogue as it is now.
pub(crate) async fn load(
    outside: &Outside,
    older: Option<&Catalog>,
) -> Result<Catalog, CatalogError> {
    let rows = read(outside.store.within(system("the catalogue"))).await?;
    let certificates = certificates(&rows.cas)?;
    let signers = signers(outside, &rows.cas, &certificates, older)?;
    let profiles = profiles(&rows.profiles)?;
    let directories = directories(outside, &rows, &signers, &profiles)?;
    let policies = policies(&rows.policies);
    Ok(Catalog {
        version: rows.before,
        offers: offers(&rows, &policies, &directories),
        directories,
        certificates,
        signers,
        profiles,
        policies: Arc::new(policies),
    })
}

/// Whoever changes something raises the version in the same transaction, so that what was read between two equal
/// versions belongs together.
async fn read(store: Scoped<'_>) -> Result<Rows, CatalogError> {
    for _ in 0..TRIES {
        let rows: Rows = store.scan((), read_rows).await?;
        if rows.before == rows.after {
            return Ok(rows);
        }
    }
    Err(CatalogError::Changing)
}

async fn read_rows(tx: &mut ReadTx, (): &()) -> Result<Rows, store::Error> {
    Ok(Rows {
        before: version::of_catalog(tx, &()).await?,
        cas: ca::all(tx, &()).await?,
        directories: directory::all(tx, &()).await?,
        placed: directory::cas(tx).await?,
        in_use: directory::profiles(tx).await?,
        profiles: profile::all(tx, &()).await?,
        offers: offer::all(tx).await?,
        policies: offer::versions(tx).await?,
        after: version::of_catalog(tx, &()).await?,
    })
}

/// The role of a CA; none of what this program does not know.
fn role(stored: &Stored) -> Option<Role> {
    Role::parse(&stored.kind)
}

fn certificates(stored: &[Stored]) -> Result<HashMap<CaId, Placed>, CatalogError> {
    let known = stored
        .iter()
        .filter(|ca| !matches!(role(ca), None | Some(Role::Alternate | Role::Server)));
    let parsed = known.map(|ca| {
        let placed = Placed {
            certificate: parse(ca)?,
            parent: ca.parent,
        };
        Ok((ca.id, placed))
    });
    parsed.collect()
}

fn parse(stored: &Stored) -> Result<Certificate, CatalogError> {
    Certificate::from_der(&stored.certificate)
        .map_err(|error| CatalogError::Issuer(stored.id, error.into()))
}

fn signers(
    outside: &Outside,
    stored: &[Stored],
    certificates: &HashMap<CaId, Placed>,
    older: Option<&Catalog>,
) -> Result<HashMap<CaId, Arc<Ca>>, CatalogError> {
    let with_key = stored
        .iter()
        .filter(|ca| ca.private_key.is_some() && certificates.contains_key(&ca.id));
    let opened = with_key.map(|ca| {
        let known = older.and_then(|older| older.signers.get(&ca.id));
        let issuer = match known {
            Some(known) => known.issuer.clone(),
            None => Arc::new(open(outside, ca)?),
        };
        let signer = Ca {
            id: ca.id,
            crl_url: crl_url(&outside.settings.pki_origin, ca.id),
            scope: role(ca).unwrap_or(Role::Issuing).scope(),
            trust: ca.trust,
            chains: chains(ca, &issuer, stored, certificates)?,
            issuer,
        };
        Ok((ca.id, Arc::new(signer)))
    });
    opened.collect()
}

/// The preferred chain by the parents, then one for each other certificate of the same CA.
fn chains(
    ca: &Stored,
    issuer: &Issuer,
    stored: &[Stored],
    certificates: &HashMap<CaId, Placed>,
) -> Result<Vec<String>, CatalogError> {
    let path = path(certificates, ca.id).into_iter();
    let preferred = path
        .filter(|each| !each.is_self_signed())
        .map(Certificate::der);
    let mut chains = vec![pki::pem::encode_chain(preferred)];
    let others = stored
        .iter()
        .filter(|other| role(other) == Some(Role::Alternate) && other.parent == Some(ca.id));
    for other in others.filter(|other| other.retired_at.is_none()) {
        let certificate = parse(other)?;
        let own = issuer.certificate();
        if certificate.subject_der() != own.subject_der() || certificate.key != own.key {
            return Err(CatalogError::Alternate(other.id));
        }
        chains.push(pki::pem::encode_chain([certificate.der()]));
    }
    Ok(chains)
}

fn profiles(
    stored: &[ProfileVersion],
) -> Result<HashMap<base::ProfileVersionId, Arc<VersionedProfile>>, CatalogError> {
    let read = |version: &ProfileVersion| {
        let profile = VersionedProfile {
            id: version.id,
            number: version.number,
            profile: Profile::from_json(&version.name, &version.config)?,
        };
        Ok((version.id, Arc::new(profile)))
    };
    stored.iter().map(read).collect()
}

fn policies(stored: &[OfferVersion]) -> HashMap<base::OfferVersionId, Arc<Policy>> {
    let known = stored.iter();
    known
        .map(|version| (version.id, Arc::new(version.policy.clone())))
        .collect()
}

/// The newest version of each offer that is sold and can be used.
fn offers(
    rows: &Rows,
    policies: &HashMap<base::OfferVersionId, Arc<Policy>>,
    directories: &HashMap<String, Arc<Directory>>,
) -> Vec<SoldOffer> {
    let sold = rows.offers.iter().filter(|each| each.retired_at.is_none());
    let newest = sold.filter_map(|offer| {
        let mut versions = rows.policies.iter().rev();
        let newest = versions.find(|version| version.offer == offer.id)?;
        let mut open = directories.values();
        let directory =
            open.find(|each| !each.is_test && each.product.as_str() == offer.product_code)?;
        Some(SoldOffer {
            slug: offer.slug.clone(),
            name: offer.name.clone(),
            product: directory.product.clone(),
            version: newest.id,
            policy: policies.get(&newest.id)?.clone(),
        })
    });
    newest.collect()
}

/// Those that are open and complete.
fn directories(
    outside: &Outside,
    rows: &Rows,
    signers: &HashMap<CaId, Arc<Ca>>,
    profiles: &HashMap<base::ProfileVersionId, Arc<VersionedProfile>>,
) -> Result<HashMap<String, Arc<Directory>>, CatalogError> {
    let mut found = HashMap::new();
    for stored in open_directories(rows) {
        let own = read_rules(stored)?;
        // A test directory follows the one that it stands beside, in all but its CA and who is let in.
        let leading = match &own.production {
            Some(production) => open_directories(rows).find(|each| each.slug == *production),
            None => Some(stored),
        };
        let issuing = issuing(rows, &stored.slug, signers);
        let profile = leading.and_then(|each| profile(rows, &each.slug, profiles));
        let (Some(leading), Some(issuing), Some(profile)) = (leading, issuing, profile) else {
            tracing::warn!(
                directory = stored.slug,
                "a directory without a CA that signs, a profile, or its production directory is closed"
            );
            continue;
        };
        let rules = own.beside(read_rules(leading)?);
        let parts = (rules, issuing.clone(), profile.clone());
        let directory = Directory::new(stored, parts, &outside.settings)?;
        if issuing.trust == Trust::Public && directory.meta.caa_identities.is_empty() {
            tracing::error!(
                directory = stored.slug,
                "a directory with a publicly trusted CA is closed until it has caa_identities: such a CA has to check \
                 CAA records; set them under [acme] or for the directory"
            );
            continue;
        }
        found.insert(stored.slug.clone(), Arc::new(directory));
    }
    Ok(found)
}

fn open_directories(rows: &Rows) -> impl Iterator<Item = &directory::Directory> {
    let all = rows.directories.iter();
    all.filter(|each| each.retired_at.is_none())
}

/// The first CA of a directory that signs.
fn issuing<'s>(
    rows: &Rows,
    slug: &str,
    signers: &'s HashMap<CaId, Arc<Ca>>,
) -> Option<&'s Arc<Ca>> {
    let is_active = |id: CaId| {
        let mut all = rows.cas.iter();
        all.any(|ca| ca.id == id && ca.retired_at.is_none())
    };
    let mut placed = rows.placed.iter().filter(|each| each.directory == slug);
    placed.find_map(|each| signers.get(&each.ca).filter(|_| is_active(each.ca)))
}

/// The version that a directory makes certificates by now.
fn profile<'p>(
    rows: &Rows,
    slug: &str,
    profiles: &'p HashMap<base::ProfileVersionId, Arc<VersionedProfile>>,
) -> Option<&'p Arc<VersionedProfile>> {
    let mut in_use = rows.in_use.iter().filter(|each| each.directory == slug);
    let in_use = in_use.find(|each| each.is_default)?;
    profiles.get(&in_use.version)
}
