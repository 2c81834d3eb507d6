//! The CA keys of this installation, opened: a root and the issuing CA below it. The private keys lie sealed in
//! the database.

use std::collections::HashMap;
use std::sync::Arc;

use base::{CaId, ProfileVersionId};
use pki::{Certificate, Issuer, Profile, SoftwareSigner};
use store::catalog::ca::{self, Ca as Stored};
use store::catalog::profile;
use store::seal::SealContext;

use crate::caller::system;
use crate::outside::Outside;

/// One CA, ready to sign.
pub struct Ca {
    /// Its identifier.
    pub id: CaId,
    /// Its key and certificate.
    pub issuer: Issuer,
    /// Where its CRL is served; certificates carry this text.
    pub crl_url: String,
}

/// The CAs of this installation. An imported root may have left its key at home.
pub struct Catalog {
    root_id: CaId,
    root: Certificate,
    root_ca: Option<Arc<Ca>>,
    issuing: Arc<Ca>,
    /// Further certificates of the issuing CA, each from another root.
    alternates: Vec<Certificate>,
    /// Every version of every profile: old intents keep theirs.
    profiles: HashMap<ProfileVersionId, Profile>,
    /// The version by which certificates are made now.
    profile: ProfileVersionId,
}

/// Why the CAs cannot be opened or made.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// An alternate certificate that could not stand in a chain.
    #[error("CA {0} is not an alternate: its name and key are not those of the issuing CA")]
    Alternate(CaId),
    /// The profile that certificates are made by is not stored.
    #[error(
        "the database has no version of the profile \"{0}\" that this program makes certificates by"
    )]
    NoProfile(String),
    /// A stored profile.
    #[error(transparent)]
    Profile(#[from] pki::ProfileError),
    /// There is a root without an issuing CA, or the other way round.
    #[error("the database holds {0} CA certificates of the kind \"{1}\"; one active one is needed")]
    Incomplete(usize, &'static str),
    /// A certificate and its key do not work together.
    #[error("CA {0} cannot be used")]
    Issuer(CaId, #[source] pki::IssuerError),
    /// A new CA cannot be called this.
    #[error("the CA cannot be named so")]
    Name(#[from] pki::NameError),
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

/// What a CA certificate is here for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Another certificate of the issuing CA, for clients that trust another root (RFC 8555 §7.4.2).
    Alternate,
    /// Signs subscribers' certificates.
    Issuing,
    /// Signs the issuing CA's certificate.
    Root,
    /// Signs certificates for the server's own names and nothing else; stands in no directory.
    Server,
}

impl Role {
    /// The word in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Alternate => "alternate",
            Self::Issuing => "issuing",
            Self::Root => "root",
            Self::Server => "server",
        }
    }
}

impl Catalog {
    /// Opens the CAs that are stored; `None` when there are none.
    pub async fn load(outside: &Outside) -> Result<Option<Self>, CatalogError> {
        let store = outside.store.within(system("the catalogue"));
        let stored: Vec<Stored> = store.read((), ca::all).await?;
        if stored.iter().all(|ca| ca.kind == Role::Server.as_str()) {
            return Ok(None);
        }
        let root = only(&stored, Role::Root)?;
        let root_ca = match root.private_key {
            Some(_) => Some(Arc::new(open(outside, root)?)),
            None => None,
        };
        let certificate = Certificate::from_der(&root.certificate)
            .map_err(|error| CatalogError::Issuer(root.id, error.into()))?;
        let issuing = open(outside, only(&stored, Role::Issuing)?)?;
        let versions = store.read((), profile::all).await?;
        Ok(Some(Self {
            root_id: root.id,
            root: certificate,
            root_ca,
            alternates: alternates(&stored, &issuing)?,
            issuing: Arc::new(issuing),
            profile: current(outside, &versions)?,
            profiles: profiles(&versions)?,
        }))
    }

    /// The CA that signs subscribers' certificates.
    pub fn issuing(&self) -> &Arc<Ca> {
        &self.issuing
    }

    /// The version by which certificates are made now.
    pub fn profile(&self) -> ProfileVersionId {
        self.profile
    }

    /// A version of a profile, new or old.
    pub fn profile_version(&self, id: ProfileVersionId) -> Option<&Profile> {
        self.profiles.get(&id)
    }

    /// The self-signed root.
    pub fn root(&self) -> &Certificate {
        &self.root
    }

    /// The certificate of the CA with this identifier.
    pub fn certificate(&self, id: CaId) -> Option<&Certificate> {
        if id == self.root_id {
            return Some(&self.root);
        }
        self.signer(id).map(|ca| ca.issuer.certificate())
    }

    /// The CA with this identifier, if it can sign here.
    pub fn signer(&self, id: CaId) -> Option<&Arc<Ca>> {
        self.signers().find(|ca| ca.id == id)
    }

    /// Every CA that signs here, and so has to publish a CRL.
    pub fn crl_signers(&self) -> impl Iterator<Item = CaId> {
        self.signers().map(|ca| ca.id)
    }

    fn signers(&self) -> impl Iterator<Item = &Arc<Ca>> {
        self.root_ca.iter().chain(std::iter::once(&self.issuing))
    }

    /// Whether this is the root.
    pub fn is_root(&self, id: CaId) -> bool {
        id == self.root_id
    }

    /// The chain that goes with a subscriber's certificate, PEM, without the root (RFC 8555 §7.4.2).
    pub fn chain_pem(&self, certificate: &[u8]) -> String {
        pki::pem::encode_chain([certificate, self.issuing.issuer.certificate().der()])
    }

    /// One of the chains by its number: 0 is the preferred one, the others lead to other roots.
    pub fn numbered_chain_pem(&self, certificate: &[u8], number: usize) -> Option<String> {
        let Some(alternate) = number.checked_sub(1) else {
            return Some(self.chain_pem(certificate));
        };
        let ca = self.alternates.get(alternate)?;
        Some(pki::pem::encode_chain([certificate, ca.der()]))
    }

    /// How many chains there are, at least one.
    pub fn chains(&self) -> usize {
        self.alternates.len().saturating_add(1)
    }
}

/// Where the CRL of a CA is served.
pub fn crl_url(pki_origin: &str, id: CaId) -> String {
    format!("{pki_origin}/crl/{}.crl", id.suffix())
}

/// Where the certificate of a CA is served, DER.
pub fn certificate_url(pki_origin: &str, id: CaId) -> String {
    format!("{pki_origin}/issuer/{}.der", id.suffix())
}

fn profiles(
    versions: &[profile::ProfileVersion],
) -> Result<HashMap<ProfileVersionId, Profile>, CatalogError> {
    let read = |version: &profile::ProfileVersion| {
        let profile = Profile::from_json(&version.name, &version.config)?;
        Ok((version.id, profile))
    };
    versions.iter().map(read).collect()
}

/// The newest version of the profile that this program makes certificates by.
fn current(
    outside: &Outside,
    versions: &[profile::ProfileVersion],
) -> Result<ProfileVersionId, CatalogError> {
    let wanted = &outside.settings.profile;
    let config = wanted.to_json();
    let newest = versions
        .iter()
        .rev()
        .find(|version| version.name == wanted.name && version.config == config);
    newest
        .map(|version| version.id)
        .ok_or_else(|| CatalogError::NoProfile(wanted.name.clone()))
}

fn active(stored: &[Stored], role: Role) -> impl Iterator<Item = &Stored> {
    let kind = role.as_str();
    let fits = move |ca: &&Stored| ca.kind == kind && ca.retired_at.is_none();
    stored.iter().filter(fits)
}

fn alternates(stored: &[Stored], issuing: &Ca) -> Result<Vec<Certificate>, CatalogError> {
    let own = issuing.issuer.certificate();
    let read = |stored: &Stored| {
        let certificate = Certificate::from_der(&stored.certificate)
            .map_err(|error| CatalogError::Issuer(stored.id, error.into()))?;
        let is_same = certificate.subject_der() == own.subject_der() && certificate.key == own.key;
        is_same
            .then_some(certificate)
            .ok_or(CatalogError::Alternate(stored.id))
    };
    active(stored, Role::Alternate).map(read).collect()
}

fn only(stored: &[Stored], role: Role) -> Result<&Stored, CatalogError> {
    let mut fitting = active(stored, role);
    let kind = role.as_str();
    match (fitting.next(), fitting.count()) {
        (Some(only), 0) => Ok(only),
        (None, _) => Err(CatalogError::Incomplete(0, kind)),
        (Some(_), more) => Err(CatalogError::Incomplete(more.saturating_add(1), kind)),
    }
}

/// Opens a CA with its key.
pub(crate) fn open(outside: &Outside, stored: &Stored) -> Result<Ca, CatalogError> {
    let row = stored.id.to_string();
    let key = outside
        .sealer
        .open(
            context(&row),
            stored.private_key.as_deref().unwrap_or_default(),
        )
        .map_err(|error| CatalogError::Seal(stored.id, error))?;
    let signer = SoftwareSigner::from_pkcs8(&key)?;
    let origin = &outside.settings.pki_origin;
    let issuer = Certificate::from_der(&stored.certificate)
        .map_err(pki::IssuerError::from)
        .and_then(|certificate| {
            Issuer::new(
                certificate,
                Arc::new(signer),
                certificate_url(origin, stored.id),
            )
        })
        .map_err(|error| CatalogError::Issuer(stored.id, error))?;
    Ok(Ca {
        id: stored.id,
        issuer,
        crl_url: crl_url(origin, stored.id),
    })
}

/// Where a CA key is sealed for; it belongs to the installation, not to a tenant.
pub(crate) fn context(row: &str) -> SealContext<'_> {
    SealContext {
        table: "ca",
        column: "private_key",
        row,
        tenant: "",
    }
}
