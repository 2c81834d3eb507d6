//! The catalogue as one picture that never changes: which directories there are, who signs in them, what their
//! certificates look like. A request keeps the picture that it began with; a change makes another one (`load`).

mod ca;
mod directory;
mod load;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use base::{CaId, DnsName, Identifier, OfferVersionId, ProfileVersionId, TenantId, Timestamp};
use enrollment::admission::Coverage;
use enrollment::policy::Policy;
use enrollment::subscription::ProductCode;
use pki::{Certificate, Level, Profile};
use store::catalog::offer::Policies;
use store::enrollment::order_facts::Asked;
use store::issuance::lineage;
use tenancy::certificate_type::CertificateType;

pub use self::ca::{Ca, Role, certificate_url, crl_url};
pub(crate) use self::ca::{context, open};
pub(crate) use self::directory::read_rules;
pub use self::directory::{Directory, DirectoryRules, KeyRules, RuleError};
pub(crate) use self::load::load;

/// What is sold and who signs, at one moment.
pub struct Catalog {
    /// How often the catalogue had been changed when this was read.
    version: i64,
    directories: HashMap<String, Arc<Directory>>,
    /// Every CA certificate but alternates.
    certificates: HashMap<CaId, Placed>,
    /// The CAs whose keys are here.
    signers: HashMap<CaId, Arc<Ca>>,
    /// Every version of every profile: old intents keep theirs.
    profiles: HashMap<ProfileVersionId, Arc<VersionedProfile>>,
    /// The policies of every version of every offer; what another node published just now may be missing.
    policies: Policies,
    /// In the order in which they were made.
    offers: Vec<SoldOffer>,
}

/// A CA certificate and who signed it.
struct Placed {
    certificate: Certificate,
    parent: Option<CaId>,
}

/// A version of a profile.
#[derive(Debug)]
pub struct VersionedProfile {
    /// What certificates carry.
    pub id: ProfileVersionId,
    /// From 1.
    pub number: i64,
    /// What certificates look like.
    pub profile: Profile,
}

/// An offer that is sold now.
#[derive(Clone, Debug)]
pub struct SoldOffer {
    /// Its name in commands and forms.
    pub slug: String,
    /// For people.
    pub name: String,
    /// What is issued.
    pub product: ProductCode,
    /// What subscriptions pin.
    pub version: OfferVersionId,
    /// What the version says.
    pub policy: Arc<Policy>,
}

/// Why the catalogue cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// An alternate certificate that could not stand in a chain.
    #[error("CA {0} is not an alternate: its name and key are not those of the issuing CA")]
    Alternate(CaId),
    /// Somebody changes the catalogue all the time.
    #[error("the catalogue was changed again and again while it was read")]
    Changing,
    /// The rules of a directory.
    #[error("the rules of directory {0} cannot be read")]
    Directory(String, #[source] serde_json::Error),
    /// A certificate and its key do not work together.
    #[error("CA {0} cannot be used")]
    Issuer(CaId, #[source] pki::IssuerError),
    /// A new CA cannot be called this.
    #[error("the CA cannot be named so")]
    Name(#[from] pki::NameError),
    /// What was made is not there.
    #[error("the database holds no CA of the kind \"{0}\"")]
    NoCa(&'static str),
    /// A stored profile.
    #[error(transparent)]
    Profile(#[from] pki::ProfileError),
    /// What this program brings along cannot be read.
    #[error("the data that a fresh database begins with cannot be read: {0}")]
    Seed(String),
    /// The private key cannot be opened with the present sealing key.
    #[error(
        "the private key of CA {0} cannot be opened; is this the sealing key that belongs to the database?"
    )]
    Seal(CaId, #[source] store::seal::SealError),
    /// A key could not be made or did not sign.
    #[error("a CA key failed")]
    Signer(#[from] pki::SignerError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Catalog {
    /// How often the catalogue had been changed when this was read.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The directory of this name.
    pub fn directory(&self, slug: &str) -> Option<&Arc<Directory>> {
        self.directories.get(slug)
    }

    /// Every directory that takes orders, in the order of their names.
    pub fn directories(&self) -> Vec<&Arc<Directory>> {
        let mut all: Vec<_> = self.directories.values().collect();
        all.sort_unstable_by(|one, other| one.slug.cmp(&other.slug));
        all
    }

    /// The production directory of a product, the first by name.
    pub fn of_product(&self, code: &str) -> Option<&Arc<Directory>> {
        self.all_of_product(code).next()
    }

    fn all_of_product(&self, code: &str) -> impl Iterator<Item = &Arc<Directory>> {
        let all = self.directories().into_iter();
        all.filter(move |each| !each.is_test && each.product.as_str() == code)
    }

    /// The profiles of production directories by which certificates of a type are issued.
    pub(crate) fn profiles_for(&self, kind: CertificateType) -> impl Iterator<Item = &Profile> {
        let all = self.directories().into_iter().filter(|each| !each.is_test);
        let profiles = all.map(|each| &each.profile.profile);
        profiles.filter(move |profile| certificate_type(profile.level) == Some(kind))
    }

    /// For which type of certificate an organization has to be validated before a product is issued; none where
    /// certificates name nobody.
    pub fn certificate_type(&self, product: &ProductCode) -> Option<CertificateType> {
        let directory = self.of_product(product.as_str())?;
        certificate_type(directory.profile.profile.level)
    }

    /// Why none of a product's directories takes an order for a name, whoever asks: in the words of the first.
    pub fn never_issued(&self, code: &str, name: &DnsName) -> Option<String> {
        let refusals = self
            .all_of_product(code)
            .map(|each| each.never_issues(name));
        let refusals: Option<Vec<_>> = refusals.collect();
        refusals?.into_iter().next()
    }

    /// The test directory beside a production directory.
    pub fn test_of(&self, slug: &str) -> Option<&Arc<Directory>> {
        let beside = |each: &&Arc<Directory>| each.production.as_deref() == Some(slug);
        self.directories().into_iter().find(beside)
    }

    /// What is sold, the oldest offer first.
    pub fn offers(&self) -> &[SoldOffer] {
        &self.offers
    }

    /// The offer of this name, if it is sold now.
    pub fn offer(&self, slug: &str) -> Option<&SoldOffer> {
        self.offers.iter().find(|each| each.slug == slug)
    }

    /// The policy of a version of an offer, new or old; what another node published just now may be missing.
    pub fn policy(&self, version: OfferVersionId) -> Option<&Arc<Policy>> {
        self.policies.get(&version)
    }

    /// A version of a profile, new or old.
    pub fn profile_version(&self, id: ProfileVersionId) -> Option<&Arc<VersionedProfile>> {
        self.profiles.get(&id)
    }

    /// How long the longest certificates are that any version of any profile has made.
    pub(crate) fn longest_validity(&self) -> Duration {
        let all = self.profiles.values();
        let longest = all.map(|each| each.profile.validity_seconds).max();
        Duration::from_secs(u64::try_from(longest.unwrap_or_default()).unwrap_or_default())
    }

    /// By what names that a tenant orders in a directory are admitted; they are sorted.
    pub(crate) fn asked(
        &self,
        directory: &Directory,
        (tenant, coverage): (TenantId, Coverage),
        names: &[Identifier],
        now: Timestamp,
    ) -> Asked {
        Asked {
            coverage,
            renewal_of: lineage::id_of(tenant, names),
            product: directory.product.clone(),
            certificate_type: certificate_type(directory.profile.profile.level),
            needs_proof: directory.needs_proof,
            takes_mail: directory.takes_mail(now),
            policies: self.policies.clone(),
            now,
        }
    }

    /// Whether proofs of domains by mail count anywhere at present.
    pub fn takes_mail(&self, now: Timestamp) -> bool {
        let mut all = self.directories.values();
        all.any(|directory| directory.takes_mail(now))
    }

    /// The policies that are known.
    pub(crate) fn policies(&self) -> Policies {
        self.policies.clone()
    }

    /// The certificate of the CA with this identifier.
    pub fn certificate(&self, id: CaId) -> Option<&Certificate> {
        self.certificates.get(&id).map(|placed| &placed.certificate)
    }

    /// The certificates from this CA up to its root, as far as they are known here.
    pub fn path(&self, id: CaId) -> Vec<&Certificate> {
        path(&self.certificates, id)
    }

    /// The roots whose certificates customers' programs have to trust, oldest first.
    pub fn roots(&self) -> Vec<&Certificate> {
        let mut ids: Vec<_> = self.certificates.keys().collect();
        ids.sort_unstable();
        let certificates = ids.into_iter().filter_map(|id| self.certificate(*id));
        certificates.filter(|each| each.is_self_signed()).collect()
    }

    /// The CA with this identifier, if it can sign here.
    pub fn signer(&self, id: CaId) -> Option<&Arc<Ca>> {
        self.signers.get(&id)
    }

    /// Every CA that signs here, and so has to publish a CRL, oldest first.
    pub fn crl_signers(&self) -> impl Iterator<Item = CaId> + use<> {
        let mut ids: Vec<_> = self.signers.keys().copied().collect();
        ids.sort_unstable();
        ids.into_iter()
    }
}

/// What has to be validated before certificates of a level are issued.
const fn certificate_type(level: Level) -> Option<CertificateType> {
    match level {
        Level::Domain => None,
        Level::Organization => Some(CertificateType::Ov),
        Level::Extended => Some(CertificateType::Ev),
        Level::Qualified => Some(CertificateType::Qwac),
    }
}

/// No path is longer than there are CAs, whatever the rows say.
fn path(certificates: &HashMap<CaId, Placed>, id: CaId) -> Vec<&Certificate> {
    let first = certificates.get(&id);
    let above = |placed: &&Placed| certificates.get(&placed.parent?);
    let path = std::iter::successors(first, above).take(certificates.len());
    path.map(|placed| &placed.certificate).collect()
}
